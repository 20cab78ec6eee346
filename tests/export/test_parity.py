"""An exported decoder draws what PyTorch draws: a failure would be another instrument than the one that was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from latentone.export.calibrate import Calibration
from latentone.export.errors import LatentoneError
from latentone.export.manifest import LatentRecord, Manifest
from latentone.export.onnx import graph, parity, wavenet
from latentone.export.runtime.onnx import OnnxDecoder
from latentone.models.wavenet_vae.network import WaveNetVAE
from small import small_model


def write(model: WaveNetVAE, path: Path, speaker: int | None = None) -> tuple[OnnxDecoder, Calibration]:
    h = model.hyperparameters
    generator = np.random.default_rng(1)
    calibration = Calibration.fit(
        generator.normal(0.3, 1.0, (500, h.latents)) @ generator.normal(0, 1, (h.latents, h.latents))
    )
    manifest = Manifest(
        schema_version=1,
        kind="decoder",
        family="wavenet_vae",
        name="small",
        sample_rate_hz=h.sample_rate_hz,
        hop_samples=h.control_hop_samples,
        channels=1,
        latency_samples=model.decoder.latency_samples,
        noise_per_frame=h.control_hop_samples,
        latents=[LatentRecord(name=f"z{i}", mean=0, std=1, quantiles={}) for i in range(h.latents)],
        state=wavenet.state_records(model.decoder),
        network=h.to_dict(),
    )
    nodes = wavenet.decoder_graph(model.decoder, calibration.matrix, calibration.offset, speaker)
    graph.write(nodes, manifest, path)
    return OnnxDecoder(path), calibration


@pytest.mark.parametrize("bands", [1, 4, 8, 16])
def test_the_same_draws_over_blocks_of_every_size_with_carried_state(bands: int, tmp_path: Path) -> None:
    """From one frame to one second with 16 bands; fewer bands take more steps a second, so less of it has to do."""
    model = small_model(bands)
    decoder, calibration = write(model, tmp_path / "small.onnx")
    blocks = (1, 250 if bands == 16 else 3 * bands, *([1, 2] * 9))
    result = parity.check_decoder(model.decoder, calibration, decoder, blocks)
    assert len(blocks) >= 20
    assert result.draws == sum(blocks) * model.hyperparameters.control_hop_samples
    assert result.identical >= 0.999
    assert result.largest_error < 1e-5


@pytest.mark.parametrize("bands", [1, 8])
def test_the_logistic_head_draws_the_same_samples(bands: int, tmp_path: Path) -> None:
    model = small_model(bands, head="logistic")
    with torch.no_grad():
        model.decoder.output.weight.div_(4.0)
    decoder, calibration = write(model, tmp_path / "small.onnx")
    result = parity.check_decoder(model.decoder, calibration, decoder, (1,) * 20)
    assert result.draws == 20 * 64
    assert result.largest_error < 1e-5


def test_a_speaker_is_folded_in(tmp_path: Path) -> None:
    model = small_model(4, speakers=("a", "b"))
    decoder, calibration = write(model, tmp_path / "b.onnx", speaker=1)
    assert parity.check_decoder(model.decoder, calibration, decoder, (1, 4, 2), speaker=1).different == 0
    with pytest.raises(LatentoneError, match="no tie"):
        parity.check_decoder(model.decoder, calibration, decoder, (1, 4, 2), speaker=0)


def test_parity_notices_a_wrong_weight(tmp_path: Path) -> None:
    model = small_model(8)
    decoder, calibration = write(model, tmp_path / "small.onnx")
    with torch.no_grad():
        model.decoder.hidden.weight.mul_(1.02)
    with pytest.raises(LatentoneError, match="parity"):
        parity.check_decoder(model.decoder, calibration, decoder)


def test_blocks_of_any_size_sound_as_one_and_voices_do_not_mix(tmp_path: Path) -> None:
    model = small_model(8)
    decoder, _ = write(model, tmp_path / "small.onnx")
    generator = np.random.default_rng(0)
    frames, hop, voices = 40, 64, 3
    latents = generator.normal(0, 0.5, (voices, 4, frames)).astype(np.float32)
    noise = generator.random((voices, frames * hop), dtype=np.float32)
    heat = np.array([0.7, 0.9, 1.0], dtype=np.float32)
    whole, _ = decoder.decode(latents, noise, heat, decoder.initial_state(voices))
    state, parts, start = decoder.initial_state(voices), [], 0
    for size in (1, 2, 13, 1, 23):
        audio, state = decoder.decode(
            latents[:, :, start : start + size], noise[:, start * hop : (start + size) * hop], heat, state
        )
        parts.append(audio)
        start += size
    np.testing.assert_allclose(np.concatenate(parts, axis=2), whole, atol=1e-5)
    alone, _ = decoder.decode(latents[1:2], noise[1:2], heat[1:2], decoder.initial_state(1))
    np.testing.assert_allclose(alone[0], whole[1], atol=1e-5)
    assert np.abs(whole).max() <= 1
