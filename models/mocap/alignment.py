"""From the T-pose that all skeletons share to the axes that a joint of one of them has: by its rest pose, or by how it moves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import LatentoneError
from . import rotations
from .skeleton import SIDES, Motion, Skeleton

LIMBS = (
    "hips", "chest", "head",
    *(f"{side}_{limb}" for side in SIDES for limb in ("upper_arm", "forearm", "hand", "thigh", "shin", "foot")),
)  # fmt: skip
_HANGS_FROM = {
    "upper_arm": "chest",
    "forearm": "{}_upper_arm",
    "hand": "{}_forearm",
    "thigh": "hips",
    "shin": "{}_thigh",
    "foot": "{}_shin",
}
HANGS_FROM = {"hips": "", "chest": "hips", "head": "chest"} | {
    f"{side}_{limb}": upper.format(side) for side in SIDES for limb, upper in _HANGS_FROM.items()
}
_POINTS = {
    "upper_arm": np.array([1.0, 0, 0]),
    "forearm": np.array([1.0, 0, 0]),
    "thigh": np.array([0, -1.0, 0]),
    "shin": np.array([0, -1.0, 0]),
}
"""Where a left limb points in the T-pose: x is left, y up, z forward."""
_FOOT = np.array([0, -0.2, 1.0])
_NEXT = {"upper_arm": "forearm", "forearm": "hand", "thigh": "shin", "shin": "foot"}
CALIBRATION_FRAMES = 500


class Alignment(NamedTuple):
    """world: from upright axes (x, y up, z) to the file's, (3, 3). limbs: from the T-pose to each limb's joint's own axes."""

    world: np.ndarray
    limbs: dict[str, np.ndarray]


def align(skeleton: Skeleton, motion: Motion | None) -> Alignment:
    """By the rest pose where that is a standing figure, and else by `motion`, some frames of which most are upright.

    Raises LatentoneError where neither is there.
    """
    world = _standing(skeleton)
    if world is not None:
        return Alignment(world, _by_rest(skeleton, world))
    if motion is None or not len(motion.turns):
        raise LatentoneError(
            f"{skeleton.where}: with all rotations at zero the skeleton is no standing figure, so its rotations cannot be "
            "compared with others without frames of its movement"
        )
    step = -(-len(motion.turns) // CALIBRATION_FRAMES)
    places = {joint: places[::step] for joint, places in motion.positions.items()}
    return _by_motion(skeleton, Motion(motion.turns[::step], places))


def points(limb: str) -> np.ndarray | None:
    """Where a limb points in the T-pose; None for those that go with what they hang from."""
    side, _, part = limb.partition("_")
    if part not in _POINTS:
        return None
    return _POINTS[part] * (-1.0 if side == "right" and "arm" in part else 1.0)


def end_of(skeleton: Skeleton, limb: str) -> int | None:
    """The joint where a limb ends."""
    side, _, part = limb.partition("_")
    return skeleton.limbs.get(f"{side}_{_NEXT.get(part)}", skeleton.tip(limb))


def _standing(skeleton: Skeleton) -> np.ndarray | None:
    """Upright axes of the rest pose, to the nearest axes of the file; None where it does not stand."""
    at = {limb: skeleton.rest(joint) for limb, joint in skeleton.limbs.items()}
    hips = (at["left_thigh"] + at["right_thigh"]) / 2
    shoulders = (at["left_upper_arm"] + at["right_upper_arm"]) / 2
    feet = (at["left_foot"] + at["right_foot"]) / 2
    up, down, left = shoulders - hips, feet - hips, at["left_thigh"] - at["right_thigh"]
    lengths = [float(np.linalg.norm(part)) for part in (up, down, left)]
    if min(lengths) <= 1e-6 * max(lengths) or float(up @ down) > -0.7 * lengths[0] * lengths[1]:
        return None
    return _nearest_axes(up, left)


def _nearest_axes(up: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Columns x, y, z along axes of the file."""
    vertical = int(np.argmax(np.abs(up)))
    sideways = int(np.argmax(np.abs(left) * (np.arange(3) != vertical)))
    y = np.eye(3)[vertical] * np.sign(up[vertical])
    x = np.eye(3)[sideways] * (np.sign(left[sideways]) or 1.0)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _by_rest(skeleton: Skeleton, world: np.ndarray) -> dict[str, np.ndarray]:
    """Each limb is turned by the smallest rotation that makes it point as in the T-pose; others go with what they hang from."""
    turned = {"hips": np.eye(3), "chest": np.eye(3), "head": np.eye(3)}
    for limb in LIMBS[3:]:
        turned[limb] = turned[HANGS_FROM[limb]]
        pointing, end = points(limb), end_of(skeleton, limb) if limb in skeleton.limbs else None
        if pointing is not None and end is not None:
            bone = world.T @ (skeleton.rest(end) - skeleton.rest(skeleton.limbs[limb]))
            if np.linalg.norm(bone) > 0:
                turned[limb] = rotations.between(pointing, bone)
    return {limb: world @ turn for limb, turn in turned.items()}


def _by_motion(skeleton: Skeleton, motion: Motion) -> Alignment:
    """Frames built of where joints are say how each limb is turned, but for its twist, which is none on average.

    Bones then point as they do in the file, and twists begin where they are on average, as the rest pose does not tell.
    """
    turned, places = skeleton.forward(motion)
    at = {limb: places[joint] for limb, joint in skeleton.limbs.items()}
    hips, shoulders = (at["left_thigh"] + at["right_thigh"]) / 2, (at["left_upper_arm"] + at["right_upper_arm"]) / 2
    feet = (at["left_foot"] + at["right_foot"]) / 2
    world = _nearest_axes((shoulders - feet).mean(axis=0), (at["left_thigh"] - at["right_thigh"]).mean(axis=0))
    built = {
        "hips": _frame(at["left_thigh"] - at["right_thigh"], at["chest"] - hips),
        "chest": _frame(at["left_upper_arm"] - at["right_upper_arm"], shoulders - hips),
    }
    limbs = {}
    for limb in LIMBS:
        above = built.get(HANGS_FROM[limb])
        end = end_of(skeleton, limb) if limb in skeleton.limbs else None
        pointing = _FOOT if limb.endswith("_foot") else points(limb)
        bone = None if end is None or pointing is None else places[end] - at[limb]
        if limb not in built:
            assert above is not None
            built[limb] = above if bone is None or not np.any(bone) else _swung(above, pointing, bone)
        if limb not in skeleton.limbs:
            continue
        own = turned[skeleton.limbs[limb]]
        limbs[limb] = _mean(np.swapaxes(own, -1, -2) @ built[limb])
        if bone is not None and pointing is not None and np.any(bone):
            local = (np.swapaxes(own, -1, -2) @ bone[..., None])[..., 0].mean(axis=0)
            limbs[limb] = rotations.between(limbs[limb] @ pointing, local) @ limbs[limb]
    return Alignment(world, limbs)


def _frame(left: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Directions (frames, 3) to matrices whose columns are left, what is nearest to up, and forward, in the file's axes."""
    return rotations.from_six(np.concatenate([left, up], axis=-1))


def _swung(above: np.ndarray, pointing: np.ndarray | None, bone: np.ndarray) -> np.ndarray:
    """`above` (frames, 3, 3), each turned by the smallest rotation that makes it point along `bone` (frames, 3)."""
    assert pointing is not None
    return np.stack(
        [rotations.between(frame @ pointing, along) @ frame for frame, along in zip(above, bone, strict=True)]
    )


def _mean(matrices: np.ndarray) -> np.ndarray:
    """The rotation nearest to the mean of some."""
    left, _, right = np.linalg.svd(matrices.mean(axis=0))
    return left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
