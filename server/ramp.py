"""Amplitudes that never step: each goes to its target in a straight line."""

from __future__ import annotations

from typing import Any

import numpy as np


class Ramp:
    """One amplitude a channel; a new target is reached in a straight line of `length_samples` from where it is now.

    Where a line stands is computed from where it began, never added up, so blocks of any size give the same samples.
    """

    def __init__(self, start: np.ndarray, length_samples: int) -> None:
        self.target = np.array(start, dtype=np.float32)  # (channels,)
        self._length = length_samples
        self._rise = np.arange(1, length_samples + 1, dtype=np.float32) / np.float32(length_samples)
        self._began = self.target.copy()
        self._way = np.zeros_like(self.target)
        self._done = length_samples  # samples of the line that have been played

    @property
    def left_samples(self) -> int:
        """Until the target is reached; 0 once it is."""
        return self._length - self._done

    def turn(self, target: np.ndarray) -> None:
        """Begin a line from here to `target` (channels,); a target that is not new changes nothing."""
        if np.array_equal(target, self.target):
            return
        if self.left_samples == 0:
            self._began[:] = self.target
        elif self._done:
            self._began += self._way * self._rise[self._done - 1]
        self.target[:] = target
        np.subtract(self.target, self._began, out=self._way)
        self._done = 0

    def jump(self, target: np.ndarray) -> None:
        """Be at `target` (channels,) now: for what is not heard."""
        self.target[:] = target
        self._done = self._length

    def rise(self) -> None:
        """Begin anew at silence, to the same target."""
        self._began.fill(0.0)
        self._way[:] = self.target
        self._done = 0

    def fill(self, out: np.ndarray) -> None:
        """Write the next samples into float32 `out` (channels, samples)."""
        count = min(self.left_samples, out.shape[1])
        if count:
            line = out[:, :count]
            np.multiply(self._way[:, None], self._rise[self._done : self._done + count], out=line)
            line += self._began[:, None]
            self._done += count
        out[:, count:] = self.target[:, None]

    def save(self) -> dict[str, Any]:
        """All that the next samples depend on."""
        return {"target": self.target.copy(), "began": self._began.copy(), "way": self._way.copy(), "done": self._done}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` of the same length and channels gave."""
        self.target[:], self._began[:], self._way[:] = state["target"], state["began"], state["way"]
        self._done = int(state["done"])
