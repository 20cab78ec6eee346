"""A dancer's frames, one by one at the rate they come at, to the model's poses at the model's rate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from . import rotations
from .bvh import Layout, read_bvh
from .pose import INPUTS, LIMBS, ROOT, Poses, Reader, canonical
from .resample import Resampler
from .skeleton import Motion, Skeleton

FRAME_RATE_HZ = 30.0
"""Of the model, unless it was trained at another."""
_SIXES = len(LIMBS) * 6


class PoseStream:
    """Poses of one skeleton at `from_hz` to canonical values at `to_hz`; blocks of any size give what one pass gives."""

    def __init__(self, from_hz: float, to_hz: float = FRAME_RATE_HZ) -> None:
        self._to_hz = to_hz
        self._resampler = Resampler(from_hz, to_hz)
        self._heading = 0.0
        self._before: Poses | None = None

    def push(self, poses: Poses) -> np.ndarray:
        """Frames that have come to values (inputs, frames) that are due; often none."""
        if not len(poses):
            return np.zeros((len(INPUTS), 0), np.float32)
        heading = np.unwrap(np.concatenate([[self._heading], poses.heading]))[1:]
        self._heading = float(heading[-1])
        rows = np.concatenate([poses.place, heading[:, None], poses.limbs.reshape(-1, _SIXES)], axis=1)
        rows = self._resampler.push(rows)
        due = Poses(rows[:, :3], rows[:, 3], _orthonormal(rows[:, 4:]).reshape(-1, len(LIMBS), 6))
        values = canonical(due, self._to_hz, self._before)
        if len(due):
            self._before = Poses(due.place[-1:], due.heading[-1:], due.limbs[-1:])
        return values


class BvhStream:
    """Raw channel values of a BVH skeleton, frame by frame, to canonical values.

    Raises LatentoneError for a skeleton that cannot be read. `inputs` names the channels that a frame has, in order.
    """

    def __init__(self, layout: Layout, where: str, from_hz: float, to_hz: float = FRAME_RATE_HZ) -> None:
        self._layout = layout
        self._reader = Reader(Skeleton(layout.joints, where))
        self._stream = PoseStream(from_hz, to_hz)
        self.inputs = layout.names

    def push(self, frames: np.ndarray) -> np.ndarray:
        """Raw frames (frames, channels), in the file's units and degrees, to values (inputs, frames) that are due."""
        return self._stream.push(self._reader.poses(self._layout.motion(frames)))


class CanonicalStream:
    """Canonical values at `from_hz`, frame by frame, to the same at `to_hz`."""

    inputs = INPUTS

    def __init__(self, from_hz: float, to_hz: float = FRAME_RATE_HZ) -> None:
        self._resampler = Resampler(from_hz, to_hz)

    def push(self, frames: np.ndarray) -> np.ndarray:
        """Values (frames, inputs), six numbers of a limb in any length, to values (inputs, frames) that are due."""
        rows = self._resampler.push(frames.astype(np.float64))
        return np.concatenate([rows[:, : len(ROOT)], _orthonormal(rows[:, len(ROOT) :])], axis=1, dtype=np.float32).T


Frames = BvhStream | CanonicalStream


def frames_of_bvh(source: str | Path, from_hz: float | None = None, to_hz: float = FRAME_RATE_HZ) -> BvhStream:
    """A stream for the skeleton of a BVH file. from_hz: how many frames a second will come, or the file's own rate.

    Raises LatentoneError for a file or a skeleton that cannot be read.
    """
    bvh = read_bvh(Path(source))
    return BvhStream(bvh.layout, str(source), bvh.frame_rate_hz if from_hz is None else from_hz, to_hz)


def frames_of_width(streams: Sequence[Frames], width: int) -> Frames:
    """Of several streams the one whose frames have `width` values. Raises LatentoneError saying what each would take."""
    for stream in streams:
        if len(stream.inputs) == width:
            return stream
    takes = " or ".join(f"{len(stream.inputs)} ({stream.inputs[0]} … {stream.inputs[-1]})" for stream in streams)
    raise LatentoneError(f"a frame has {width} values; it should have {takes}")


def values_of(motion: Motion, reader: Reader, from_hz: float, to_hz: float = FRAME_RATE_HZ) -> np.ndarray:
    """A whole clip at once: canonical values (inputs, frames)."""
    return PoseStream(from_hz, to_hz).push(reader.poses(motion))


def _orthonormal(rows: np.ndarray) -> np.ndarray:
    """Six numbers a limb (frames, limbs × 6), interpolated, to those of the nearest rotations."""
    return rotations.to_six(rotations.from_six(rows.reshape(-1, len(LIMBS), 6))).reshape(-1, _SIXES)
