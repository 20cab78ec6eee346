"""Training on movement: what is held out stays held out, and what was trained in crops streams frame by frame."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from figures_of_men import NAMES, bvh, walk
from latentone.models.errors import LatentoneError
from latentone.models.mocap import data, network
from latentone.models.mocap.clips import INPUTS, Clip, read_clips
from latentone.models.mocap.network import Hyperparameters, MotionVAE
from latentone.models.mocap.pose import LIMBS
from latentone.server.__main__ import app
from typer.testing import CliRunner


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two ways of moving, three files each."""
    folder = tmp_path_factory.mktemp("movement")
    for label, speed in (("stroll", 5.0), ("stride", 12.0)):
        (folder / label).mkdir()
        for take in range(3):
            (folder / label / f"{label}_{take}.bvh").write_text(bvh(walk(2.0 + take / 2, speed=speed)))
    return folder


def clip(name: str, label: str) -> Clip:
    return Clip(name, label, np.zeros((len(INPUTS), 60), np.float32), 30.0)


def test_of_each_label_a_share_of_the_clips_is_held_out() -> None:
    clips = [
        clip(f"{label}_{i}", label)
        for label, count in (("walk", 10), ("run", 5), ("sit", 2), ("fall", 1))
        for i in range(count)
    ]
    training, held_out = data.split(clips, 0.3, seed=0)
    count = {label: sum(c.label == label for c in held_out) for label in ("walk", "run", "sit", "fall")}
    assert count == {"walk": 3, "run": 2, "sit": 1, "fall": 0}
    assert {c.name for c in training} | {c.name for c in held_out} == {c.name for c in clips}
    assert not {c.name for c in training} & {c.name for c in held_out}
    assert [c.name for c in data.split(clips, 0.3, seed=0)[1]] == [c.name for c in held_out]
    with pytest.raises(LatentoneError, match="two clips at least"):
        data.split(clips[:1], 0.3, seed=0)


def test_in_a_mirror_left_is_right_and_twice_is_as_before(folder: Path, tmp_path: Path) -> None:
    frames = walk(1.0)
    values = read_clips(folder)[0].values
    np.testing.assert_allclose(data.mirrored(data.mirrored(values)), values, atol=1e-7)
    # A figure that steps with the other foot first, swaying the other way, is walk() in a mirror.
    other = frames.copy()
    for place, joint in enumerate(NAMES):
        twin = joint.replace("Left", "*").replace("Right", "Left").replace("*", "Right")
        start = 3 + 3 * NAMES.index(twin)
        other[:, 3 + 3 * place : 6 + 3 * place] = frames[:, start : start + 3] * [-1, -1, 1]
    for path, motion in ((tmp_path / "a.bvh", frames), (tmp_path / "b.bvh", other)):
        path.write_text(bvh(motion))
    a, b = read_clips(tmp_path / "a.bvh")[0].values, read_clips(tmp_path / "b.bvh")[0].values
    np.testing.assert_allclose(data.mirrored(a), b, atol=1e-5)
    assert np.abs(a - b).max() > 0.1


def test_a_batch_holds_crops_with_limbs_tilted_a_little(folder: Path) -> None:
    torch.manual_seed(0)
    crops = data.Crops(read_clips(folder))
    batch = data.tilted([crops[i] for i in range(8)])
    assert batch.shape == (8, len(INPUTS), 36)
    untilted = torch.stack([crops[0]] * 8)
    degrees = network.limb_degrees(data.tilted(list(untilted)), untilted)
    assert degrees.shape == (8, len(LIMBS), 36)
    torch.testing.assert_close(degrees[..., :1].expand_as(degrees), degrees, atol=0.05, rtol=0)
    assert 3.0 < degrees.mean() < 12.0


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_latents_streamed_are_those_of_the_whole(size: int) -> None:
    torch.manual_seed(0)
    model = MotionVAE(Hyperparameters(channels=16)).eval()
    values = torch.randn(2, len(INPUTS), 40)
    with torch.inference_mode():
        whole, _ = model.encoder(values)
        state, parts = model.encoder.initial_state(2), []
        for start in range(0, 40, size):
            posterior, state = model.encoder(values[..., start : start + size], state)
            parts.append(posterior.mean)
    torch.testing.assert_close(torch.cat(parts, dim=-1), whole.mean, rtol=1e-5, atol=1e-6)


def test_a_latent_sees_its_window_and_no_more() -> None:
    torch.manual_seed(0)
    model = MotionVAE(Hyperparameters(channels=16)).eval()
    window = model.hyperparameters.window_frames
    assert (window, model.hyperparameters.taps) == (15, [0, 5, 9, 14])
    values = torch.randn(1, len(INPUTS), 60)
    changed = values.clone()
    changed[..., 20] += 1.0
    with torch.inference_mode():
        moved = (model.encoder(changed)[0].mean != model.encoder(values)[0].mean).any(dim=1)[0]
    assert torch.nonzero(moved).flatten().tolist() == list(range(20, 20 + window))


def test_the_command_trains_and_keeps_what_was_held_out(folder: Path, tmp_path: Path) -> None:
    flags = ["-ep", "1", "-ex", str(tmp_path), "--channels", "8", "--latents", "4", "--window", "0.2", "-bs", "4"]
    done = CliRunner().invoke(app, ["train", "mocap", "-dp", str(folder), *flags])
    assert done.exit_code == 0, done.output
    assert f"latentone export {tmp_path / 'last.ckpt'}" in done.output.replace("\n", " ")
    assert (tmp_path / "curve.png").is_file()
    model, record = network.load(tmp_path / "last.ckpt")
    assert (model.hyperparameters.latents, model.hyperparameters.window_frames) == (4, 7)
    held_out, trained_on = record["data"]["held_out"], record["data"]["trained_on"]
    assert sorted(name.partition("_")[0] for name in held_out) == ["stride", "stroll"]
    assert sorted([*held_out, *trained_on]) == sorted(c.name for c in read_clips(folder))
    network.save(tmp_path / "small.ckpt", model, record["data"])
    small, again = network.load(tmp_path / "small.ckpt")
    assert again["data"] == record["data"]
    torch.testing.assert_close(small.line.weight, model.line.weight, rtol=1e-3, atol=1e-4)


def test_what_cannot_be_trained_on_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "latentone.server", "train", "mocap", "-dp", str(tmp_path / "nothing")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == f"latentone: {tmp_path / 'nothing'}: no such file or folder of movements"
