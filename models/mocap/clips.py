"""Clips of movement from files, as canonical poses at the model's frame rate; imports no torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from . import cmu
from .bvh import read_bvh
from .cmu_signs import mended
from .pose import INPUTS, Reader
from .skeleton import Motion, Skeleton
from .stream import FRAME_RATE_HZ, values_of

__all__ = ["FRAME_RATE_HZ", "INPUTS", "Clip", "read_clips"]

SLOWEST_HZ, FASTEST_HZ = 0.1, 10_000.0
"""Of frames in files."""
MOST = 1e6
"""Of a value in an npz: radians, or places in inches."""
REFERENCE_SHARE = 0.75
"""A first frame of which so many joints are not turned at all is the T-pose that some files begin with: it is passed over."""


@dataclass(frozen=True)
class Clip:
    """One movement."""

    name: str
    label: str
    """What is done in it, by the folder or the key that it was found under; empty where there is none."""
    values: np.ndarray
    """Float32 (inputs, frames), named by INPUTS."""
    frame_rate_hz: float


def read_clips(source: str | Path, frame_rate_hz: float = FRAME_RATE_HZ) -> list[Clip]:
    """Clips of a BVH file, of a folder of them (a folder within it is a label), or of an npz of exponential maps.

    The npz has one array (frames, 117) a clip, by `label/name`; `frame_rate_hz` in it says its rate, which is 120 Hz if not.
    Raises LatentoneError, one line, for what cannot be read.
    """
    path = Path(source)
    if path.is_dir():
        clips = _folder(path, frame_rate_hz)
    elif path.suffix.lower() == ".bvh" and path.is_file():
        clips = [_bvh(path, "", frame_rate_hz)]
    elif path.suffix.lower() == ".npz" and path.is_file():
        clips = _npz(path, frame_rate_hz)
    elif path.exists():
        raise LatentoneError(
            f"{path}: not a movement: a .bvh file, a folder of them, or a .npz of exponential maps is needed"
        )
    else:
        raise LatentoneError(f"{path}: no such file or folder of movements")
    return _distinct(clips)


def _folder(path: Path, frame_rate_hz: float) -> list[Clip]:
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".bvh")
    if not files:
        raise LatentoneError(f"{path}: no .bvh file in this folder")
    return [_bvh(file, "" if file.parent == path else file.parent.name, frame_rate_hz) for file in files]


def _bvh(path: Path, label: str, frame_rate_hz: float) -> Clip:
    bvh = read_bvh(path)
    motion = bvh.layout.motion(bvh.values)
    reader = Reader(Skeleton(bvh.layout.joints, str(path)), motion)
    values = _values(motion, reader, bvh.frame_rate_hz, frame_rate_hz)
    return Clip(path.stem, label, values, frame_rate_hz)


def _npz(path: Path, frame_rate_hz: float) -> list[Clip]:
    skeleton = cmu.skeleton()
    reader = Reader(skeleton)
    clips = []
    held = _arrays(path)
    from_hz = _rate_hz(path, held.pop("frame_rate_hz", np.array(cmu.FRAME_RATE_HZ)))
    for key, array in held.items():
        if array.dtype.kind not in "fiu" or array.ndim != 2 or array.shape[1] != cmu.WIDTH or not len(array):
            raise LatentoneError(f"{path}: {key} is not (frames, {cmu.WIDTH}) numbers, but {array.dtype} {array.shape}")
        if not (np.abs(array) < MOST).all():
            raise LatentoneError(
                f"{path}: {key} has values that are no angles or places: not finite, or {MOST:g} and more"
            )
        label, _, name = key.rpartition("/")
        motion = cmu.motion(mended(array.astype(np.float64), skeleton))
        clips.append(Clip(name, label, _values(motion, reader, from_hz, frame_rate_hz), frame_rate_hz))
    if not clips:
        raise LatentoneError(f"{path}: holds no movement")
    return clips


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """All that an npz holds, by name."""
    try:
        with path.open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            if isinstance(arrays, np.ndarray):
                raise LatentoneError(f"{path}: not an npz of movements, but a single array")
            return {key: arrays[key] for key in arrays.files}
    except LatentoneError:
        raise
    except Exception as error:  # whatever NumPy and the unpackers throw at a file that is not what it says
        why = "no npz, or one with pickled objects in it" if isinstance(error, ValueError) else f"{error}"
        raise LatentoneError(f"{path}: not a readable npz of movements ({why})") from None


def _rate_hz(path: Path, said: np.ndarray) -> float:
    if said.shape != () or said.dtype.kind not in "fiu" or not SLOWEST_HZ <= said <= FASTEST_HZ:
        raise LatentoneError(
            f"{path}: frame_rate_hz must be one number, {SLOWEST_HZ:g} to {FASTEST_HZ:g}, got {str(said)[:40]}"
        )
    return float(said)


def _values(motion: Motion, reader: Reader, from_hz: float, to_hz: float) -> np.ndarray:
    still = np.abs(motion.turns[0] - np.eye(3)).max(axis=(1, 2)) < 1e-4
    if len(motion.turns) > 1 and still.mean() >= REFERENCE_SHARE:
        motion = Motion(motion.turns[1:], {joint: places[1:] for joint, places in motion.positions.items()})
    return values_of(motion, reader, from_hz, to_hz)


def _distinct(clips: list[Clip]) -> list[Clip]:
    """Names that stand for one clip each: with the label before those that would not."""
    count = Counter(clip.name for clip in clips)
    named = [
        Clip(
            f"{clip.label}_{clip.name}" if count[clip.name] > 1 else clip.name,
            clip.label,
            clip.values,
            clip.frame_rate_hz,
        )
        for clip in clips
    ]
    twice = [name for name, times in Counter(clip.name for clip in named).items() if times > 1]
    if twice:
        raise LatentoneError(f"two clips are named {twice[0]}: give one file another name")
    return named
