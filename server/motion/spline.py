"""A way through several places: a smooth curve that is at each of them at its time, and at rest at both ends."""

from __future__ import annotations

import numpy as np


class Spline:
    """The way of every voice from where it is through places, over one turn; each leg takes the same part of it.

    A Catmull-Rom spline (Catmull and Rom, "A class of local interpolating splines", 1974) with uniform knots: so places are
    reached at equal times, on beats if one likes, speed never jumps, and each knob's way is its own, whatever the
    others do. Centripetal knots would overshoot less between places of unequal distance, but then time would not be even.
    """

    ends = 1.0

    def __init__(self, starts: np.ndarray, places: np.ndarray) -> None:
        """starts: (voices, knobs). places: (places, knobs), at least one."""
        self.starts, self.places = np.array(starts, np.float64), np.array(places, np.float64)
        self._offsets, self._part = np.zeros_like(self.starts), np.zeros_like(self.starts)

    def at(self, turns: float) -> np.ndarray:
        """How far each voice is from the end of its way, (voices, knobs); to be used before the next call."""
        legs = len(self.places)
        leg = min(int(turns * legs), legs - 1)
        x = turns * legs - leg
        # Hermite's four polynomials. The speed at a place is half the way from the one before it to the one after.
        at_begin, at_end = (1.0 + 2.0 * x) * (1.0 - x) ** 2, x * x * (3.0 - 2.0 * x)
        out = self._offsets
        np.multiply(self._place(leg), at_begin, out=out)
        out += np.multiply(self._place(leg + 1), at_end, out=self._part)
        if leg > 0:
            self._add_speed(leg, x * (1.0 - x) ** 2)
        if leg + 1 < legs:
            self._add_speed(leg + 1, -x * x * (1.0 - x))
        out -= self.places[-1]
        return out

    def of_first(self, knobs: int) -> Spline:
        """The way of the first so many knobs alone."""
        return Spline(self.starts[:, :knobs], self.places[:, :knobs])

    def _place(self, number: int) -> np.ndarray:
        """Where the legs meet: (voices, knobs) at the beginning, then (knobs,)."""
        return self.starts if number == 0 else self.places[number - 1]

    def _add_speed(self, number: int, weight: float) -> None:
        np.subtract(self._place(number + 1), self._place(number - 1), out=self._part)
        self._part *= 0.5 * weight
        self._offsets += self._part
