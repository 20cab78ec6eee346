"""A checkpoint becomes an instrument that says what it is; a broken file becomes one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from latentone.export import evaluate
from latentone.export.calibrate import Calibration, knob_names
from latentone.export.coupling.cloud import CLOUD_KEY, audio_cloud, sounding, store
from latentone.export.coupling.recordings import encode
from latentone.export.errors import LatentoneError
from latentone.export.export import Exported
from latentone.export.manifest import METADATA_KEY, Manifest
from latentone.export.runtime.load import load_decoder, load_encoder
from latentone.models import audio_files
from latentone.models.wavenet_vae import data, network
from small import LATENTS


def test_the_manifest_inside_says_what_a_player_needs(exported: Exported) -> None:
    manifest = load_decoder(exported.decoder).manifest
    assert (manifest.kind, manifest.sample_rate_hz, manifest.hop_samples, manifest.channels) == (
        "decoder",
        16000,
        64,
        1,
    )
    assert manifest.latency_samples == 127
    assert manifest.trained_on["licence"] == "CC0"
    assert len(manifest.latents) == LATENTS == len({latent.name for latent in manifest.latents})
    for latent in manifest.latents:
        assert latent.quantiles["0.025"] == pytest.approx(-1.0, abs=0.01)
        assert latent.quantiles["0.975"] == pytest.approx(1.0, abs=0.01)
        assert -1.0 <= latent.home <= 1.0
        assert set(latent.heard) == {"rms", "centroid", "flatness", "f0"}
    assert len(exported.decoder_parity) == 2
    assert all(proof.identical >= 0.999 for proof in exported.decoder_parity.values())
    assert exported.encoder_error < 1e-4


def test_plain_onnx_runtime_needs_no_operator_of_ours(exported: Exported) -> None:
    model = onnx.load(exported.decoder)
    assert {domain.domain for domain in model.opset_import} <= {"", "ai.onnx"}


def test_the_encoder_hears_recordings_in_the_decoders_own_knobs(
    exported: Exported, checkpoint: Path, recordings: Path
) -> None:
    encoder = load_encoder(exported.encoder)
    audio = audio_files.load(sorted(recordings.iterdir())[0], 16000)
    knobs = encoder.encode(audio[None])
    assert knobs.shape == (1, LATENTS, -(-len(audio) // 320))
    model, _ = network.load(checkpoint)
    with torch.inference_mode():
        raw = model.encoder.encode(torch.from_numpy(data.whole_latents(audio, model.hyperparameters))[None])[0].numpy()
    # The knobs lead back to the raw latents through the matrix that is folded into the decoder's graph.
    constants = {c.name: onnx.numpy_helper.to_array(c) for c in onnx.load(exported.decoder).graph.initializer}
    back = constants["calibration.matrix"] @ knobs[0] + constants["calibration.offset"]
    np.testing.assert_allclose(back, raw, atol=1e-3)


def test_the_encoder_file_computes_its_fourier_basis(exported: Exported, checkpoint: Path) -> None:
    """As a tensor it would outweigh the network; that it hears the same is what parity shows."""
    model, _ = network.load(checkpoint)
    basis = model.encoder.mfcc.mel.basis
    tensors = onnx.load(exported.encoder).graph.initializer
    assert max(np.prod(tensor.dims) for tensor in tensors) < basis.numel() / 4
    weights = sum(tensor.numel() for tensor in model.encoder.state_dict().values())
    assert exported.encoder.stat().st_size < 1.2 * 4 * weights


def test_knobs_are_principal_axes_in_order_and_their_range_holds_95_percent() -> None:
    generator = np.random.default_rng(0)
    raw = generator.normal(0, [3.0, 1.0, 0.2], (20000, 3)) @ np.linalg.qr(generator.normal(0, 1, (3, 3)))[0] + 5.0
    calibration = Calibration.fit(raw)
    lengths = np.linalg.norm(calibration.matrix, axis=0)
    assert list(lengths) == sorted(lengths, reverse=True)
    inside = np.mean(np.abs(calibration.knobs) <= 1.0, axis=0)
    np.testing.assert_allclose(inside, 0.95, atol=0.005)
    np.testing.assert_allclose(np.corrcoef(calibration.knobs, rowvar=False), np.eye(3), atol=0.05)
    np.testing.assert_allclose(calibration.knobs @ calibration.matrix.T + calibration.offset, raw, atol=1e-9)
    turned = calibration.turned(np.array([1.0, -1.0, 1.0]))
    np.testing.assert_allclose(turned.knobs @ turned.matrix.T + turned.offset, raw, atol=1e-9)
    np.testing.assert_allclose(turned.knobs[:, 1], -calibration.knobs[:, 1])


def test_knobs_are_named_after_what_they_do_and_no_name_comes_twice() -> None:
    assert knob_names(["loudness", None, "loudness", "pitch"]) == ["loudness", "z1", "loudness_2", "pitch"]


def broken(exported: Exported, kind: str, path: Path) -> str:
    """Write a bad model file of `kind` to `path`; returns what the error has to say."""
    whole = exported.decoder.read_bytes()
    if kind == "empty":
        path.write_bytes(b"")
        return "empty"
    if kind == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
        return "truncated"
    if kind == "foreign":
        path.write_bytes(b"ID3\x03 this is a song")
        return "not an ONNX model"
    model = onnx.load(exported.decoder)
    entry = next(entry for entry in model.metadata_props if entry.key == METADATA_KEY)
    if kind == "without manifest":
        model.metadata_props.remove(entry)
        path.write_bytes(model.SerializeToString())
        return "holds no Latentone manifest"
    record = json.loads(entry.value)
    if kind == "field missing":
        del record["hop_samples"]
    elif kind == "too new":
        record["schema_version"] = 99
    elif kind == "foreign state":
        record["state"][0]["name"] = "nowhere"
    entry.value = json.dumps(record)
    path.write_bytes(model.SerializeToString())
    return {"field missing": "hop_samples", "too new": "99", "foreign state": "nowhere"}[kind]


@pytest.mark.parametrize(
    "kind", ["empty", "truncated", "foreign", "without manifest", "field missing", "too new", "foreign state"]
)
def test_a_bad_model_file_is_one_line_that_names_it(exported: Exported, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    says = broken(exported, kind, path)
    with pytest.raises(LatentoneError, match=says) as caught:
        load_decoder(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_encoder_does_not_play_and_a_decoder_does_not_listen(exported: Exported) -> None:
    with pytest.raises(LatentoneError, match="is an encoder"):
        load_decoder(exported.encoder)
    with pytest.raises(LatentoneError, match="is a decoder"):
        load_encoder(exported.decoder)


def test_unknown_manifest_fields_are_kept(exported: Exported) -> None:
    record = exported.manifest.model_dump()
    record["from_the_future"] = {"x": 1}
    again = Manifest.from_json(json.dumps(record), "here")
    assert json.loads(again.model_dump_json())["from_the_future"] == {"x": 1}


def test_figures_are_measured_on_held_out_files(exported: Exported, checkpoint: Path, recordings: Path) -> None:
    _, held_out, root = data.split(recordings, None)
    figures = evaluate.evaluate(checkpoint, exported.decoder, held_out, root)
    assert (figures.held_out_files, figures.latents, len(figures.knobs)) == (1, LATENTS, LATENTS)
    assert figures.held_out_s == pytest.approx(2.0, abs=0.05)
    assert figures.bits > 1.0
    # The codec's floor needs no trained network: quantised sub-bands alone are nearer than random weights' noise.
    assert figures.log_mel_db_codec < figures.log_mel_db
    assert json.loads(json.dumps(figures.to_dict()))["playable_knobs"] == figures.playable_knobs


def test_r_squared_is_one_for_the_same_and_zero_for_the_mean() -> None:
    wanted = np.random.default_rng(0).normal(size=(2, 3, 50))
    np.testing.assert_allclose(evaluate.r_squared(wanted, wanted), 1.0)
    mean = np.broadcast_to(wanted.mean(axis=(0, 2), keepdims=True), wanted.shape)
    np.testing.assert_allclose(evaluate.r_squared(mean, wanted), 0.0, atol=1e-9)


def test_export_writes_the_cloud_and_it_can_be_put_in_later(
    exported: Exported, recordings: Path, tmp_path: Path
) -> None:
    cloud, knobs = audio_cloud(exported.decoder), exported.calibration.knobs
    assert min(np.abs(knobs - row).max(axis=1).min() for row in cloud[:20]) < 1e-2
    for file in (exported.decoder, exported.encoder):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    late = tmp_path / exported.decoder.name
    model = onnx.load(late)
    kept = [entry for entry in model.metadata_props if entry.key != CLOUD_KEY]
    assert len(kept) == len(model.metadata_props) - 1
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    bare = model.SerializeToString()
    late.write_bytes(bare)
    assert not np.array_equal(audio_cloud(late), cloud), "drawn, for want of one"
    heard, energy_db = encode(late, recordings)
    store(late, heard[sounding(energy_db)], seed=0)
    deciles = np.linspace(0.1, 0.9, 9)
    again = np.quantile(audio_cloud(late), deciles, axis=0)
    np.testing.assert_allclose(again, np.quantile(cloud, deciles, axis=0), atol=0.1)
    assert onnx.load(late).graph == onnx.load_from_string(bare).graph
    with pytest.raises(LatentoneError, match="finite knobs a frame is needed"):
        store(late, cloud[:, :2])
    assert sounding(np.array([-61.0, -20.0, -30.0, -20.0])).tolist() == [False, True, True, True]
