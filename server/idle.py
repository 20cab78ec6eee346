"""What an untouched instrument plays: every knob drifts slowly around its home, so that the first thing heard moves."""

from __future__ import annotations

import math

import numpy as np

AMPLITUDE = 0.5
"""Of the calibrated range [-1, 1]: clearly heard, and well inside what the model was trained on."""
SLOWEST_HZ, FASTEST_HZ = 0.05, 0.25
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


class IdleMotion:
    """Two slow sines a knob, each at a frequency of its own, starting at home.

    A pure function of the frame index: it has no state, needs no clock, and a render of it repeats exactly.
    Frequencies are spread by the golden ratio, so that no two knobs move together and the whole never repeats.
    """

    def __init__(self, home: np.ndarray, frame_rate_hz: float) -> None:
        place = np.arange(len(home)) * GOLDEN
        spread_hz = FASTEST_HZ - SLOWEST_HZ
        self._home = np.array(home, dtype=np.float64)
        self._slow = 2 * np.pi / frame_rate_hz * (SLOWEST_HZ + spread_hz * (place % 1.0))  # radians a frame
        self._fast = self._slow * (1.0 + GOLDEN)
        self._sine = np.zeros(len(home))
        self._place = np.zeros(len(home))

    def fill(self, frame: int, out: np.ndarray) -> None:
        """Write the targets of `frame` into `out` (dim,), in one step: another thread may be reading there."""
        sine, place = self._sine, self._place
        np.sin(np.multiply(self._slow, frame, out=sine), out=sine)
        sine *= AMPLITUDE * 2 / 3
        np.add(self._home, sine, out=place)
        np.sin(np.multiply(self._fast, frame, out=sine), out=sine)
        sine *= AMPLITUDE / 3
        np.add(place, sine, out=out, casting="same_kind")
