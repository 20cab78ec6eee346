"""A random walk: one knob wanders smoothly around where it is, the same way whenever seed and beginning are the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Walk:
    """Every turn the knob has a new random aim within `depth`; a cubic B-spline goes by them.

    The spline has no corner and no bend that jumps, its spectrum falls with the fourth power above one aim a turn, and it
    never leaves the range of its aims. The aims are numbers of a hash, so no past has to be kept to know where it is.
    """

    ends: ClassVar[float] = math.inf

    depth: float
    key: int
    """Whoever has the same key wanders alike."""

    def at(self, turns: float) -> float:
        """How far the knob is from its middle, -depth to depth; in the middle when it begins."""
        first = int(turns // 1.0)
        x = turns - first
        # Weights of a uniform cubic B-spline (de Boor, "A Practical Guide to Splines", 1978).
        y = 1.0 - x
        return self.depth * (
            y * y * y / 6.0 * self._aim(first - 1)
            + (2.0 / 3.0 - 0.5 * x * x * (2.0 - x)) * self._aim(first)
            + (2.0 / 3.0 - 0.5 * y * y * (2.0 - y)) * self._aim(first + 1)
            + x * x * x / 6.0 * self._aim(first + 2)
        )

    def _aim(self, turn: int) -> float:
        """-1 to 1, of one turn; those around the beginning are such that it begins in the middle."""
        if turn <= 0:
            return -uniform(self.key, -turn) if turn else 0.0
        return uniform(self.key, turn)


def uniform(key: int, index: int) -> float:
    """The number `index`, from -1 to 1, of a random sequence.

    The hash of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
    """
    word = (key + (index + 1) * 0x9E3779B97F4A7C15) & _MASK
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
    return (word ^ (word >> 31)) / 2.0**63 - 1.0
