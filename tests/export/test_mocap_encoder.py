"""A movement's encoder leaves as ONNX with its state: a latent that differs from PyTorch's would be heard as another pose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from figures_of_men import bvh, walk
from latentone.export.encoders.finish import Request
from latentone.export.encoders.mocap import export
from latentone.export.encoders.mocap_figures import evaluate
from latentone.export.errors import LatentoneError
from latentone.export.runtime.load import load_data_encoder
from latentone.models.mocap import data, network
from latentone.models.mocap.clips import INPUTS, read_clips
from latentone.models.mocap.network import Hyperparameters, MotionVAE


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network of random weights that is said to have learned from three clips of four."""
    folder = tmp_path_factory.mktemp("movement")
    for take in range(4):
        label = folder / ("slow" if take % 2 else "fast")
        label.mkdir(exist_ok=True)
        (label / f"take_{take}.bvh").write_text(bvh(walk(2.0, speed=4.0 + take)))
    clips = read_clips(folder)
    torch.manual_seed(0)
    model = MotionVAE(Hyperparameters(channels=16, latents=6))
    model.encoder.fit(torch.from_numpy(np.concatenate([clip.values for clip in clips], axis=1)))
    training, held_out = data.split(clips, 0.5, seed=0)
    about = {"name": "walks", "path": str(folder)}
    about |= {"held_out": [clip.name for clip in held_out], "trained_on": [clip.name for clip in training]}
    network.save(folder / "small.ckpt", model, about)
    return folder / "small.ckpt"


@pytest.fixture(scope="module")
def file(checkpoint: Path) -> Path:
    return export(Request(checkpoint, checkpoint.with_name("small.encoder.onnx"), None, None, "CC0", "a test")).file


def test_the_manifest_says_what_goes_in_how_fast_and_what_was_held_out(checkpoint: Path, file: Path) -> None:
    manifest = load_data_encoder(file).manifest
    _, record = network.load(checkpoint)
    assert (manifest.family, manifest.name, manifest.inputs) == ("mocap", "small", INPUTS)
    assert manifest.frame_rate_hz == 30.0
    assert 0 <= manifest.latency_frames < 15
    assert manifest.held_out == record["data"]["held_out"]
    assert [state.shape for state in manifest.state] == [[16, 2], [16, 4], [16, 8]]
    assert manifest.trained_on["clips"] == 2
    assert manifest.trained_on["credit"] == "a test"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 60])
def test_blocks_of_any_size_give_what_pytorch_gives_of_the_whole(checkpoint: Path, file: Path, size: int) -> None:
    encoder = load_data_encoder(file)
    model, record = network.load(checkpoint)
    clips = [clip for clip in read_clips(checkpoint.parent) if clip.name in record["data"]["trained_on"]]
    values = np.stack([clip.values[:, :60] for clip in clips])
    state, parts = encoder.initial_state(len(values)), []
    for start in range(0, 60, size):
        latents, state = encoder.encode(values[..., start : start + size], state)
        parts.append(latents)
    streamed = np.concatenate(parts, axis=2)
    with torch.inference_mode():
        raw = model.encoder(torch.from_numpy(values))[0].mean.numpy()
    # Calibrated latents are an affine map of raw ones: found from some frames, it must hold for the others.
    rows = np.concatenate([raw, np.ones_like(raw[:, :1])], axis=1).transpose(0, 2, 1).reshape(-1, raw.shape[1] + 1)
    wanted = streamed.transpose(0, 2, 1).reshape(len(rows), -1)
    chart, *_ = np.linalg.lstsq(rows[::2].astype(np.float64), wanted[::2], rcond=None)
    np.testing.assert_allclose(rows[1::2] @ chart, wanted[1::2], atol=2e-3)
    whole, _ = encoder.encode(values, encoder.initial_state(len(values)))
    np.testing.assert_allclose(streamed, whole, atol=1e-4)


def test_it_is_measured_on_clips_that_it_never_saw(checkpoint: Path, file: Path) -> None:
    figures = evaluate(checkpoint, file)
    assert (figures.training_clips, figures.held_out_clips, figures.actions) == (2, 2, 2)
    assert figures.degrees > figures.degrees_components, "random weights know nothing"
    assert 0 < figures.degrees_components <= figures.degrees_mean_pose
    assert figures.told["clips"].keys() == {"latents", "poses"}
    titles = [title for title, _, _ in figures.rows()]
    assert "degrees a limb" in titles


def test_clips_that_are_missing_are_named(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "other.bvh").write_text(bvh(walk(0.2)))
    with pytest.raises(LatentoneError, match=r"holds no clip take_\d, which .*small.ckpt was trained with"):
        export(Request(checkpoint, tmp_path / "x.encoder.onnx", str(tmp_path), None, "", ""))
