"""Whose skeleton it is must not be heard: the same movement gives the same poses, in any file, unit, direction and rate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from figures_of_men import CMU, JOINTS, MODELS, NAMES, SCHEMES, bvh, needs_bvh, needs_cmu, rested, walk
from latentone.models.errors import LatentoneError
from latentone.models.mocap import cmu, rotations
from latentone.models.mocap.bvh import read_bvh
from latentone.models.mocap.clips import INPUTS, Clip, read_clips
from latentone.models.mocap.pose import FASTEST_TURN, LIMBS, Reader
from latentone.models.mocap.skeleton import Skeleton
from latentone.models.mocap.stream import CanonicalStream, LiveFrames, frames_of_bvh, frames_of_cmu

SIDED = [name for name in NAMES if name.startswith(("Left", "Right"))]


def values(path: Path, text: str) -> np.ndarray:
    """Canonical values (inputs, frames) of a file with this text."""
    path.write_text(text)
    return read_clips(path)[0].values


def limb(clip: np.ndarray, name: str) -> np.ndarray:
    """Its rotations (frames, 3, 3), relative to what it hangs from."""
    start = INPUTS.index(f"{name}_xx")
    return rotations.from_six(clip[start : start + 6].T.astype(np.float64))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "walk.bvh"


def test_six_numbers_are_a_rotation_and_back() -> None:
    matrices = rotations.from_exponential(np.random.default_rng(0).normal(0, 2, (500, 3)))
    np.testing.assert_allclose(matrices @ np.swapaxes(matrices, -1, -2), np.eye(3)[None].repeat(500, 0), atol=1e-9)
    six = rotations.to_six(matrices)
    np.testing.assert_allclose(rotations.from_six(six), matrices, atol=1e-9)
    np.testing.assert_allclose(rotations.from_six(3.0 * six), matrices, atol=1e-9)
    assert np.isfinite(rotations.from_six(np.zeros(6))).all()


@pytest.mark.parametrize("joint", ["Hips", "LeftArm", "LeftForeArm", "RightUpLeg", "Head"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_whole_turn_of_a_joint_makes_nothing_jump(path: Path, joint: str, axis: int) -> None:
    """Else a dancer who turns round, or swings an arm in a circle, would click once a turn."""
    frames = walk(2.0)
    frames[:, 3 + 3 * NAMES.index(joint) + axis] = np.linspace(0, 360, len(frames))
    clip = values(path, bvh(frames))
    names = [name for name in INPUTS if name not in INPUTS[:4]]
    if joint == "Hips" and axis != 1:
        # Head down, there is no heading; all but the hips' own six numbers do not ask for it.
        names = [name for name in names if not name.startswith("hips")]
    steps = np.abs(np.diff(clip[[INPUTS.index(name) for name in names]], axis=1))
    assert steps.max() < 2 * np.sin(np.radians(360 / 60))


def test_the_unit_of_length_does_not_matter(path: Path) -> None:
    np.testing.assert_allclose(values(path, bvh(walk(), scale=2.54)), values(path, bvh(walk())), atol=2e-5)


@pytest.mark.parametrize("degrees", [37, 123, 180, 270])
def test_where_it_walks_to_does_not_matter(path: Path, degrees: float) -> None:
    """Heading east or west is the same walk, and it goes forwards, a leg and a bit more (8 of 8 units) a second."""
    straight = values(path, bvh(walk()))
    frames = walk()
    turn = rotations.about_vertical(np.radians([degrees]))[0]
    frames[:, :3] = frames[:, :3] @ turn.T + [5, 0, -3]
    frames[:, 4] += degrees  # walk() turns the hips about y alone
    np.testing.assert_allclose(values(path, bvh(frames)), straight, atol=2e-4)
    moved = straight[:3, 1:].mean(axis=1)
    np.testing.assert_allclose(moved[2], 1.0, atol=0.01)
    np.testing.assert_allclose(moved[:2], 0.0, atol=0.05)


def test_a_sensor_that_jumps_is_not_faster_than_a_body(path: Path) -> None:
    frames = walk()
    frames[30:, :3] += 1000
    frames[60:, 4] += 170
    clip = values(path, bvh(frames))
    assert np.abs(clip[:3]).max() == 15.0
    assert np.abs(clip[3]).max() == 20.0


def test_the_order_of_channels_and_the_rate_do_not_matter(path: Path) -> None:
    turning = np.zeros_like(walk())
    turning[:, 3 + 3 * NAMES.index("LeftArm") + 1] = np.linspace(0, 90, len(turning))
    wanted = values(path, bvh(turning))
    for order in ("XYZ", "YZX"):
        np.testing.assert_allclose(values(path, bvh(turning, order=order)), wanted, atol=1e-5)
    fast, slow = values(path, bvh(walk(rate_hz=120), rate_hz=120)), values(path, bvh(walk(rate_hz=50), rate_hz=50))
    assert abs(fast.shape[1] - slow.shape[1]) <= 1
    shared = min(fast.shape[1], slow.shape[1])
    assert np.abs(fast[4:, :shared] - slow[4:, :shared]).max() < 0.02
    assert np.abs(fast[:4, 1:shared] - slow[:4, 1:shared]).max() < 0.15


@pytest.mark.parametrize("scheme", SCHEMES)
def test_joints_are_known_by_the_names_of_the_usual_programs(path: Path, scheme: str) -> None:
    wanted = values(path, bvh(walk()))
    np.testing.assert_array_equal(values(path, bvh(walk(), names=SCHEMES[scheme])), wanted)


def test_hands_and_head_may_be_missing(path: Path) -> None:
    whole = values(path, bvh(walk()))
    less = values(path, bvh(walk(), without=("LeftHand", "RightHand", "Head")))
    left_out = [
        INPUTS.index(name)
        for name in INPUTS
        if "hand" in name or name.startswith(("head", "left_forearm", "right_forearm"))
    ]
    others = [index for index in range(len(INPUTS)) if index not in left_out]
    np.testing.assert_allclose(less[others], whole[others], atol=1e-5)


def test_a_skeleton_without_limbs_is_told_which_and_what_it_has(path: Path) -> None:
    path.write_text(bvh(walk(0.1), without=("LeftForeArm", "RightUpLeg")))
    with pytest.raises(LatentoneError) as raised:
        read_clips(path)
    error = str(raised.value)
    assert str(path) in error
    for missing in ("no right thigh", "no right shin", "no right foot", "no left forearm"):
        assert missing in error
    assert "left thigh" not in error
    assert error.partition("its joints are ")[2].split(", ")[:5] == ["Hips", "Spine", "Head", "LeftArm", "RightArm"]
    assert "\n" not in error


def test_in_a_t_pose_no_limb_is_turned(path: Path) -> None:
    clip = values(path, bvh(np.zeros((4, 3 + 3 * len(NAMES))), scale=7.0))
    for name in LIMBS:
        np.testing.assert_allclose(limb(clip, name), np.eye(3)[None].repeat(clip.shape[1], 0), atol=1e-6)


def test_a_rest_pose_with_hanging_arms_and_z_up_gives_the_same_poses(path: Path) -> None:
    """The same movement of two skeletons: one rests in a T-pose with y up, one with its arms down and z up, as its files do."""
    own = {}
    for side, sign in (("Left", 1), ("Right", -1)):
        for part in ("Arm", "ForeArm", "Hand"):
            own[f"{side}{part}"] = rotations.from_exponential(np.array([0, 0, -sign * np.pi / 2]))
    z_up = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]).T  # x, y, z of ours are y, z, x of that file
    np.testing.assert_allclose(values(path, rested(walk(), own, z_up)), values(path, bvh(walk())), atol=1e-3)


def test_a_skeleton_whose_bones_all_rest_along_x_is_read_by_how_it_moves(path: Path) -> None:
    """Limbs point as in the T-pose's file; what the rest pose does not tell, twists and how it stands on average, is near."""
    first = {parent: offset for _, parent, offset in reversed(JOINTS) if parent and parent != "Hips"}
    first |= {"Hips": (0.0, 4.0, 0.0), "Spine": (0.0, 3.0, 0.0)}
    own = {name: rotations.between(np.array(offset, float), np.array([1.0, 0, 0])) for name, offset in first.items()}
    wanted, found = values(path, bvh(walk())), values(path, rested(walk(), own, np.eye(3)))
    np.testing.assert_allclose(found[:3].mean(axis=1), wanted[:3].mean(axis=1), atol=0.05)
    for name in LIMBS:
        degrees = np.degrees(rotations.angle_between(limb(found, name), limb(wanted, name)))
        assert degrees.max() < (20 if name.endswith(("hand", "foot", "chest", "head", "upper_arm")) else 12), name
    # Poses differ by what stands still: they move alike.
    moves = [
        np.degrees(rotations.angle_between(turn[1:], turn[:-1]))
        for turn in (limb(wanted, "left_forearm"), limb(found, "left_forearm"))
    ]
    np.testing.assert_allclose(moves[0], moves[1], atol=1.0)
    with pytest.raises(LatentoneError, match="no standing figure"):
        Reader(Skeleton(read_bvh(path).layout.joints, "a file"))


def test_left_is_left_and_an_arm_that_is_raised_points_up(path: Path) -> None:
    frames = np.zeros((2, 3 + 3 * len(NAMES)))
    frames[:, 3 + 3 * NAMES.index("LeftArm")] = 90
    clip = values(path, bvh(frames))
    np.testing.assert_allclose(limb(clip, "left_upper_arm")[0] @ [1, 0, 0], [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(limb(clip, "right_upper_arm")[0], np.eye(3), atol=1e-6)


def test_a_stream_of_any_rate_in_blocks_of_any_size_gives_what_the_file_gives(path: Path) -> None:
    for rate_hz in (24.0, 59.94, 100.0, 120.0):
        path.write_text(bvh(walk(1.0, rate_hz), rate_hz=rate_hz))
        bvh_file = read_bvh(path)
        whole = frames_of_bvh(path).push(bvh_file.values)
        for size in (1, 2, 3, 7, 64):
            stream = frames_of_bvh(path)
            parts = [stream.push(bvh_file.values[i : i + size]) for i in range(0, len(bvh_file.values), size)]
            np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)
        assert abs(whole.shape[1] - 30) <= 1
        again = CanonicalStream(30.0, 30.0)
        parts = [again.push(frame[None]) for frame in whole.T]
        np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)


def test_a_live_frame_may_be_raw_or_canonical_and_is_told_by_how_many_values_it_has(path: Path) -> None:
    """What comes out follows what went in by less than a frame of the stream: 50 a second in, 30 out."""
    path.write_text(bvh(walk(1.0, 50), rate_hz=50))
    raw, whole = read_bvh(path).values, read_clips(path)[0].values
    live = LiveFrames(path)
    parts = [live.push(frame) for frame in raw]
    assert {part.shape[1] for part in parts} == {0, 1}
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)
    for count, part in enumerate(np.cumsum([part.shape[1] for part in parts]), start=1):
        assert part == int((count - 1) / 50 * 30 + 1e-6) + 1
    live = LiveFrames(path.parent)
    np.testing.assert_allclose(np.concatenate([live.push(list(frame)) for frame in whole.T], axis=1), whole, atol=1e-5)
    with pytest.raises(
        LatentoneError, match=r"a frame has 12 values; it should have 48 \(Hips.Xposition … .*\) or 94 "
    ):
        live.push([0.0] * 12)
    with pytest.raises(LatentoneError, match="not finite"):
        live.push([float("nan")] * 94)


def test_folders_are_labels_and_names_stay_distinct(tmp_path: Path) -> None:
    for folder, name in (("run", "a"), ("walk", "a"), ("walk", "b")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.bvh").write_text(bvh(walk(0.2)))
    assert [(clip.name, clip.label) for clip in read_clips(tmp_path)] == [
        ("run_a", "run"),
        ("walk_a", "walk"),
        ("b", "walk"),
    ]
    for wrong in ("nothing.bvh", "nothing.npz", "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(LatentoneError, match=wrong):
            read_clips(tmp_path / wrong)


@pytest.fixture(scope="module")
def recordings() -> list[Clip]:
    return read_clips(CMU)


@needs_cmu
def test_the_first_frame_of_cmu_is_its_t_pose(recordings: list[Clip]) -> None:
    """It is passed over in reading; here it shows that signs, parents and axes of the exponential maps are right."""
    with np.load(CMU) as arrays:
        poses = Reader(cmu.skeleton()).poses(cmu.motion(arrays["walking/walking_1"][:1]))
    turned = dict(zip(LIMBS, rotations.angle_between(rotations.from_six(poses.limbs[0]), np.eye(3)), strict=True))
    assert np.degrees(turned.pop("head")) < 20
    assert np.degrees(max(turned.values())) < 9
    assert len(recordings) == 72


@needs_cmu
@pytest.mark.parametrize("name", ["walking_22", "walking_23", "walking_24", "walking_49"])
def test_who_turns_round_in_cmu_goes_forwards_all_the_way(recordings: list[Clip], name: str) -> None:
    """The published data has signs wrong beyond a quarter turn, and would have them walk backwards there."""
    forward = next(clip.values for clip in recordings if clip.name == name)[INPUTS.index("velocity_forward")]
    assert (forward > -0.1).mean() > 0.9


@needs_cmu
def test_frames_of_cmu_stream_as_its_clips_are_read(recordings: list[Clip]) -> None:
    with np.load(CMU) as arrays:
        frames = arrays["running/running_1"][1:]
    stream = frames_of_cmu()
    parts = [stream.push(frame[None]) for frame in frames]
    wanted = next(clip.values for clip in recordings if clip.name == "running_1")
    np.testing.assert_allclose(np.concatenate(parts, axis=1), wanted, atol=1e-5)
    assert len(stream.inputs) == frames.shape[1]


@needs_cmu
def test_feet_alternate_and_it_goes_forwards(recordings: list[Clip]) -> None:
    clip = next(clip.values for clip in recordings if clip.name == "walking_1")
    swing = {side: (limb(clip, f"{side}_thigh") @ [0, -1, 0])[:, 2] for side in ("left", "right")}
    assert np.corrcoef(swing["left"], swing["right"])[0, 1] < -0.8
    arm = (limb(clip, "left_upper_arm") @ [1, 0, 0])[:, 2]
    assert np.corrcoef(swing["right"], arm)[0, 1] > 0.5, "an arm swings with the other leg"
    assert clip[INPUTS.index("velocity_forward")].mean() > 1.0
    knee = limb(clip, "left_shin")
    assert ((knee @ [0, -1, 0])[:, 2] < 0.1).all(), "knees bend backwards"


@needs_cmu
@needs_bvh
@pytest.mark.parametrize(("name", "share"), [("01_01", 0.98), ("01_03", 0.97), ("Boxing_Toes", 0.8)])
def test_files_of_others_lie_in_the_range_of_the_training_data(recordings: list[Clip], name: str, share: float) -> None:
    """The first two are of the same laboratory; the third has other joints, another rest pose, centimetres and 100 Hz."""
    everything = np.concatenate([clip.values for clip in recordings], axis=1)
    low, high = np.quantile(everything, (0.001, 0.999), axis=1)
    clip = read_clips(MODELS / f"{name}.bvh")[0].values
    assert np.isfinite(clip).all()
    inside = (low - 0.05 <= clip.T) & (high + 0.05 >= clip.T)
    assert inside.mean() > share
    assert np.linalg.norm(clip[:3], axis=0).max() < 10.0


def test_a_live_pose_moves_no_faster_than_a_body_can() -> None:
    """As in files: what a sensor says that has lost its dancer would be heard as every knob at its end."""
    values = CanonicalStream(30.0, 30.0).push(np.full((2, len(INPUTS)), 3e38))
    assert np.abs(values).max() <= FASTEST_TURN


def test_reading_movement_never_loads_torch() -> None:
    code = "import latentone.models.mocap.clips, latentone.models.mocap.stream, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
