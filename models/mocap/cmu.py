"""The skeleton of CMU's clips as exponential maps: 39 triples a frame, as `Convolutional Sequence-to-Sequence Model` has them."""

from __future__ import annotations

import numpy as np

from . import rotations
from .skeleton import Joint, Motion, Skeleton

WIDTH = 117
FRAME_RATE_HZ = 120.0
_JOINTS = (
    ("Hips", -1, (0, 0, 0)),
    ("LHipJoint", 0, (0, 0, 0)),
    ("LeftUpLeg", 1, (1.65674, -1.80282, 0.62477)),
    ("LeftLeg", 2, (2.5972, -7.13576, 0)),
    ("LeftFoot", 3, (2.49236, -6.8477, 0)),
    ("LeftToeBase", 4, (0.19704, -0.54136, 2.14581)),
    ("", 5, (0, 0, 1.11249)),
    ("RHipJoint", 0, (0, 0, 0)),
    ("RightUpLeg", 7, (-1.6107, -1.80282, 0.62476)),
    ("RightLeg", 8, (-2.59502, -7.12977, 0)),
    ("RightFoot", 9, (-2.4678, -6.78024, 0)),
    ("RightToeBase", 10, (-0.23024, -0.63258, 2.13368)),
    ("", 11, (0, 0, 1.11569)),
    ("LowerBack", 0, (0, 0, 0)),
    ("Spine", 13, (0.01961, 2.0545, -0.14112)),
    ("Spine1", 14, (0.01021, 2.06436, -0.05921)),
    ("Neck", 15, (0, 0, 0)),
    ("Neck1", 16, (0.00713, 1.56711, 0.14968)),
    ("Head", 17, (0.03429, 1.56041, -0.10006)),
    ("", 18, (0.01305, 1.6256, -0.05265)),
    ("LeftShoulder", 15, (0, 0, 0)),
    ("LeftArm", 20, (3.54205, 0.90436, -0.17364)),
    ("LeftForeArm", 21, (4.86513, 0, 0)),
    ("LeftHand", 22, (3.35554, 0, 0)),
    ("LeftFingerBase", 23, (0, 0, 0)),
    ("LeftHandIndex1", 24, (0.66117, 0, 0)),
    ("", 25, (0.53306, 0, 0)),
    ("LThumb", 23, (0, 0, 0)),
    ("", 27, (0.5412, 0, 0.5412)),
    ("RightShoulder", 15, (0, 0, 0)),
    ("RightArm", 29, (-3.49802, 0.75994, -0.32616)),
    ("RightForeArm", 30, (-5.02649, 0, 0)),
    ("RightHand", 31, (-3.36431, 0, 0)),
    ("RightFingerBase", 32, (0, 0, 0)),
    ("RightHandIndex1", 33, (-0.73041, 0, 0)),
    ("", 34, (-0.58887, 0, 0)),
    ("RThumb", 32, (0, 0, 0)),
    ("", 36, (-0.59786, 0, 0.59786)),
)
"""Names of cgspeed's BVH files of the same recordings. Bones of one of CMU's people, at 1/0.45 inch a unit."""

INPUTS = ["Hips.position.x", "Hips.position.y", "Hips.position.z"] + [
    f"{name or f'end {index}'}.{axis}" for index, (name, *_) in enumerate(_JOINTS) for axis in "xyz"
]
"""What each column is: a place, then an axis times an angle in radians for each joint."""


def skeleton() -> Skeleton:
    """The joints in the order of the columns, from the fourth on."""
    joints = [Joint(name or f"end {i}", parent, offset, not name) for i, (name, parent, offset) in enumerate(_JOINTS)]
    return Skeleton(joints, "CMU's skeleton")


def motion(values: np.ndarray) -> Motion:
    """Rows (frames, 117): where the hips are, then radians about an axis for each joint.

    The project turns row vectors by these maps; ours turns columns, hence the sign.
    """
    vectors = values.reshape(len(values), -1, 3).astype(np.float64)
    return Motion(rotations.from_exponential(-vectors[:, 1:]), {0: vectors[:, 0]})
