"""Poses that any skeleton can take: fifteen limbs turned from a common T-pose, each relative to the one it hangs from.

Files differ in what their joints' axes are, in how the figure stands when nothing is turned, in units, and in how many joints a
spine has. What they share is where bones point in the rest pose. So each limb's rotation is counted from a T-pose: the rest pose is
first turned to stand upright and look along z, and each limb of it by the smallest rotation that makes it point as in the
T-pose (arms sideways, legs down; feet, hands, chest and head go with what they hang from). Limbs then point exactly where they do
in the file, and twists about them, which a frame built of bone directions alone would lose or let jump where an elbow is
straight, are the file's own. Where the rest poses of two files are twisted about a limb (palms down, palms forward), so are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import LatentoneError
from . import rotations
from .skeleton import SIDES, Motion, Skeleton

LIMBS = (
    "hips", "chest", "head",
    *(f"{side}_{limb}" for side in SIDES for limb in ("upper_arm", "forearm", "hand", "thigh", "shin", "foot")),
)  # fmt: skip
HANGS_FROM = {"hips": "", "chest": "hips", "head": "chest"} | {
    f"{side}_{lower}": upper.format(side)
    for side in SIDES
    for lower, upper in {
        "upper_arm": "chest",
        "forearm": "{}_upper_arm",
        "hand": "{}_forearm",
        "thigh": "hips",
        "shin": "{}_thigh",
        "foot": "{}_shin",
    }.items()
}
UPPER = [LIMBS.index(HANGS_FROM[limb] or "hips") for limb in LIMBS]
ROOT = ("velocity_left", "velocity_up", "velocity_forward", "turn")
"""Leg lengths a second along the hips' heading, and how fast that turns to the left, radians a second."""
INPUTS = [*ROOT, *(f"{limb}_{axis}{part}" for limb in LIMBS for axis in "xy" for part in "xyz")]
"""Channels of a canonical pose: how the body moves, then six numbers a limb: where its own x and y axis point.

The hips' are relative to the heading, the other limbs' to what they hang from; x is left, y up, z forward.
"""
_POINTS = {"upper_arm": np.array([1.0, 0, 0]), "thigh": np.array([0, -1.0, 0])}
_POINTS |= {"forearm": _POINTS["upper_arm"], "shin": _POINTS["thigh"]}
_NEXT = {"upper_arm": "forearm", "forearm": "hand", "thigh": "shin", "shin": "foot"}


@dataclass(frozen=True)
class Poses:
    """A body frame by frame: what is left of a file when its skeleton is gone."""

    place: np.ndarray
    """Of the hips (frames, 3), in leg lengths."""
    heading: np.ndarray
    """Of the hips about the vertical (frames,), radians to the left, without jumps of a whole turn within one call."""
    limbs: np.ndarray
    """(frames, 15, 6): rotations as `rotations.to_six` has them; the hips' relative to the heading."""

    def __len__(self) -> int:
        return len(self.heading)


class Reader:
    """Any skeleton's rotations to poses. Raises LatentoneError for a rest pose that is no standing figure."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self._joints = skeleton.limbs
        self._upright = _upright(skeleton)
        self.leg = np.mean([self._leg(side) for side in SIDES])
        """Thigh and shin in the file's unit."""
        self._aligned = self._align()
        self._needed = sorted({above for joint in self._joints.values() for above in skeleton.ancestors(joint)})

    def poses(self, motion: Motion) -> Poses:
        """motion: frames of this skeleton."""
        turned: dict[int, np.ndarray] = {-1: np.eye(3)[None]}
        for joint in self._needed:  # parents come first
            turned[joint] = turned[self.skeleton.joints[joint].parent] @ motion.turns[:, joint]
        whole = {
            limb: self._upright.T @ turned[self._joints[limb]] @ self._upright @ self._aligned[limb]
            for limb in LIMBS
            if limb in self._joints
        }
        for limb in LIMBS:
            whole.setdefault(limb, whole[HANGS_FROM[limb] or limb])
        heading = rotations.heading(whole["hips"])
        upper = {**whole, "": rotations.about_vertical(heading)}
        relative = [np.swapaxes(upper[HANGS_FROM[limb]], -1, -2) @ whole[limb] for limb in LIMBS]
        place = self._place(motion, turned) @ self._upright / self.leg
        return Poses(place, np.unwrap(heading), rotations.to_six(np.stack(relative, axis=1)))

    def _place(self, motion: Motion, turned: dict[int, np.ndarray]) -> np.ndarray:
        """Of the hips (frames, 3), in the file's frame and unit."""
        place = np.zeros((len(motion.turns), 3))
        for joint in self.skeleton.ancestors(self._joints["hips"]):
            above = self.skeleton.joints[joint]
            step = motion.positions.get(joint, np.asarray(above.offset)[None])
            place += (turned[above.parent] @ step[..., None])[..., 0]
        return place

    def _leg(self, side: str) -> float:
        hip, knee, ankle = (self.skeleton.rest(self._joints[f"{side}_{limb}"]) for limb in ("thigh", "shin", "foot"))
        length = float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
        if length <= 0:
            raise LatentoneError(f"{self.skeleton.where}: the {side} leg has no length in the rest pose")
        return length

    def _align(self) -> dict[str, np.ndarray]:
        """By limb: from the T-pose to the rest pose, both upright."""
        aligned: dict[str, np.ndarray] = {"hips": np.eye(3), "chest": np.eye(3), "head": np.eye(3)}
        for limb in LIMBS[3:]:
            side, _, part = limb.partition("_")
            start = aligned[HANGS_FROM[limb]]
            if limb in self._joints and part in _POINTS:
                bone = self._upright.T @ self._bone(limb, f"{side}_{_NEXT[part]}")
                points = _POINTS[part] * (-1.0 if side == "right" and "arm" in part else 1.0)
                if np.linalg.norm(bone) > 1e-6 * self.leg:
                    start = rotations.between(points, bone)
            aligned[limb] = start
        return aligned

    def _bone(self, limb: str, following: str) -> np.ndarray:
        end = self._joints.get(following, self.skeleton.tip(limb))
        here = self.skeleton.rest(self._joints[limb])
        return self.skeleton.rest(end) - here if end is not None else np.zeros(3)


def _upright(skeleton: Skeleton) -> np.ndarray:
    """From a figure that stands upright, y up, and looks along z, to the rest pose: along the file's axes, (3, 3)."""
    limbs = skeleton.limbs
    at = {limb: skeleton.rest(joint) for limb, joint in limbs.items()}
    hips = (at["left_thigh"] + at["right_thigh"]) / 2
    shoulders = (at["left_upper_arm"] + at["right_upper_arm"]) / 2
    feet = (at["left_foot"] + at["right_foot"]) / 2
    up, down, left = shoulders - hips, feet - hips, at["left_thigh"] - at["right_thigh"]
    lengths = [float(np.linalg.norm(part)) for part in (up, down, left)]
    if min(lengths) <= 1e-6 * max(lengths) or float(up @ down) > -0.7 * lengths[0] * lengths[1]:
        raise LatentoneError(
            f"{skeleton.where}: with all rotations at zero the skeleton is no standing figure (a T- or A-pose), so its "
            "rotations cannot be compared with others; export it again with such a rest pose"
        )
    vertical = int(np.argmax(np.abs(up)))
    sideways = int(np.argmax(np.abs(left) * (np.arange(3) != vertical)))
    y, x = np.eye(3)[vertical] * np.sign(up[vertical]), np.eye(3)[sideways] * np.sign(left[sideways])
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def canonical(poses: Poses, frame_rate_hz: float, before: Poses | None = None) -> np.ndarray:
    """Poses at `frame_rate_hz` to values (inputs, frames), float32, named by INPUTS.

    before: the frame before the first one, without which that one stands still.
    """
    first = poses if before is None else before
    place = np.concatenate([first.place[:1], poses.place])
    heading = np.concatenate([first.heading[:1], poses.heading])
    moved = (np.diff(place, axis=0) * frame_rate_hz)[:, None, :] @ rotations.about_vertical(poses.heading)
    turned = np.diff(heading) * frame_rate_hz
    values = [moved[:, 0], turned[:, None], poses.limbs.reshape(-1, 6 * len(LIMBS))]
    return np.concatenate(values, axis=1, dtype=np.float32).T
