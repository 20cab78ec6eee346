"""BVH files made by hand, and real ones where they are installed: what the tests of movement read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from latentone.models.mocap import rotations

MODELS = Path(os.environ.get("LATENTONE_ASSIMP_MODELS", "/usr/share/assimp/models")) / "BVH"
DATA = Path(os.environ.get("LATENTONE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "mocap"
CMU = DATA / "cmu_train_expmap117.npz"

needs_bvh = pytest.mark.skipif(
    not MODELS.is_dir(), reason=f"no BVH files in {MODELS}: install assimp-testmodels or set LATENTONE_ASSIMP_MODELS"
)
needs_cmu = pytest.mark.skipif(not CMU.is_file(), reason=f"no {CMU}")

JOINTS = (
    ("Hips", "", (0, 0, 0)),
    ("Spine", "Hips", (0, 4, 0)),
    ("Head", "Spine", (0, 3, 0)),
    *(
        (f"{side}{joint}", f"{side}{parent}" if parent not in ("Hips", "Spine") else parent, (sign * x, y, z))
        for side, sign in (("Left", 1), ("Right", -1))
        for joint, parent, (x, y, z) in (
            ("UpLeg", "Hips", (1, 0, 0)),
            ("Leg", "UpLeg", (0, -4, 0)),
            ("Foot", "Leg", (0, -4, 0)),
            ("Arm", "Spine", (1.5, 2, 0)),
            ("ForeArm", "Arm", (3, 0, 0)),
            ("Hand", "ForeArm", (2.5, 0, 0)),
        )
    ),
)
"""Name, parent, offset of a figure in a T-pose, y up, looking along z."""
NAMES = [name for name, _, _ in JOINTS]


SIDES = ("Left", "Right")
LIMBS = ("UpLeg", "Leg", "Foot", "Arm", "ForeArm", "Hand")


def _renamed(limb: str, limbs: tuple[str, ...], **middle: str) -> dict[str, str]:
    """limb: how a name is made of side, its first letter, and part; limbs: parts in the order of LIMBS."""
    sided = {
        f"{side}{ours}": limb.format(side=side, s=side[0].lower(), S=side[0], part=part)
        for side in SIDES
        for ours, part in zip(LIMBS, limbs, strict=True)
    }
    return sided | middle


SCHEMES = {
    "Mixamo": {name: f"mixamorig:{name}" for name in NAMES},
    "with the actor's name": {name: f"Actor 1_{name}" for name in NAMES},
    "Biped": _renamed(
        "Bip01 {S} {part}",
        ("Thigh", "Calf", "Foot", "UpperArm", "Forearm", "Hand"),
        Hips="Bip01 Pelvis",
        Spine="Bip01 Spine",
        Head="Bip01 Head",
    ),
    "Unreal": _renamed(
        "{part}_{s}",
        ("thigh", "calf", "foot", "upperarm", "lowerarm", "hand"),
        Hips="pelvis",
        Spine="spine_01",
        Head="head",
    ),
    "hips and shoulders": _renamed("{side}{part}", ("Hip", "Knee", "Ankle", "Shoulder", "Elbow", "Wrist"), Head="Neck"),
    "Rokoko": _renamed("{side}{part}", ("Thigh", "Shin", "Foot", "Arm", "ForeArm", "Hand")),
    "Xsens": _renamed("{side}{part}", ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "Forearm", "Hand"), Spine="T8"),
    "Poser": _renamed("{s}{part}", ("Thigh", "Shin", "Foot", "Shldr", "ForeArm", "Hand"), Hips="hip", Head="head"),
    "Acclaim": _renamed("{s}{part}", ("femur", "tibia", "foot", "humerus", "radius", "hand"), Hips="root", Head="head"),
    "Blender": _renamed(
        "{part}.{S}", ("thigh", "shin", "foot", "upper_arm", "forearm", "hand"), Hips="hips", Head="head"
    ),
    "VRM": _renamed(
        "J_Bip_{S}_{part}",
        ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand"),
        Hips="J_Bip_C_Hips",
        Spine="J_Bip_C_Spine",
        Head="J_Bip_C_Head",
    ),
    "SMPL": _renamed("{S}_{part}", ("Hip", "Knee", "Ankle", "Shoulder", "Elbow", "Wrist"), Hips="Pelvis"),
}
"""Names of NAMES as programs give them."""


def bvh(
    frames: np.ndarray,
    *,
    names: dict[str, str] | None = None,
    scale: float = 1.0,
    order: str = "ZYX",
    without: Sequence[str] = (),
    rate_hz: float = 60.0,
) -> str:
    """A file's text. frames (frames, 3 + 3 × joints): place, then degrees about z, y and x of each of NAMES, applied in `order`.

    names: other names; without: joints left out, with all that hangs from them.
    """
    children: dict[str, list[str]] = {}
    for name, parent, _ in JOINTS:
        children.setdefault(parent, []).append(name)
    offsets = {name: offset for name, _, offset in JOINTS}
    kept: list[str] = []

    def lines(name: str, depth: int) -> list[str]:
        kept.append(name)
        tabs = "\t" * depth
        offset = " ".join(f"{scale * value:.6f}" for value in offsets[name])
        turning = " ".join(f"{axis}rotation" for axis in order)
        channels = f"6 Xposition Yposition Zposition {turning}" if not depth else f"3 {turning}"
        head = [f"{tabs}{'JOINT' if depth else 'ROOT'} {(names or {}).get(name, name)}", f"{tabs}{{"]
        head += [f"{tabs}\tOFFSET {offset}", f"{tabs}\tCHANNELS {channels}"]
        below = [line for child in children.get(name, []) if child not in without for line in lines(child, depth + 1)]
        end = [f"{tabs}\tEnd Site", f"{tabs}\t{{", f"{tabs}\t\tOFFSET 0 0 {scale}", f"{tabs}\t}}"]
        return [*head, *(below or end), f"{tabs}}}"]

    hierarchy = lines("Hips", 0)
    rows = []
    for frame in frames:
        turns = {name: frame[3 + 3 * i : 6 + 3 * i] for i, name in enumerate(NAMES)}
        rows.append([*(scale * frame[:3]), *(turns[name]["ZYX".index(axis)] for name in kept for axis in order)])
    motion = [" ".join(f"{value:.6f}" for value in row) for row in rows]
    return "\n".join(
        ["HIERARCHY", *hierarchy, "MOTION", f"Frames: {len(rows)}", f"Frame Time: {1 / rate_hz:.7f}", *motion, ""]
    )


def walk(seconds: float = 2.0, rate_hz: float = 60.0, speed: float = 8.0) -> np.ndarray:
    """A figure that walks along z: legs and arms swing once a second, knees and elbows bend, the body sways."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * time
    frames = np.zeros((len(time), 3 + 3 * len(NAMES)))
    frames[:, 1], frames[:, 2] = 9 + 0.2 * np.cos(2 * phase), speed * time
    put = {name: 3 + 3 * i for i, name in enumerate(NAMES)}
    frames[:, put["Hips"] + 1] = 5 * np.sin(phase)
    frames[:, put["Head"] + 1] = 10 * np.cos(phase)
    frames[:, put["Spine"] + 2] = 4 + 2 * np.sin(2 * phase)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        frames[:, put[f"{side}UpLeg"] + 2] = -sign * 25 * np.sin(phase)
        frames[:, put[f"{side}Leg"] + 2] = 20 + 20 * np.sin(phase + sign)
        frames[:, put[f"{side}Arm"]] = -sign * 75
        frames[:, put[f"{side}Hand"] + 2] = 15 + 5 * np.sin(phase)
        frames[:, put[f"{side}ForeArm"] + 1] = -sign * (30 + 10 * np.sin(phase))
    return frames


def rested(frames: np.ndarray, own: dict[str, np.ndarray], axes: np.ndarray) -> str:
    """The file of the same movement for a skeleton with another rest pose.

    own: by joint, how its own axes are turned, (3, 3). axes: from our x, y, z to the file's, (3, 3).
    """
    parents = {name: parent for name, parent, _ in JOINTS}
    own = {"": np.eye(3)} | {name: own.get(name, np.eye(3)) for name in NAMES}
    kept = bvh(frames).splitlines()
    order = [line.split()[-1] for line in kept if line.strip().startswith(("ROOT", "JOINT"))]
    columns = [frames[:, :3] @ axes.T]
    for name in order:
        place = 3 + 3 * NAMES.index(name)
        turns = rotations.from_euler(np.radians(frames[:, place : place + 3]), "ZYX")
        turns = axes @ own[parents[name]] @ turns @ own[name].T @ axes.T
        columns.append(np.degrees(_euler(turns)))
    offsets = {name: axes @ own[parent] @ np.array(offset, float) for name, parent, offset in JOINTS}
    lines: list[str] = []
    for line in kept[: next(i for i, line in enumerate(kept) if line.startswith("Frame Time")) + 1]:
        is_joint = line.strip().startswith("OFFSET") and not lines[-2].strip().startswith("End")
        lines.append("OFFSET " + " ".join(f"{x:.6f}" for x in offsets[lines[-2].split()[-1]]) if is_joint else line)
    lines += [" ".join(f"{value:.6f}" for value in row) for row in np.concatenate(columns, axis=1)]
    return "\n".join(lines)


def _euler(matrices: np.ndarray) -> np.ndarray:
    """Radians (frames, 3) about z, y and x of R = Rz Ry Rx."""
    about_z = np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0])
    about_y = np.arcsin(np.clip(-matrices[:, 2, 0], -1, 1))
    return np.stack([about_z, about_y, np.arctan2(matrices[:, 2, 1], matrices[:, 2, 2])], axis=-1)
