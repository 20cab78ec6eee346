"""The shipped encoder of movement: what a dancer does is told by its latents, whoever's skeleton it comes in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from figures_of_men import CMU, MODELS, bvh, needs_bvh, needs_cmu, walk
from latentone.export.runtime.data_encoder import DataEncoder
from latentone.export.runtime.load import SHIPPED_MODELS, load_data_encoder, shipped_data_encoder
from latentone.models import vae
from latentone.models.mocap import network
from latentone.models.mocap.bvh import read_bvh
from latentone.models.mocap.clips import INPUTS, Clip, read_clips
from latentone.models.mocap.stream import LiveFrames

CREDIT = "The data used in this project was obtained from mocap.cs.cmu.edu."


@pytest.fixture(scope="module")
def encoder() -> DataEncoder:
    return load_data_encoder(shipped_data_encoder("motion"))


@pytest.fixture(scope="module")
def recordings() -> list[Clip]:
    return read_clips(CMU)


def latents_of(encoder: DataEncoder, values: np.ndarray) -> np.ndarray:
    """(latents, frames) of a whole clip."""
    return encoder.encode(values[None], encoder.initial_state(1))[0][0]


def test_it_was_exported_from_the_checkpoint_beside_it_and_says_whose_movement_it_learned_from(
    encoder: DataEncoder,
) -> None:
    model, record = network.load(SHIPPED_MODELS / "motion.ckpt")
    manifest = encoder.manifest
    assert vae.fingerprint(model) == manifest.weights_sha256
    assert record["data"]["path"] == record["data"]["name"] + ".npz", "no path of the machine that it was made on"
    assert record["data"]["held_out"] == manifest.held_out
    assert (manifest.family, manifest.inputs, manifest.frame_rate_hz, len(manifest.latents)) == (
        "mocap",
        INPUTS,
        30.0,
        32,
    )
    assert CREDIT in manifest.trained_on["credit"]
    assert CREDIT in (SHIPPED_MODELS / "motion.LICENCE.txt").read_text()
    files = [file for file in SHIPPED_MODELS.glob("motion.*") if file.suffix in (".ckpt", ".onnx")]
    assert sum(file.stat().st_size for file in files) < 3e6


def test_its_figures_are_told_and_better_than_principal_components() -> None:
    figures = json.loads((SHIPPED_MODELS / "motion.figures.json").read_text())
    assert figures["degrees"] < figures["degrees_components"] < figures["degrees_mean_pose"]
    assert figures["told"]["pieces"]["latents"] > 3 / figures["actions"]
    page = (SHIPPED_MODELS / "motion.md").read_text()
    for figure in ("degrees", "degrees_components", "degrees_mean_pose", "degrees_previous_frame", "degrees_training"):
        assert f"{figures[figure]:.2f}" in page, figure


def test_a_stream_moves_it_frame_by_frame(encoder: DataEncoder, tmp_path: Path) -> None:
    """Raw frames of a BVH skeleton at 60 Hz, one by one, give the latents of the whole file."""
    path = tmp_path / "walk.bvh"
    path.write_text(bvh(walk(2.0)))
    wanted = latents_of(encoder, read_clips(path)[0].values)
    live, state, parts = LiveFrames(path, encoder.manifest.frame_rate_hz or 0.0), encoder.initial_state(1), []
    for frame in read_bvh(path).values:
        for values in live.push(frame).T:
            latents, state = encoder.encode(values[None, :, None], state)
            parts.append(latents[0, :, 0])
    np.testing.assert_allclose(np.stack(parts, axis=1), wanted, atol=1e-4)
    assert np.isfinite(wanted).all()
    assert wanted.std(axis=1).max() > 0.05, "walking moves it"


@needs_bvh
@pytest.mark.parametrize(("name", "share"), [("01_01", 0.95), ("01_03", 0.93), ("Boxing_Toes", 0.88)])
def test_files_of_others_give_latents_within_reach(encoder: DataEncoder, name: str, share: float) -> None:
    """[-1, 1] is the middle 95 % of what was learned from: what lies far outside would push every knob to its end."""
    latents = latents_of(encoder, read_clips(MODELS / f"{name}.bvh")[0].values)
    assert np.isfinite(latents).all()
    assert (np.abs(latents) <= 1.5).mean() > share
    assert np.abs(latents).max() < 10.0


@needs_cmu
def test_held_out_clips_fill_the_range_and_actions_differ(encoder: DataEncoder, recordings: list[Clip]) -> None:
    unseen = [clip for clip in recordings if clip.name in encoder.manifest.held_out]
    assert len(unseen) == len(encoder.manifest.held_out)
    latents = {clip.name: latents_of(encoder, clip.values) for clip in unseen}
    everything = np.concatenate(list(latents.values()), axis=1)
    assert 0.85 < (np.abs(everything) <= 1).mean() < 1.0
    middles: dict[str, list[np.ndarray]] = {}
    for clip in unseen:
        middles.setdefault(clip.label, []).append(latents[clip.name].mean(axis=1))
    running, traffic = np.mean(middles["running"], axis=0), np.mean(middles["directing_traffic"], axis=0)
    within = np.linalg.norm(np.diff(middles["running"], axis=0))
    assert np.linalg.norm(running - traffic) > 2 * within, "two runs are nearer to each other than to directing traffic"
