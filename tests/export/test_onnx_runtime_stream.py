"""A stream on ONNX Runtime plays what `decode` plays, byte for byte, whoever is silent and however blocks are cut.

A failure would be heard as clicks at the joints of blocks, as voices that change each other, or as memory that runs out.
Everything runs twice: on memory that NumPy and the session share, and through the copies that an accelerator needs.
"""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import feedforward
import numpy as np
import pytest
from latentone.export.onnx.parity import BLOCK_FRAMES
from latentone.export.runtime import State
from latentone.export.runtime.onnx import OnnxDecoder
from latentone.export.runtime.onnx_memory import CUDA, HOST, Device
from latentone.export.runtime.onnx_stream import KEPT_SHAPES, OnnxStream
from latentone.export.runtime.providers import PROVIDERS
from small import small_model
from test_parity import write as write_wavenet

COPIED = Device("cpu", is_host=False)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stream")
    write_wavenet(small_model(16), folder / "wavenet.onnx")
    return {"wavenet": folder / "wavenet.onnx", "feedforward": feedforward.write(folder / "feedforward.onnx")}


@pytest.fixture(params=[HOST, COPIED], ids=["shared", "copied"])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setitem(PROVIDERS, "cpu", replace(PROVIDERS["cpu"], device=request.param))
    return request.param


@pytest.fixture(params=["feedforward", "wavenet"])
def decoder(request: pytest.FixtureRequest, models: dict[str, Path], device: Device) -> OnnxDecoder:
    return OnnxDecoder(models[request.param], "cpu")


@pytest.fixture
def straight(models: dict[str, Path], device: Device) -> OnnxDecoder:
    return OnnxDecoder(models["feedforward"], "cpu")


class Player:
    """The same noise, latents and temperatures to a stream and to `decode`."""

    def __init__(self, decoder: OnnxDecoder, voices: int, seed: int = 0) -> None:
        self.decoder, self.voices = decoder, voices
        self.generator = np.random.default_rng(seed)
        self.temperature = np.linspace(0.5, 1.0, voices, dtype=np.float32)

    def block(self, frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """latents (voices, dim, frames), noise (voices, …) and audio (voices, channels, samples) full of sevens."""
        manifest = self.decoder.manifest
        latents = self.generator.normal(0, 0.5, (self.voices, len(manifest.latents), frames)).astype(np.float32)
        noise = self.generator.random((self.voices, frames * manifest.noise_per_frame), dtype=np.float32)
        audio = np.full((self.voices, manifest.channels, frames * manifest.hop_samples), 7, np.float32)
        return latents, noise, audio

    def both(self, stream: OnnxStream, state: State, frames: int, active: np.ndarray) -> State:
        """Play a block on both and compare audio and state; returns the state after it, of all voices."""
        latents, noise, audio = self.block(frames)
        stream.advance(latents, noise, self.temperature, active, audio)
        after = {name: tensor.copy() for name, tensor in state.items()}
        if active.any():
            before = {name: tensor[active] for name, tensor in state.items()}
            wanted, following = self.decoder.decode(latents[active], noise[active], self.temperature[active], before)
            np.testing.assert_array_equal(audio[active], wanted)
            for name in after:
                after[name][active] = following[name]
        assert (audio[~active] == 7).all()
        return after


def assert_same(one: State, other: State) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_latents_can_change_at_every_frame(decoder: OnnxDecoder) -> None:
    assert decoder.control_samples == decoder.manifest.hop_samples
    assert decoder.stream(2).voices == 2


def test_blocks_of_every_size_are_those_of_decode_to_the_byte(decoder: OnnxDecoder) -> None:
    player, stream = Player(decoder, 2), decoder.stream(2)
    everyone = np.ones(2, dtype=bool)
    state = decoder.initial_state(2)
    for frames in BLOCK_FRAMES:
        state = player.both(stream, state, frames, everyone)
    assert_same(stream.save(), state)


def test_silent_voices_stand_still_and_go_on_where_they_were(decoder: OnnxDecoder) -> None:
    player, stream = Player(decoder, 4), decoder.stream(4)
    state = decoder.initial_state(4)
    for voices in ([0], [0, 2], [0, 2], [2], [], [1, 3], [0, 1, 2, 3], [3]):
        active = np.isin(np.arange(4), voices)
        state = player.both(stream, state, 2, active)
        assert_same(stream.save(), state)


def test_a_voice_that_is_reset_starts_anew_and_the_others_do_not_notice(decoder: OnnxDecoder) -> None:
    player, stream = Player(decoder, 3), decoder.stream(3)
    active = np.array([True, True, False])
    state = player.both(stream, decoder.initial_state(3), 3, active)
    for voice in (1, 2):
        stream.reset(voice)
        for tensor in state.values():
            tensor[voice] = 0
        state = player.both(stream, state, 1, active)
        assert_same(stream.save(), state)


def test_a_saved_state_is_a_copy_and_can_be_played_again(decoder: OnnxDecoder) -> None:
    player, stream = Player(decoder, 2), decoder.stream(2)
    active = np.array([True, False])
    state = player.both(stream, decoder.initial_state(2), 3, active)
    saved = stream.save()
    player.both(stream, state, 2, active)
    assert_same(saved, state)
    other = decoder.stream(2)
    for playing in (stream, other):
        playing.load(saved)
        player.both(playing, state, 2, ~active)
    assert_same(saved, state)


def test_two_streams_of_a_decoder_do_not_meet(decoder: OnnxDecoder) -> None:
    player, one, other = Player(decoder, 1), decoder.stream(1), decoder.stream(1)
    active = np.ones(1, dtype=bool)
    first, second = decoder.initial_state(1), decoder.initial_state(1)
    for frames in (1, 2, 3):
        first = player.both(one, first, frames, active)
        second = player.both(other, second, frames, active)
        assert_same(one.save(), first)
        assert_same(other.save(), second)


def test_arrays_may_be_parts_of_larger_ones(decoder: OnnxDecoder) -> None:
    """The engine plays a piece of a block by slices, which are not contiguous."""
    player, stream = Player(decoder, 2), decoder.stream(2)
    latents, noise, audio = player.block(6)
    hop, per_frame = decoder.manifest.hop_samples, decoder.manifest.noise_per_frame
    for start, end in ((0, 2), (2, 6)):
        stream.advance(
            latents[:, :, start:end],
            noise[:, start * per_frame : end * per_frame],
            player.temperature,
            np.ones(2, dtype=bool),
            audio[:, :, start * hop : end * hop],
        )
    wanted, _ = decoder.decode(latents, noise, player.temperature, decoder.initial_state(2))
    np.testing.assert_allclose(audio, wanted, atol=1e-6)


def test_more_shapes_than_are_kept_still_play(straight: OnnxDecoder) -> None:
    player, stream = Player(straight, 1), straight.stream(1)
    state = straight.initial_state(1)
    for frames in [*range(1, 2 * KEPT_SHAPES), 1, 2]:
        state = player.both(stream, state, frames, np.ones(1, dtype=bool))
    assert len(stream._blocks) == KEPT_SHAPES


def test_a_concert_needs_no_more_memory_than_its_first_bars(straight: OnnxDecoder) -> None:
    player, stream = Player(straight, 2), straight.stream(2)
    blocks = [(player.block(frames), np.array(active)) for frames in (1, 2) for active in ([1, 1], [1, 0])]
    arguments = [(x, n, player.temperature, active.astype(bool), audio) for (x, n, audio), active in blocks]

    def play(times: int) -> int:
        """Every shape `times` times, steadily; bytes that Python and NumPy hold afterwards."""
        for these in arguments:
            for _ in range(times):
                stream.advance(*these)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        play(10)
        before = play(1)
        assert play(500) - before < 1024
    finally:
        tracemalloc.stop()


def test_memory_that_cannot_be_locked_is_plain_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = pytest.importorskip("numba.cuda")

    def fail(shape: object, dtype: object) -> None:
        raise MemoryError

    monkeypatch.setattr(cuda, "pinned_array", fail)
    np.testing.assert_array_equal(CUDA.zeros((2, 3), "float32"), np.zeros((2, 3), np.float32), strict=True)
    monkeypatch.setattr(cuda, "pinned_array", lambda shape, dtype: np.full(shape, 7, dtype))
    np.testing.assert_array_equal(CUDA.zeros((2, 3), "float32"), np.zeros((2, 3), np.float32), strict=True)
