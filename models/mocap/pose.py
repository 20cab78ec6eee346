"""Poses that any skeleton can take: fifteen limbs turned from a common T-pose, each relative to the one it hangs from.

Files differ in what their joints' axes are, in how the figure stands when nothing is turned, in units, and in how many joints a
spine has. What they share is where bones point in the rest pose. So each limb's rotation is counted from a T-pose: the rest pose is
first turned to stand upright and look along z, and each limb of it by the smallest rotation that makes it point as in the
T-pose (arms sideways, legs down; feet, hands, chest and head go with what they hang from). Limbs then point exactly where they do
in the file, and twists about them, which a frame built of bone directions alone would lose or let jump where an elbow is
straight, are the file's own. Where the rest poses of two files are twisted about a limb (palms down, palms forward), so are theirs.
A rest pose in which nobody can stand, as files have whose joints all point along x, tells nothing: then the movement is asked
how limbs are turned on average (`alignment`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import LatentoneError
from . import rotations
from .alignment import HANGS_FROM, LIMBS, align
from .skeleton import SIDES, Motion, Skeleton

__all__ = ["HANGS_FROM", "INPUTS", "LIMBS", "ROOT", "Poses", "Reader", "canonical"]

ROOT = ("velocity_left", "velocity_up", "velocity_forward", "turn")
"""Leg lengths a second along the hips' heading, and how fast that turns to the left, radians a second."""
FASTEST, FASTEST_TURN = 15.0, 20.0
"""Of what a body can do, leg lengths and radians a second: more is a sensor that jumped, and counts as so much."""
INPUTS = [*ROOT, *(f"{limb}_{axis}{part}" for limb in LIMBS for axis in "xy" for part in "xyz")]
"""Channels of a canonical pose: how the body moves, then six numbers a limb: where its own x and y axis point.

The hips' are relative to the heading, the other limbs' to what they hang from; x is left, y up, z forward.
"""


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
    """Any skeleton's rotations to poses.

    motion: frames of it, which are asked where its rest pose is no standing figure. Raises LatentoneError where that takes them
    and they are not there, or legs have no length.
    """

    def __init__(self, skeleton: Skeleton, motion: Motion | None = None) -> None:
        self.skeleton = skeleton
        self._world, self._limbs = align(skeleton, motion)
        self._leg = float(np.mean([_leg(skeleton, side) for side in SIDES]))

    def poses(self, motion: Motion) -> Poses:
        """motion: frames of this skeleton."""
        turned, places = self.skeleton.forward(motion)
        joints = self.skeleton.limbs
        whole = {limb: self._world.T @ turned[joints[limb]] @ self._limbs[limb] for limb in LIMBS if limb in joints}
        for limb in LIMBS:
            whole.setdefault(limb, whole[HANGS_FROM[limb] or limb])
        heading = rotations.heading(whole["hips"])
        upper = {**whole, "": rotations.about_vertical(heading)}
        relative = [np.swapaxes(upper[HANGS_FROM[limb]], -1, -2) @ whole[limb] for limb in LIMBS]
        place = places[joints["hips"]] @ self._world / self._leg
        return Poses(place, np.unwrap(heading), rotations.to_six(np.stack(relative, axis=1)))


def _leg(skeleton: Skeleton, side: str) -> float:
    """Thigh and shin in the file's unit."""
    hip, knee, ankle = (skeleton.rest(skeleton.limbs[f"{side}_{limb}"]) for limb in ("thigh", "shin", "foot"))
    length = float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
    if length <= 0:
        raise LatentoneError(f"{skeleton.where}: the {side} leg has no length in the rest pose")
    return length


def canonical(poses: Poses, frame_rate_hz: float, before: Poses | None = None) -> np.ndarray:
    """Poses at `frame_rate_hz` to values (inputs, frames), float32, named by INPUTS.

    before: the frame before the first one, without which that one stands still.
    """
    first = poses if before is None else before
    place = np.concatenate([first.place[:1], poses.place])
    heading = np.concatenate([first.heading[:1], poses.heading])
    moved = (np.diff(place, axis=0) * frame_rate_hz)[:, None, :] @ rotations.about_vertical(poses.heading)
    turned = np.diff(heading) * frame_rate_hz
    moved, turned = np.clip(moved[:, 0], -FASTEST, FASTEST), np.clip(turned, -FASTEST_TURN, FASTEST_TURN)
    values = [moved, turned[:, None], poses.limbs.reshape(-1, 6 * len(LIMBS))]
    return np.concatenate(values, axis=1, dtype=np.float32).T
