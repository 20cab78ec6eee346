"""From any frame rate to the model's, frame by frame as they come, with nothing but the last frame remembered."""

from __future__ import annotations

import numpy as np

SLACK = 1e-6
"""Of a frame: rates such as 119.99 and 120 Hz are one, and no frame is missed by rounding."""


class Resampler:
    """Rows at `from_hz`, interpolated linearly at `to_hz`: what comes out depends on no row but those that went in.

    The first row comes out at once; a row that falls between two of the input comes out with the second, so
    the delay is less than one frame of the input. Blocks of any size give what one pass gives.
    """

    def __init__(self, from_hz: float, to_hz: float) -> None:
        self._step = from_hz / to_hz
        self._read = 0
        self._written = 0
        self._last: np.ndarray | None = None

    def push(self, rows: np.ndarray) -> np.ndarray:
        """rows (frames, …) to those that are due (frames, …); both may be empty."""
        if not len(rows):
            return rows[:0]
        joined = rows if self._last is None else np.concatenate([self._last[None], rows])
        start = self._read - (self._last is not None)
        self._read += len(rows)
        self._last = rows[-1].copy()
        until = int(np.floor((self._read - 1) / self._step + SLACK)) + 1
        places = np.arange(self._written, until) * self._step - start
        self._written = max(self._written, until)
        below = np.clip(np.floor(places + SLACK).astype(int), 0, len(joined) - 1)
        above = np.minimum(below + 1, len(joined) - 1)
        share = np.clip(places - below, 0.0, 1.0).reshape(-1, *[1] * (rows.ndim - 1))
        share[share < SLACK] = 0.0
        return joined[below] * (1.0 - share) + joined[above] * share
