"""Encoded frames on their way from the thread that encodes to the engine: a ring that neither side ever waits for."""

from __future__ import annotations

import numpy as np

LENGTH_FRAMES = 4096
SLACK_FRAMES = 3.0
"""So much farther behind than it began, the engine jumps: the encoder's clock is faster, or the engine stood still."""


class LatentFeed:
    """One writer, one reader, each on a thread of its own; `_written` only grows, and is moved after the frame is there."""

    def __init__(self, dim: int, frame_s: float, at_once: int = 1) -> None:
        """frame_s: how long a frame lasts. at_once: how many are put at a time, the first of which is read first."""
        self.frame_s, self._depth = frame_s, float(at_once)
        self._frames = np.zeros((LENGTH_FRAMES, dim), np.float32)
        self._written = 0
        self._at = -1.0  # where the reader is, in frames; before the first it is nowhere
        self._waiting = False
        self.starved = self.skipped = 0
        """How often the engine found no new frame and held the last one, and how many frames it left out."""

    @property
    def dim(self) -> int:
        return self._frames.shape[1]

    @property
    def written(self) -> int:
        return self._written

    def put(self, latents: np.ndarray) -> None:
        """The next frames: (dim, frames), in knob units. What is not finite is not taken."""
        for column in latents.T:
            if np.isfinite(column).all():
                self._frames[self._written % LENGTH_FRAMES] = column
                self._written += 1

    def take(self, duration_s: float, out: np.ndarray) -> bool:
        """The frame of now into `out` (dim,), and go on by `duration_s`; False while there has been none."""
        written = self._written
        if written == 0:
            return False
        if self._at < 0.0 or written - self._at > self._depth + SLACK_FRAMES:
            self.skipped += 0 if self._at < 0.0 else int(written - self._at - self._depth)
            self._at = max(0.0, written - self._depth)
        if self._at >= written:  # hold the last one, and stay so much farther behind from now on
            self.starved += 0 if self._waiting else 1
            self._waiting = True
            out[:] = self._frames[(written - 1) % LENGTH_FRAMES]
            return True
        self._waiting = False
        out[:] = self._frames[int(self._at) % LENGTH_FRAMES]
        self._at += duration_s / self.frame_s
        return True
