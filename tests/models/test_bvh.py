"""BVH files of any layout are read as they mean, and a broken one is told by file and line: else a dancer moves wrongly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from figures_of_men import NAMES, bvh, walk
from latentone.models.errors import LatentoneError
from latentone.models.mocap.bvh import read_bvh
from latentone.models.mocap.rotations import from_euler


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "walk.bvh"


def test_channels_offsets_and_rate_are_read(path: Path) -> None:
    frames = walk(0.5)
    path.write_text(bvh(frames, rate_hz=120))
    read = read_bvh(path)
    assert read.frame_rate_hz == 120.0, "from a frame time that is rounded to 0.0083333"
    assert read.values.shape == (30, 3 + 3 * len(NAMES))
    assert read.layout.names[:4] == ["Hips.Xposition", "Hips.Yposition", "Hips.Zposition", "Hips.Zrotation"]
    arm = next(joint for joint in read.layout.joints if joint.name == "LeftForeArm")
    assert arm.offset == (3, 0, 0)
    assert read.layout.joints[arm.parent].name == "LeftArm"
    np.testing.assert_allclose(read.values[:, 2], frames[:, 2], atol=1e-6)


@pytest.mark.parametrize("order", ["XYZ", "ZXY", "YXZ", "ZYX"])
def test_the_first_channel_is_the_outermost_rotation_in_any_order(path: Path, order: str) -> None:
    frames = np.random.default_rng(0).uniform(-90, 90, (3, 3 + 3 * len(NAMES)))
    path.write_text(bvh(frames, order=order))
    read = read_bvh(path)
    motion = read.layout.motion(read.values)
    place = [joint.name for joint in read.layout.joints if not joint.end].index("Spine")
    angles = dict(zip("ZYX", np.radians(frames[:, 6:9]).T, strict=True))
    wanted = np.eye(3)
    for axis in order:
        wanted = wanted @ from_euler(angles[axis][:, None], axis)
    np.testing.assert_allclose(motion.turns[:, place], wanted, atol=1e-6)
    np.testing.assert_allclose(motion.positions[0], frames[:, :3], atol=1e-6)


def test_a_joint_that_does_not_turn_and_one_line_braces_are_read(path: Path) -> None:
    path.write_text(
        "HIERARCHY\nROOT My Hips {\n OFFSET 0 0 0 CHANNELS 1 Yrotation\n JOINT Spine { OFFSET 0 1 0\n"
        " End Site { OFFSET 0 1 0 } } }\nMOTION\nFrames: 2\nFrame Time: 0.04\n10\n20\n\n"
    )
    read = read_bvh(path)
    assert [joint.name for joint in read.layout.joints if not joint.end] == ["My Hips", "Spine"]
    assert read.frame_rate_hz == 25.0
    turned = read.layout.motion(read.values).turns
    np.testing.assert_allclose(turned[:, 0], from_euler(np.radians([[10.0], [20.0]]), "Y"), atol=1e-9)
    np.testing.assert_array_equal(turned[:, 1], np.eye(3)[None].repeat(2, 0))


BREAKS = {
    "not BVH": ("HIERARCHY", "<xml>", r"walk.bvh:1: '<xml>' stands where HIERARCHY should be"),
    "a word for a number": (
        "OFFSET 0.000000 4",
        "OFFSET 0.000000 four",
        r"walk.bvh:\d+: 'four.000000' stands where an offset, a number",
    ),
    "an unknown channel": ("3 Zrotation", "3 Wrotation", r"walk.bvh:\d+: 'Wrotation' stands where Xposition or"),
    "a channel twice": ("3 Zrotation Yrotation", "3 Zrotation Zrotation", r"walk.bvh:\d+: a channel stands twice"),
    "a joint twice": ("JOINT LeftLeg", "JOINT LeftUpLeg", r"walk.bvh:\d+: there is a second joint LeftUpLeg"),
    "no time": ("Frame Time: 0.0166667", "Frame Time: 0", r"walk.bvh:\d+: frame time 0 s"),
    "fewer frames": ("Frames: 6", "Frames: 9", r"walk.bvh:\d+: the file ends after 6 of 9 frames"),
    "frames without end": (
        "Frames: 6",
        "Frames: 1e15",
        r"walk.bvh:\d+: the file ends after 6 of 1000000000000000 frames",
    ),
    "a short frame": (
        "0.000000 9.200000",
        "9.200000",
        r"walk.bvh:\d+: \d+ values, where the skeleton has \d+ channels",
    ),
    "not a number": ("0.000000 9.200000", "0.000000 x", r"walk.bvh:\d+: a value is not a number"),
    "infinite": ("0.000000 9.200000", "0.000000 inf", r"walk.bvh:\d+: a value is not finite"),
}


@pytest.mark.parametrize("case", BREAKS)
def test_what_is_wrong_is_told_by_file_and_line(path: Path, case: str) -> None:
    good, bad, error = BREAKS[case]
    text = bvh(walk(0.1))
    assert good in text
    path.write_text(text.replace(good, bad, 1))
    with pytest.raises(LatentoneError, match=error) as raised:
        read_bvh(path)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_cut_off_anywhere_is_told_so(path: Path) -> None:
    text = bvh(walk(0.1))
    for length in range(0, text.rstrip().rindex("\n"), 97):
        path.write_text(text[:length])
        with pytest.raises(LatentoneError, match=r"walk.bvh:\d+: "):
            read_bvh(path)
