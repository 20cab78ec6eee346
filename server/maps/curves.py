"""Curves: from where a control stands to where its value stands in its range."""

from __future__ import annotations

import math
from collections.abc import Callable

_STEEPNESS = 4.0
"""Of the exponential curve: the lower half of the control covers an eighth of the range."""

CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda place: place,
    "exponential": lambda place: math.expm1(_STEEPNESS * place) / math.expm1(_STEEPNESS),
    "s": lambda place: place * place * (3.0 - 2.0 * place),
}
"""[0, 1] to [0, 1], rising, ends fixed. The curve `steps` needs their number, too."""


def stepped(place: float, steps: int) -> float:
    """`place` as one of `steps` values; each has an equal share of the control's way."""
    return min(int(place * steps), steps - 1) / (steps - 1)


def control_place(value: int, bits: int = 7) -> float:
    """Where a control of so many bits stands in [0, 1]: 64 of 127 is exactly the middle, as 8192 of 16383.

    That is MIDI 2.0's min-center-max scaling. A plain division puts the centre detent of a knob beside the middle of its range.
    """
    half, top = 1 << (bits - 1), (1 << bits) - 1
    return value / (2 * half) if value <= half else 0.5 + (value - half) / (2 * (top - half))


RELATIVE: dict[str, Callable[[int], int]] = {
    "twos_complement": lambda value: value - 128 if value > 64 else value,
    "signed_bit": lambda value: 64 - value if value > 64 else value % 64,
    "binary_offset": lambda value: value - 64,
}
"""Endless encoders say how far they were turned, in one of three ways: a 7-bit value to clicks, to the left below 0."""
