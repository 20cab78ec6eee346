"""An LFO: one knob swings around where it is, as a sine, a triangle, or a square or saw with soft edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

Shape = Literal["sine", "triangle", "square", "saw"]

EDGE_S = 0.02
"""A square or a saw goes from one side to the other in so long: some latent frames, so that no knob jumps."""


@dataclass(frozen=True, slots=True)
class Lfo:
    """`depth` to either side, once a turn; it begins in the middle, on its way up."""

    ends: ClassVar[float] = math.inf

    shape: Shape
    depth: float
    edge: float
    """Length of the soft edge, in turns: at most half a turn, where a square has become a sine."""

    @classmethod
    def at_rate(cls, shape: Shape, depth: float, turns_a_second: float) -> Lfo:
        """With an edge of EDGE_S at that rate."""
        return cls(shape, depth, min(0.5, turns_a_second * EDGE_S))

    def at(self, turns: float) -> float:
        """How far the knob is from its middle, -depth to depth."""
        place = turns % 1.0
        if self.shape == "sine":
            return self.depth * math.sin(2.0 * math.pi * place)
        if self.shape == "triangle":
            return self.depth * (1.0 - 4.0 * abs((place + 0.25) % 1.0 - 0.5))
        if self.shape == "square":
            # It rises around the beginning of a turn and falls around the middle: this is from the nearer one.
            beyond = (place + 0.25) % 0.5 - 0.25
            return self.depth * self._edge(beyond) * (1.0 if place < 0.25 or place >= 0.75 else -1.0)
        beyond = (place + 0.5) % 1.0  # the fall, which is in the middle of a turn
        if 0.5 * self.edge <= beyond <= 1.0 - 0.5 * self.edge:
            return self.depth * (2.0 * beyond - 1.0) / (1.0 - self.edge)
        return -self.depth * self._edge(beyond if beyond < 0.5 else beyond - 1.0)

    def _edge(self, turns: float) -> float:
        """From -1 to 1 along half a sine while `turns` goes through the edge, which lies around 0."""
        half = 0.5 * self.edge
        if abs(turns) >= half:
            return math.copysign(1.0, turns)
        return math.sin(0.5 * math.pi * turns / half)
