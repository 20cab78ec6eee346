"""A dancer's frames, one by one at the rate they come at, to the model's poses at the model's rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from . import cmu, rotations
from .bvh import read_bvh
from .pose import FASTEST, FASTEST_TURN, INPUTS, LIMBS, ROOT, Poses, Reader, canonical
from .resample import Resampler
from .skeleton import Motion, Skeleton

FRAME_RATE_HZ = 30.0
"""Of the model, unless it was trained at another."""
FASTEST_ROOT = np.array([FASTEST] * 3 + [FASTEST_TURN])
"""Of the values of ROOT, as `canonical` bounds them."""
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


class RawStream:
    """Raw frames of one skeleton, as they come, to canonical values.

    motion: what raw frames (frames, channels) do. `inputs` names the channels that a frame has, in order.
    """

    def __init__(
        self,
        reader: Reader,
        motion: Callable[[np.ndarray], Motion],
        inputs: Sequence[str],
        from_hz: float,
        to_hz: float = FRAME_RATE_HZ,
    ) -> None:
        self._reader, self._motion, self.inputs = reader, motion, list(inputs)
        self._stream = PoseStream(from_hz, to_hz)

    def push(self, frames: np.ndarray) -> np.ndarray:
        """Raw frames (frames, channels), in the file's units, to values (inputs, frames) that are due."""
        return self._stream.push(self._reader.poses(self._motion(frames)))


class CanonicalStream:
    """Canonical values at `from_hz`, frame by frame, to the same at `to_hz`."""

    inputs = INPUTS

    def __init__(self, from_hz: float, to_hz: float = FRAME_RATE_HZ) -> None:
        self._resampler = Resampler(from_hz, to_hz)

    def push(self, frames: np.ndarray) -> np.ndarray:
        """Values (frames, inputs), six numbers of a limb in any length, to values (inputs, frames) that are due."""
        rows = self._resampler.push(frames.astype(np.float64))
        root = np.clip(rows[:, : len(ROOT)], -FASTEST_ROOT, FASTEST_ROOT)
        return np.concatenate([root, _orthonormal(rows[:, len(ROOT) :])], axis=1, dtype=np.float32).T


def frames_of_bvh(source: str | Path, from_hz: float | None = None, to_hz: float = FRAME_RATE_HZ) -> RawStream:
    """A stream for the skeleton of a BVH file: its channels in its order, degrees as in the file.

    from_hz: how many frames a second will come, or the file's own rate. Raises LatentoneError for a file or a skeleton that
    cannot be read.
    """
    bvh = read_bvh(Path(source))
    rate_hz = bvh.frame_rate_hz if from_hz is None else from_hz
    reader = Reader(Skeleton(bvh.layout.joints, str(source)), bvh.layout.motion(bvh.values))
    return RawStream(reader, bvh.layout.motion, bvh.layout.names, rate_hz, to_hz)


def frames_of_cmu(from_hz: float | None = None, to_hz: float = FRAME_RATE_HZ) -> RawStream:
    """A stream for frames of 117 numbers, exponential maps of CMU's skeleton, at 120 Hz unless said otherwise."""
    return RawStream(Reader(cmu.skeleton()), cmu.motion, cmu.INPUTS, from_hz or cmu.FRAME_RATE_HZ, to_hz)


class LiveFrames:
    """Frames as a dancer's program sends them, one by one: raw ones of the skeleton of `source`, or canonical values.

    source: a BVH file, a folder of them, of which the first counts, or an npz of exponential maps. to_hz: the model's rate.
    from_hz: of the raw frames if it is not the file's, and of canonical ones if it is not the model's. How many values a frame
    has says which of the two it is. Raises LatentoneError for a file or a skeleton that cannot be read.
    """

    def __init__(self, source: str | Path, to_hz: float = FRAME_RATE_HZ, from_hz: float | None = None) -> None:
        path = Path(source)
        if path.is_dir():
            path = next((file for file in sorted(path.rglob("*")) if file.suffix.lower() == ".bvh"), path)
        raw = frames_of_cmu(from_hz, to_hz) if path.suffix.lower() == ".npz" else frames_of_bvh(path, from_hz, to_hz)
        self._streams = (raw, CanonicalStream(from_hz or to_hz, to_hz))

    def push(self, frame: Sequence[float]) -> np.ndarray:
        """One frame to canonical values (inputs, frames) that are due: none, one, or several where the model is faster.

        Raises LatentoneError for a frame of another width, or with a value that is not finite.
        """
        values = np.asarray(frame, np.float64)[None]
        if not np.isfinite(values).all():
            raise LatentoneError("a frame has a value that is not finite")
        for stream in self._streams:
            if len(stream.inputs) == values.shape[1]:
                return stream.push(values)
        takes = " or ".join(f"{len(s.inputs)} ({s.inputs[0]} … {s.inputs[-1]})" for s in self._streams)
        raise LatentoneError(f"a frame has {values.shape[1]} values; it should have {takes}")


def values_of(motion: Motion, reader: Reader, from_hz: float, to_hz: float = FRAME_RATE_HZ) -> np.ndarray:
    """A whole clip at once: canonical values (inputs, frames)."""
    return PoseStream(from_hz, to_hz).push(reader.poses(motion))


def _orthonormal(rows: np.ndarray) -> np.ndarray:
    """Six numbers a limb (frames, limbs × 6), interpolated, to those of the nearest rotations."""
    return rotations.to_six(rotations.from_six(rows.reshape(-1, len(LIMBS), 6))).reshape(-1, _SIXES)
