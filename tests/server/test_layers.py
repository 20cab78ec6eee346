"""Models whose rate is not the output's, models that take each other's place, and performances taken up again."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from fakes import FakeDecoder, ListSink
from latentone.server.engine import Engine
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.layers import SWAP_S
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping

MODEL_HZ, OUT_HZ = 16000, 48000
HOME = [0.0] * 4


class Stage:
    """An engine whose sink has another rate than the model."""

    def __init__(self, rate_hz: int = OUT_HZ, block_samples: int = 256, voices: int = 1, **fake: Any) -> None:
        self.sink = ListSink(2)
        self.sink.sample_rate_hz = rate_hz
        self.voices = voices
        self.queue = EventQueue()
        self.decoder = FakeDecoder(**fake)
        self.engine = Engine(
            self.decoder,
            self.sink,
            self.mapping(),
            Levels(voices=voices),
            self.queue,
            block_samples=block_samples,
            seed=5,
        )

    def mapping(self, temperature: float = 0.0) -> Mapping:
        return Mapping(HOME, temperature=temperature, glide_s=0.0, voices=self.voices)

    def send(self, address: str, *values: float | str, at: int | None = None) -> None:
        assert self.queue.put(ControlEvent(address, values, at))

    def play(self, seconds: float, fading_out: bool = False) -> np.ndarray:
        """The left channel of all that was heard."""
        self.engine.run(threading.Event(), seconds, fading_out=fading_out)
        return self.sink.audio


def busy(stage: Stage, shift: int = 0) -> None:
    for index, at in enumerate(np.sort(np.random.default_rng(1).integers(0, 40000, 60)).tolist()):
        what = [
            ("/latent/0", index / 60),
            ("/voice/0/gate", float(index % 8 != 1)),
            ("/voice/1/gate", float(index % 8 != 5)),
            ("/gain_db", -float(index % 7)),
            ("/voice/1/latent/0", -index / 60),
            ("/voice/1/pan", index / 60),
            ("/glide_s", 0.01 * (index % 5)),
            ("/temperature", index / 200),
        ][index % 8]
        stage.send(*what, at=at + shift)


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000])
@pytest.mark.parametrize("block_samples", [1, 100, 4096])
@pytest.mark.parametrize("control_samples", [8, 64])
def test_the_block_size_is_not_heard_at_any_rate(rate_hz: int, block_samples: int, control_samples: int) -> None:
    heard = []
    for samples in (block_samples, 333):
        stage = Stage(rate_hz, samples, voices=2, control_samples=control_samples)
        busy(stage)
        stage.play(0.3)
        heard.append(stage.sink.both)
    assert np.abs(heard[0]).max() > 0.02
    np.testing.assert_array_equal(*heard)


@pytest.mark.parametrize("at", [4800, 4801, 5003])
def test_a_gain_moves_on_the_output_sample_that_its_event_names(at: int) -> None:
    stage = Stage(control_samples=64)
    stage.send("/latent/0", 1.0)
    stage.send("/gain_db", -12.0, at=at)
    heard = stage.play(0.2)
    assert heard[at - 1] == pytest.approx(0.5, abs=1e-4)
    assert np.flatnonzero(np.abs(heard - 0.5) > 2e-4)[-1] > at
    first = at - 1000 + int(np.flatnonzero(heard[at - 1000 :] < 0.4999)[0])
    assert abs(first - at) <= 1


@pytest.mark.parametrize("at", [4800, 5003, 6001])
def test_a_knob_is_heard_where_its_event_says_though_the_model_has_another_rate(at: int) -> None:
    """Half way up within a step of the model: resampling is looked ahead of, not waited for."""
    stage = Stage(control_samples=1)
    stage.send("/latent/0", 1.0, at=at)
    heard = stage.play(0.2)
    assert abs(int(np.flatnonzero(heard > 0.25)[0]) - at) <= OUT_HZ // MODEL_HZ


def test_the_other_model_takes_over_without_a_click_and_keeps_the_performers_hand() -> None:
    stage = Stage(control_samples=8)
    stage.send("/latent/0", 0.8)
    stage.send("/gain_db", -6.0206)
    heard_before = stage.play(0.2)[-1]
    layer = stage.engine.new_layer(FakeDecoder(), stage.mapping())
    stage.engine.layers.swap(layer)
    assert stage.engine.layers.swapping
    heard = stage.play(0.6)
    assert heard_before == pytest.approx(0.2, abs=1e-4)
    assert heard[-1] == pytest.approx(heard_before, abs=1e-6), "gain and knob are where they were"
    during = heard[round(0.2 * OUT_HZ) : round((0.2 + SWAP_S) * OUT_HZ)]
    assert during.max() == pytest.approx(0.2 * np.sqrt(2), abs=1e-3), "equal in power; these two sounds are one"
    assert np.abs(np.diff(during)).max() < 0.2 * np.pi / 2 / (SWAP_S * OUT_HZ) * 1.5
    assert not stage.engine.layers.swapping
    assert stage.engine.layer is layer


def test_a_swap_on_a_sample_does_not_depend_on_blocks() -> None:
    heard = []
    for block_samples in (64, 1000):
        stage = Stage(block_samples=block_samples)
        stage.send("/latent/0", 0.5)
        stage.send("/temperature", 0.4)
        stage.engine.layers.swap(stage.engine.new_layer(FakeDecoder(control_samples=8), stage.mapping(0.4)), 7001)
        stage.send("/latent/0", -0.5, at=7500)
        heard.append(stage.play(0.4))
    np.testing.assert_array_equal(*heard)


def test_what_was_said_for_later_is_obeyed_by_the_model_that_plays_then() -> None:
    stage = Stage()
    stage.send("/latent/0", 0.8, at=12000)
    stage.engine.layers.swap(stage.engine.new_layer(FakeDecoder(), stage.mapping()), 4800)
    heard = stage.play(0.5)
    assert np.abs(heard[:11000]).max() < 1e-3
    assert heard[-1] == pytest.approx(0.4, abs=1e-4)


def test_a_model_that_fails_is_not_heard_failing_while_another_comes() -> None:
    stage = Stage()
    stage.send("/latent/0", 0.5)
    stage.engine.layers.swap(stage.engine.new_layer(FakeDecoder(broken_calls=(3,)), stage.mapping()), 4800)
    heard = stage.play(0.5)
    assert np.all(np.isfinite(heard))
    assert np.abs(np.diff(heard)).max() < 0.01
    assert heard[-1] == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000])
def test_a_performance_goes_on_from_a_snapshot_bit_by_bit(rate_hz: int) -> None:
    """In the middle of glides, fades and a waking voice, at a sample that is nothing special."""
    first = Stage(rate_hz, 100, voices=2, control_samples=8)
    busy(first)
    start = 12345
    first.play(start / rate_hz)
    state, heard = first.engine.save(), []

    events: list[tuple[ControlEvent, int]] = []

    class Tap:
        def sound(self, audio: np.ndarray) -> None:
            heard.append(audio.copy())

        def event(self, event: ControlEvent, sample: int) -> None:
            events.append((event, sample))

    first.engine.tap = Tap()
    first.send("/latent/1", 0.7)
    first.send("/voice/1/gate", 1.0)
    first.play(1.0)

    second = Stage(rate_hz, 333, voices=2, control_samples=8)
    second.engine.load(state)
    second.engine.schedule(ControlEvent(event.address, event.values, sample - start) for event, sample in events)
    second.play(1.0 - start / rate_hz)
    np.testing.assert_array_equal(second.sink.both, np.concatenate(heard, axis=1))
