"""Several voices: each as it is alone, none stepping when it comes, goes or moves, and a silent one costing nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
from fakes import FakeDecoder, write_fake_model
from latentone.export.runtime import Decoder
from latentone.export.runtime.fused import FusedDecoder
from latentone.export.runtime.load import SHIPPED_MODELS, load_decoder
from latentone.server.addresses import Namespace
from latentone.server.events import ControlEvent
from latentone.server.mapping import Mapping
from latentone.server.motion import IdleMotion
from latentone.server.voices import Voices
from rig import HOP, RATE_HZ, Rig

GATE = RATE_HZ // 100  # 10 ms


def duo(first: bool = True, second: bool = True, **options: object) -> np.ndarray:
    """A second of two voices that move independently, or of one of them; (channels, samples)."""
    rig = Rig(FakeDecoder(control_samples=1), glide_s=0.03, **{"voices": 2, **options})
    rig.send("/voice/0/gate", first, at_sample=0)
    rig.send("/temperature", 0.2)
    rig.send("/voice/0/latent/0", 0.9, at_sample=1001)
    rig.send("/voice/0/temperature", 0.1, at_sample=5005)
    if second:
        rig.send("/voice/1/gate", 1, at_sample=3003)
        rig.send("/voice/1/latent/0", -0.6, at_sample=3003)
        rig.send("/voice/1/pan", 0.7, at_sample=4321)
        rig.send("/voice/1/gate", 0, at_sample=7000)
        rig.send("/voice/1/gate", 1, at_sample=7100)
        rig.send("/voice/1/gain_db", -90, at_sample=9000)
        rig.send("/voice/1/latent/0", 0.3, at_sample=10000)
        rig.send("/voice/1/gain_db", -6, at_sample=11000)
    rig.play(1.0)
    return rig.sink.both


def test_two_voices_are_the_sum_of_each_alone() -> None:
    np.testing.assert_allclose(duo(), duo(second=False) + duo(first=False), atol=2e-7)


def test_the_first_voice_of_several_is_the_single_voice_of_one() -> None:
    """Same seed, same noise: a second voice that is shut changes nothing, in either channel."""
    alone, one_of_two = duo(second=False, voices=1), duo(second=False)
    assert (alone.shape[0], one_of_two.shape[0]) == (1, 2)
    np.testing.assert_array_equal(one_of_two, np.repeat(alone, 2, axis=0))


@pytest.mark.parametrize("block_samples", [1, 100, 16000])
def test_the_block_size_is_not_heard_in_voices_that_come_and_go(block_samples: int) -> None:
    np.testing.assert_array_equal(duo(block_samples=block_samples), duo())


def test_voices_draw_noise_of_their_own() -> None:
    rig = Rig(voices=2)
    rig.send("/temperature", 1.0)
    rig.send("/voice/1/gate", 1)
    rig.send("/voice/0/pan", -1)
    rig.send("/voice/1/pan", 1)
    rig.play(0.5)
    left, right = rig.sink.both
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.1


def test_two_voices_of_a_model_on_onnx_runtime_are_the_sum_of_each_alone(tmp_path) -> None:
    decoder = load_decoder(write_fake_model(tmp_path / "fake.onnx"))

    def heard(*voices: int) -> np.ndarray:
        rig = Rig(decoder, voices=2)
        rig.send("/temperature", 0.3)
        for voice in (0, 1):
            rig.send(f"/voice/{voice}/latent/0", 0.5 * (1 - voice), at_sample=500)
            rig.send(f"/voice/{voice}/gate", voice in voices, at_sample=voice * 1000)
        rig.play(0.3)
        return rig.sink.both

    np.testing.assert_allclose(heard(0, 1), heard(0) + heard(1), atol=1e-6)


def test_a_silent_voice_is_not_decoded() -> None:
    decoder = FakeDecoder(control_samples=1)
    rig = Rig(decoder, voices=3)
    rig.send("/voice/1/gate", 1, at_sample=1000)
    rig.send("/voice/1/gate", 0, at_sample=2000)
    rig.send("/voice/0/gain_db", -90, at_sample=3000)
    rig.play(0.5)
    assert decoder.streams[0].played_samples.tolist() == [3000 + GATE, 1000 + GATE, 0]
    assert rig.engine.status().voices == 0


def test_a_voice_goes_on_where_it_was_when_it_fell_silent() -> None:
    """Its noise is by what it has played itself, so a rest of any length changes nothing of what follows."""

    def after_a_rest_of(samples: int) -> np.ndarray:
        rig = Rig(FakeDecoder(control_samples=1))
        rig.send("/temperature", 0.5)
        rig.send("/voice/0/gate", 0, at_sample=1000)
        rig.send("/voice/0/gate", 1, at_sample=1000 + samples)
        return rig.play(0.5)[1000 + samples : 4000 + samples]

    np.testing.assert_array_equal(after_a_rest_of(500), after_a_rest_of(1234))


def test_a_voice_starts_where_its_knobs_are() -> None:
    """A note that began with a glide from where the voice was left would be another note each time."""
    rig = Rig(FakeDecoder(control_samples=1), glide_s=5.0, voices=2)
    rig.send("/voice/0/gate", 0, at_sample=0)
    rig.send("/voice/1/latent/0", 0.8, at_sample=2000)
    rig.send("/voice/1/gate", 1, at_sample=2000)
    heard = rig.play(0.5)
    assert np.all(heard[:2000] == 0)
    np.testing.assert_allclose(heard[2000 + GATE : -HOP], 0.4)


@pytest.mark.parametrize("at_sample", [640, 651])
def test_a_gate_opens_and_closes_in_a_straight_line(at_sample: int) -> None:
    rig = Rig(FakeDecoder(control_samples=1), voices=2)
    rig.send("/latent/0", 1.0)
    rig.send("/voice/0/gate", 0, at_sample=at_sample)
    rig.send("/voice/0/gate", 1, at_sample=3000)
    heard = rig.play(0.3)
    line = np.arange(1, GATE + 1) / GATE
    np.testing.assert_allclose(heard[at_sample : at_sample + GATE], 0.5 * (1 - line), atol=1e-6)
    np.testing.assert_allclose(heard[3000 : 3000 + GATE], 0.5 * line, atol=1e-6)
    assert np.all(heard[at_sample + GATE : 3000] == 0)


def test_gates_gains_and_places_never_step() -> None:
    """Whatever is sent, and however fast: a step is a click."""
    random = np.random.default_rng(0)
    rig = Rig(FakeDecoder(control_samples=1), voices=2)
    rig.send("/latent/0", 1.0)
    for sample in np.sort(random.integers(0, 8000, 200)).tolist():
        what = random.choice(["gate", "pan", "gain_db"])
        value = {"gate": random.integers(2), "pan": random.uniform(-1, 1), "gain_db": random.choice([-90, -20, 0])}[
            what
        ]
        rig.send(f"/voice/{random.integers(2)}/{what}", float(value), at_sample=sample)
    rig.play(0.6)
    steepest = 0.5 * np.sqrt(2) / HOP  # of a voice: the whole way in a frame
    assert np.abs(np.diff(rig.sink.both, prepend=0)).max() <= 3 * steepest


def test_a_voice_moves_between_left_and_right_at_one_power() -> None:
    for pan in np.linspace(-1, 1, 9):
        rig = Rig(voices=2)
        rig.send("/latent/0", 1.0)
        rig.send("/voice/0/pan", pan)
        rig.play(0.1)
        left, right = rig.sink.both[:, 1000]
        assert left**2 + right**2 == pytest.approx(2 * 0.5**2)
        assert (right > left) == (pan > 0.01)
        assert abs(pan) < 1 or min(left, right) == pytest.approx(0, abs=1e-6)


def test_in_the_middle_a_voice_is_as_loud_as_alone() -> None:
    rig = Rig(voices=2)
    rig.send("/latent/0", 1.0)
    rig.play(0.1)
    np.testing.assert_array_equal(rig.sink.both[:, 1000], [0.5, 0.5])


@pytest.mark.parametrize(
    ("model_channels", "voices", "channels"), [(1, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 2), (4, 2, 4)]
)
def test_one_voice_keeps_the_models_channels_and_several_are_stereo_at_least(
    model_channels: int, voices: int, channels: int
) -> None:
    rig = Rig(FakeDecoder(channels=model_channels), voices=voices)
    rig.send("/latent/0", 1.0)
    rig.send("/voice/0/pan", 1.0)
    rig.play(0.1)
    assert rig.sink.both.shape[0] == channels
    panned = [0.0, 0.5 * np.sqrt(2)]
    np.testing.assert_allclose(rig.sink.both[:, 1000], panned if channels == 2 else [0.5] * channels, atol=1e-6)


def test_a_pattern_plays_all_voices_at_once() -> None:
    rig = Rig(FakeDecoder(control_samples=1), voices=4)
    for command in Namespace(rig.decoder.manifest.latent_names, 4).parse("/voice/*/gate", [1]):
        rig.queue.put(ControlEvent(command.address, command.values, 1000))
    for command in Namespace(rig.decoder.manifest.latent_names, 4).parse("/voice/[1-2]/latent/0", [0.5]):
        rig.queue.put(ControlEvent(command.address, command.values, 1000))
    heard = rig.play(0.2)
    assert heard[2000] == pytest.approx(2 * 0.25)
    assert rig.engine.status().voices == 4


@pytest.mark.parametrize("fault", ["broken_calls", "nan_calls"])
def test_a_fault_takes_every_voice_back_to_its_beginning(fault: str) -> None:
    decoder = FakeDecoder(**{fault: (4,)})  # pyright: ignore[reportArgumentType]
    rig = Rig(decoder, voices=2)
    rig.send("/latent/0", 0.5)
    rig.send("/voice/1/gate", 1)
    heard = rig.play(0.2)
    assert np.all(np.isfinite(rig.sink.both))
    assert np.abs(np.diff(rig.sink.both)).max() <= 0.5 / HOP + 1e-6
    assert heard[-2 * HOP] == pytest.approx(0.5)
    assert decoder.streams[0].resets.tolist() == [1, 1]
    assert rig.engine.status().faults == 1


def test_panic_leaves_one_voice_as_it_was() -> None:
    rig = Rig(voices=2)
    rig.send("/voice/1/gate", 1)
    rig.send("/voice/0/pan", 1.0)
    rig.send("/latent/0", 1.0)
    rig.send("/panic", at_sample=RATE_HZ // 10)
    rig.play(0.2)
    assert rig.engine.status().voices == 1
    np.testing.assert_allclose(rig.sink.both[:, -500], 0.0)


def shipped() -> Decoder:
    return FusedDecoder(SHIPPED_MODELS / "voice.onnx")


@pytest.mark.parametrize(("make", "stop"), [(FakeDecoder, 20 * HOP), (shipped, 20 * HOP), (shipped, 20 * HOP + 24)])
def test_a_saved_session_goes_on_bit_by_bit_in_fresh_voices(make: Callable[[], Decoder], stop: int) -> None:
    """A recording can be rendered again from the middle of a concert; the fused runtime can even inside of a frame."""
    active = np.array([True, True, False])

    def begin() -> tuple[Mapping, Voices]:
        home = [0.0] * len(decoder.manifest.latents)
        mapping = Mapping(home, temperature=0.7, glide_s=0.1, voices=3)
        return mapping, Voices(decoder, mapping, active, 40, 5, IdleMotion(len(home)))

    def go_on(mapping: Mapping, voices: Voices) -> np.ndarray:
        """On from `stop` to a later frame, a knob turned on the way; (voices, channels, samples)."""
        voices.follow(stop)
        first = voices.play(stop, 4 * HOP - stop % HOP).copy()
        mapping.apply(ControlEvent("/latent/0", (-0.5,)))
        voices.follow(stop + first.shape[2])
        return np.concatenate([first, voices.play(stop + first.shape[2], 20 * HOP)], axis=2)[active]

    decoder = make()
    mapping, voices = begin()
    for address, *values in [
        ("/voice/1/latent/0", 0.9),
        ("/motion/walk/1", 3.0, 0.5),
        ("/motion/lfo/0", 2.0, 0.5, "saw", "beat"),
        ("/glide_curve", "linear"),
        ("/latent/2", 0.5),
    ]:
        mapping.apply(ControlEvent(address, tuple(values)))
    voices.follow(0)
    voices.play(0, stop)
    saved = copy.deepcopy((mapping.save(), voices.save()))
    expected = go_on(mapping, voices)

    mapping, voices = begin()
    mapping.load(saved[0])
    voices.load(saved[1])
    np.testing.assert_array_equal(go_on(mapping, voices), expected)
    assert np.abs(expected).max() > 0


def test_a_saved_session_that_drifts_drifts_on() -> None:
    def begin() -> tuple[Mapping, Voices]:
        mapping = Mapping([0.1] * 4, temperature=0.0, glide_s=0.1)
        return mapping, Voices(FakeDecoder(), mapping, np.ones(1, dtype=bool), 40, 0, IdleMotion(4))

    def go(voices: Voices, sample: int) -> np.ndarray:
        voices.follow(sample)
        return voices.play(sample, 40 * HOP).copy()

    (mapping, voices), (again, fresh) = begin(), begin()
    go(voices, 0)
    again.load(mapping.save())
    fresh.load(voices.save())
    np.testing.assert_array_equal(go(voices, 40 * HOP), go(fresh, 40 * HOP))
    assert fresh.idling
