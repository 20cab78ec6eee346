"""Which joint of any skeleton is which limb, by the names that programs give them and by how they hang together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import LatentoneError

SIDES = ("left", "right")
LIMBS = {
    "thigh": ("upleg", "upperleg", "thigh", "femur", "hip"),
    "shin": ("knee", "shin", "calf", "lowerleg", "lowleg", "tibia", "leg"),
    "foot": ("ankle", "foot"),
    "upper_arm": ("upperarm", "uparm", "humerus", "shldr", "arm", "shoulder"),
    "forearm": ("elbow", "forearm", "lowerarm", "lowarm", "radius"),
    "hand": ("wrist", "hand"),
}
"""Names of each limb's joint, the surest first: a `shoulder` is the collar bone where there is an `arm`, and the arm elsewhere.
So named by CMU's and cgspeed's files, MotionBuilder, Mixamo, 3ds Max (Biped), Poser and Daz, Rokoko, Xsens, Unreal, SMPL, VRM."""
OPTIONAL = ("hand",)
HEAD = ("head", "neck")
_NOISE = ("mixamorig", "bip", "j", "c", "cc", "base", "character", "bn", "def", "skel", "actor")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True)
class Joint:
    """offset (3,) from the parent in the rest pose, in the file's unit; parent -1 is the root."""

    name: str
    parent: int
    offset: tuple[float, float, float]
    end: bool = False
    """The end of a limb, which has no name of its own and does not turn."""


@dataclass(frozen=True)
class Motion:
    """What a skeleton does: matrices (frames, joints, 3, 3) in each parent's frame; positions of joints that are moved."""

    turns: np.ndarray
    positions: dict[int, np.ndarray]
    """By joint, (frames, 3), in its parent's frame, instead of its offset; the root's is where the body is."""


class Skeleton:
    """Joints, parents first, of which the limbs are known. Raises LatentoneError naming the limbs that are missing.

    where: the file, for the error.
    """

    def __init__(self, joints: Sequence[Joint], where: str) -> None:
        self.joints, self.where = list(joints), where
        limbs = _named_limbs(self.joints)
        wanted = [f"{side}_{limb}" for limb in LIMBS if limb not in OPTIONAL for side in SIDES]
        missing = [limb.replace("_", " ") for limb in wanted if limb not in limbs]
        if not missing:
            limbs["hips"] = self._meeting(limbs["left_thigh"], limbs["right_thigh"])
            limbs["chest"] = self._meeting(limbs["left_upper_arm"], limbs["right_upper_arm"])
            if limbs["chest"] == limbs["hips"]:
                missing.append("spine between hips and arms")
        if missing:
            names = ", ".join(joint.name for joint in self.joints if not joint.end)
            raise LatentoneError(f"{where}: the skeleton has no {', no '.join(missing)}; its joints are {names[:600]}")
        self.limbs = limbs
        """Joint of each limb: `left_thigh`, `chest`, …"""
        self._check_order()
        tips = [self.tip(limb) for limb in limbs]
        ends = [joint for joint in (*limbs.values(), *tips) if joint is not None]
        self._needed = sorted({above for joint in ends for above in self.ancestors(joint)})

    def ancestors(self, joint: int) -> list[int]:
        """From `joint` up to the root, both included."""
        chain = [joint]
        while (parent := self.joints[chain[-1]].parent) >= 0:
            chain.append(parent)
        return chain

    def forward(self, motion: Motion) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
        """Forward kinematics of all joints that limbs depend on, and of where limbs end.

        Returns rotations (frames, 3, 3) and places (frames, 3) by joint, in the file's axes and unit.
        """
        turned: dict[int, np.ndarray] = {-1: np.eye(3)[None]}
        places: dict[int, np.ndarray] = {-1: np.zeros((len(motion.turns), 3))}
        for joint in self._needed:  # parents come first
            parent = self.joints[joint].parent
            step = motion.positions.get(joint, np.asarray(self.joints[joint].offset)[None])
            places[joint] = places[parent] + (turned[parent] @ step[..., None])[..., 0]
            turned[joint] = turned[parent] @ motion.turns[:, joint]
        return turned, places

    def rest(self, joint: int) -> np.ndarray:
        """Where a joint is in the rest pose (3,)."""
        return np.sum([self.joints[index].offset for index in self.ancestors(joint)], axis=0)

    def tip(self, limb: str) -> int | None:
        """The joint where a limb without a named next one ends."""
        return next((index for index, joint in enumerate(self.joints) if joint.parent == self.limbs[limb]), None)

    def _meeting(self, first: int, second: int) -> int:
        above = set(self.ancestors(first))
        return next(joint for joint in self.ancestors(second) if joint in above)

    def _check_order(self) -> None:
        chains = (("hips", "chest"), *((f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in _HANGS))
        for upper, lower in chains:
            if lower in self.limbs and self.limbs[upper] not in self.ancestors(self.limbs[lower]):
                names = self.joints[self.limbs[lower]].name, self.joints[self.limbs[upper]].name
                raise LatentoneError(
                    f"{self.where}: {names[0]} ({lower.replace('_', ' ')}) does not hang from "
                    f"{names[1]} ({upper.replace('_', ' ')}): that is not a skeleton that can be read"
                )


_HANGS = (("thigh", "shin"), ("shin", "foot"), ("upper_arm", "forearm"), ("forearm", "hand"))


def _named_limbs(joints: Sequence[Joint]) -> dict[str, int]:
    """Joint by limb, as far as names say."""
    named = [(index, *_side_and_part(name)) for index, name in _stripped(joints)]
    limbs: dict[str, int] = {}
    for limb, aliases in LIMBS.items():
        for side in SIDES:
            found = {part: index for index, its_side, part in reversed(named) if its_side == side}
            joint = next((found[alias] for alias in aliases if alias in found), None)
            if joint is not None:
                limbs[f"{side}_{limb}"] = joint
    middle = {part: index for index, side, part in reversed(named) if not side}
    head = next((middle[alias] for alias in HEAD if alias in middle), None)
    if head is not None:
        limbs["head"] = head
    return limbs


def _stripped(joints: Sequence[Joint]) -> list[tuple[int, str]]:
    """Names without the namespace, or the prefix that all of them share."""
    named = [(index, joint.name.rpartition(":")[2]) for index, joint in enumerate(joints) if not joint.end]
    names = sorted(name for _, name in named)
    alike = 0
    while names and alike < len(names[0]) and names[0][alike] == names[-1][alike]:
        alike += 1
    shared = re.match(r".*[ _.\-]", names[0][:alike]) if names else None
    return [(index, name[shared.end() :] if shared else name) for index, name in named]


def _side_and_part(name: str) -> tuple[str, str]:
    """`LeftUpLeg`, `lThigh`, `Bip01 L Thigh`, `thigh_l`, `lfemur` to (`left`, `upleg`) and the like; no side: ``."""
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and words[0] in _NOISE:
        words = words[1:]
        while words and words[0].isdigit():
            words = words[1:]
    for side in SIDES:
        marks = [word for word in words if word in (side, side[0])]
        if marks:
            return side, "".join(word for word in words if word not in marks)
    part = "".join(words)
    for side in SIDES:
        for mark in (side, side[0]):
            if part.startswith(mark) and any(part[len(mark) :] in aliases for aliases in LIMBS.values()):
                return side, part[len(mark) :]
    return "", part
