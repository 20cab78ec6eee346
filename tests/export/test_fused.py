"""The fused kernel plays what ONNX Runtime plays: a failure would be heard as another instrument, or as a click."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from latentone.export.errors import LatentoneError
from latentone.export.onnx import parity
from latentone.export.runtime import POSITION, State
from latentone.export.runtime.fused import FusedDecoder
from latentone.export.runtime.fused.stream import FusedStream
from latentone.export.runtime.fused.tensors import NotFusable
from latentone.export.runtime.onnx import OnnxDecoder
from latentone.models.wavenet_vae.decoder import Decoder
from latentone.models.wavenet_vae.network import WaveNetVAE
from small import LATENTS, small_model
from test_parity import write

HOP = 64


def fused(path: Path, bands: int, head: str = "softmax", threads: int = 1, **others: int) -> FusedDecoder:
    write(quiet(bands, head, **others), path)
    return FusedDecoder(path, threads)


def quiet(bands: int, head: str, **others: int) -> WaveNetVAE:
    """A small model whose mixture stays within the samples' range."""
    model = small_model(bands, head=head, **others)
    if head == "logistic":
        with torch.no_grad():
            model.decoder.output.weight.div_(4.0)
    return model


def material(voices: int, frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latents, noise and temperatures of `frames` frames."""
    generator = np.random.default_rng(seed)
    latents = generator.normal(0, 0.5, (voices, LATENTS, frames)).astype(np.float32)
    noise = generator.random((voices, frames * HOP), dtype=np.float32)
    return latents, noise, np.linspace(0.8, 1.0, voices, dtype=np.float32)


def play(stream: FusedStream, latents: np.ndarray, noise: np.ndarray, heat: np.ndarray, sizes: list[int]) -> np.ndarray:
    """The whole of `noise`, in blocks of `sizes` samples over and over; audio (voices, samples)."""
    voices, samples = noise.shape
    everyone = np.ones(voices, bool)
    parts, start, turn = [], 0, 0
    while start < samples:
        end = min(start + sizes[turn % len(sizes)], samples)
        audio = np.zeros((voices, 1, end - start), np.float32)
        columns = np.ascontiguousarray(latents[:, :, start // HOP : -(-end // HOP)])
        stream.advance(columns, np.ascontiguousarray(noise[:, start:end]), heat, everyone, audio)
        parts.append(audio[:, 0])
        start, turn = end, turn + 1
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("head", ["softmax", "logistic"])
@pytest.mark.parametrize("bands", [1, 4, 8, 16])
def test_it_draws_what_pytorch_draws_over_20_blocks_of_carried_state(bands: int, head: str, tmp_path: Path) -> None:
    model = quiet(bands, head)
    _, calibration = write(model, tmp_path / "small.onnx")
    # Each tie plays its block again, and the logistic head has many: short blocks keep that quick.
    blocks = parity.BLOCK_FRAMES if head == "softmax" else (1,) * 20
    result = parity.check_decoder(model.decoder, calibration, FusedDecoder(tmp_path / "small.onnx"), blocks)
    assert len(blocks) == 20
    assert result.draws == sum(blocks) * HOP
    assert result.identical >= parity.MINIMUM_IDENTICAL[head]
    assert result.largest_error < 2e-6


def test_a_48_khz_model_draws_what_pytorch_draws(tmp_path: Path) -> None:
    model = small_model(16, sample_rate_hz=48000, latent_hop_samples=960)
    _, calibration = write(model, tmp_path / "small.onnx")
    decoder = FusedDecoder(tmp_path / "small.onnx")
    assert decoder.manifest.sample_rate_hz == 48000
    result = parity.check_decoder(model.decoder, calibration, decoder, (1, 20, 4, 15))
    assert result.identical >= 0.999


@pytest.mark.parametrize("head", ["softmax", "logistic"])
@pytest.mark.parametrize("bands", [1, 4, 8, 16])
def test_it_draws_what_onnx_runtime_draws_over_20_blocks_of_carried_state(
    bands: int, head: str, tmp_path: Path
) -> None:
    """All are equal or a tie, and of the 8-bit draws at least 99.9 % equal; a tie among 16-bit samples is less rare."""
    model = quiet(bands, head)
    reference, calibration = write(model, tmp_path / "small.onnx")
    decoder = FusedDecoder(tmp_path / "small.onnx")
    heat = np.ones(1, np.float32)
    state, draws, ties = reference.initial_state(1), 0, 0
    for turn, frames in enumerate(parity.BLOCK_FRAMES):
        latents, noise, _ = material(1, frames, seed=turn)
        raw = torch.tensor(calibration.matrix @ latents + calibration.offset[:, None], dtype=torch.float32)
        while True:
            ours, _, _ = decoder.decode_and_draw(latents, noise, heat, state)
            theirs, _, following = reference.decode_and_draw(latents, noise, heat, state)
            if np.array_equal(ours, theirs):
                break
            settle_tie(model.decoder, raw, noise, state, theirs, ours)
            ties += 1
        draws += ours.size
        state = following
    assert draws == sum(parity.BLOCK_FRAMES) * HOP
    assert 1 - ties / draws >= parity.MINIMUM_IDENTICAL[head]


@torch.inference_mode()
def settle_tie(
    decoder: Decoder, raw: torch.Tensor, noise: np.ndarray, state: State, theirs: np.ndarray, ours: np.ndarray
) -> None:
    """The first draw that differs must be a tie; its number in `noise` is replaced by one that leaves no doubt.

    What follows it has two pasts, so the block is to be played again. theirs and ours: draws (1, steps, bands) of the block
    that began in `state`, from latents raw (1, dim, frames).
    """
    head = decoder.head
    _, step, band = map(int, np.argwhere(theirs != ours)[0])
    codes = torch.tensor([[[head.code_of(float(value)) for value in step_values] for step_values in theirs[0]]])
    tensors = {name: torch.from_numpy(value) for name, value in state.items()}
    outputs = parity.outputs_at(decoder, raw, codes, tensors, None, step)[band]
    place = step * theirs.shape[2] + band
    code, other = int(codes[0, step, band]), head.code_of(float(ours[0, step, band]))
    assert head.is_tie(outputs, float(noise[0, place]), code, other), f"step {step}, band {band}: {code}, {other}"
    noise[0, place] = head.firm_uniform(outputs)


@pytest.mark.parametrize("bands", [1, 4, 16])
@pytest.mark.parametrize("head", ["softmax", "logistic"])
def test_blocks_from_one_step_to_a_second_sound_as_one(bands: int, head: str, tmp_path: Path) -> None:
    decoder = fused(tmp_path / "small.onnx", bands, head)
    latents, noise, heat = material(1, 250)
    whole = play(decoder.stream(1), latents, noise, heat, [16000])
    assert np.abs(whole).max() > 0.05
    for sizes in ([bands], [64], [3 * bands, 64, 5 * bands, 1024, bands]):
        np.testing.assert_array_equal(play(decoder.stream(1), latents, noise, heat, sizes), whole)


def test_a_state_goes_from_runtime_to_runtime(tmp_path: Path) -> None:
    decoder = fused(tmp_path / "small.onnx", 4)
    reference = OnnxDecoder(tmp_path / "small.onnx")
    latents, noise, heat = material(2, 30)

    def by_turns(*runtimes: FusedDecoder | OnnxDecoder) -> np.ndarray:
        state, parts = reference.initial_state(2), []
        for turn in range(6):
            frames, samples = slice(5 * turn, 5 * turn + 5), slice(5 * turn * HOP, (5 * turn + 5) * HOP)
            runtime = runtimes[turn % len(runtimes)]
            audio, state = runtime.decode(latents[:, :, frames], noise[:, samples], heat, state)
            parts.append(audio)
        return np.concatenate(parts, axis=2)

    np.testing.assert_allclose(by_turns(decoder, reference), by_turns(reference), atol=1e-5)


def test_a_state_saved_inside_a_frame_goes_on_there(tmp_path: Path) -> None:
    decoder = fused(tmp_path / "small.onnx", 4)
    latents, noise, heat = material(1, 12)
    whole = play(decoder.stream(1), latents, noise, heat, [12 * HOP])
    first, second = decoder.stream(1), decoder.stream(1)
    inside = 5 * HOP + 20
    play(first, latents[:, :, :6], noise[:, :inside], heat, [inside])
    state = first.save()
    assert state[POSITION].tolist() == [5]
    second.load(state)
    audio = np.zeros((1, 1, 12 * HOP - inside), np.float32)
    rest = np.ascontiguousarray(noise[:, inside:])
    second.advance(np.ascontiguousarray(latents[:, :, 5:]), rest, heat, np.ones(1, bool), audio)
    np.testing.assert_array_equal(audio[:, 0], whole[:, inside:])


def test_a_state_from_inside_a_frame_is_refused_where_only_frames_begin(tmp_path: Path) -> None:
    stream = fused(tmp_path / "small.onnx", 4).stream(1)
    latents, noise, heat = material(1, 2)
    play(stream, latents, noise[:, : HOP + 20], heat, [HOP + 20])
    reference = OnnxDecoder(tmp_path / "small.onnx")
    says = "saved 5 steps into a frame, and ONNX Runtime begins where frames do"
    with pytest.raises(LatentoneError, match=says):
        reference.stream(1).load(stream.save())
    with pytest.raises(LatentoneError, match=says):
        reference.decode(latents, noise, heat, stream.save())


def test_a_latent_changes_on_its_sample(tmp_path: Path) -> None:
    """In the middle of a frame, with one band: nothing before the sample moves, and the conditioning is another from it on."""
    decoder = fused(tmp_path / "small.onnx", 1)
    latents, noise, heat = material(1, 4)
    latents[:] = latents[:, :, :1]
    at = HOP + 21
    held = play(decoder.stream(1), latents, noise, heat, [4 * HOP])
    stream = decoder.stream(1)
    audio = play(stream, latents, noise[:, :at], heat, [at])
    moved = np.zeros((1, 1, 4 * HOP - at), np.float32)
    stream.advance(latents[:, :, 1:] + 2.0, np.ascontiguousarray(noise[:, at:]), heat, np.ones(1, bool), moved)
    joined = np.concatenate([audio, moved[:, 0]], axis=1)
    np.testing.assert_array_equal(joined[:, :at], held[:, :at])
    first = int(np.flatnonzero(joined[0] != held[0])[0])
    assert at <= first < at + 10


def test_the_block_loop_allocates_nothing_that_grows(tmp_path: Path) -> None:
    decoder = fused(tmp_path / "small.onnx", 16)
    latents, noise, heat = material(2, 1)
    stream, audio, active = decoder.stream(2), np.zeros((2, 1, HOP), np.float32), np.ones(2, bool)
    stream.advance(latents, noise, heat, active, audio)
    tracemalloc.start()
    try:
        for _ in range(10):
            stream.advance(latents, noise, heat, active, audio)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2000):
            stream.advance(latents, noise, heat, active, audio)
        assert tracemalloc.get_traced_memory()[0] - before < 1024
    finally:
        tracemalloc.stop()


def test_another_graph_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    write(small_model(4), path)
    model = onnx.load_model(path)

    def refused(change: str) -> str:
        broken = tmp_path / "other.onnx"
        broken.write_bytes(model.SerializeToString())
        with pytest.raises(NotFusable) as caught:
            FusedDecoder(broken)
        return f"{change}: {caught.value}"

    tensor = next(t for t in model.graph.initializer if t.name == "project.bias")
    tensor.name = "renamed"
    assert "no tensor project.bias" in refused("renamed tensor")
    tensor.name = "project.bias"
    model.graph.node.add(op_type="Tanh", input=["audio"], output=["louder"])
    assert "11 Tanh nodes where a WaveNet of 10 layers has 10" in refused("another operator")
    del model.graph.node[-1]
    entry = next(e for e in model.metadata_props if e.key == "latentone.manifest")
    entry.value = entry.value.replace('"family":"wavenet_vae"', '"family":"rave"')
    assert "rave decoder" in refused("another family")


@pytest.mark.parametrize("content", [None, b"", b"not a model", "cut"])
def test_a_file_that_cannot_be_read_is_one_clear_line(content: bytes | str | None, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    if content == "cut":
        write(small_model(4), path)
        path.write_bytes(path.read_bytes()[:-5000])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(LatentoneError) as caught:
        FusedDecoder(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
