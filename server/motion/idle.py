"""What an untouched instrument plays: every knob drifts slowly around its home, so that the first thing heard moves."""

from __future__ import annotations

import math

import numpy as np

AMPLITUDE = 0.5
"""Of the calibrated range [-1, 1]: clearly heard, and well inside what the model was trained on."""
SLOWEST_HZ, FASTEST_HZ = 0.05, 0.25
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


class IdleMotion:
    """Two slow sines a knob, each at a frequency of its own, starting at home; its turns are seconds.

    Frequencies are spread by the golden ratio, so that no two knobs move together and the whole never repeats.
    """

    ends = math.inf

    def __init__(self, knobs: int) -> None:
        spread_hz = (FASTEST_HZ - SLOWEST_HZ) * (np.arange(knobs) * GOLDEN % 1.0)
        self._slow = 2.0 * np.pi * (SLOWEST_HZ + spread_hz)  # radians a second
        self._sine, self._place = np.zeros(knobs), np.zeros(knobs)

    def at(self, turns: float) -> np.ndarray:
        """How far each knob is from its home, (knobs,); to be used before the next call."""
        sine, place = self._sine, self._place
        np.sin(np.multiply(self._slow, turns, out=sine), out=sine)
        np.multiply(sine, AMPLITUDE * 2 / 3, out=place)
        np.sin(np.multiply(self._slow, turns * (1.0 + GOLDEN), out=sine), out=sine)
        sine *= AMPLITUDE / 3
        place += sine
        return place
