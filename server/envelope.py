"""A gate's envelope: attack, decay, sustain and release along straight lines, never a step."""

from __future__ import annotations

from typing import Any

import numpy as np

from .levels import Adsr


class Envelope:
    """The amplitude of one gate. Where a line stands is computed from where it began, so blocks of any size agree.

    Opening goes from where it is now to the gate's level within the attack, then to the sustained share of it within the
    decay; closing goes to 0 within the release.
    """

    def __init__(self, sample_rate_hz: int, most_samples: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._count = np.arange(1, most_samples + 1, dtype=np.float64)
        self._line = np.zeros(most_samples)
        self.gate = 0.0
        self._began = self._goal = 0.0
        self._length = self._done = 0  # samples of the line under way, and of it behind us
        self._then: tuple[float, int] | None = None  # goal and length of the line after this one

    @property
    def is_shut(self) -> bool:
        """Whether it is closed and silent."""
        return self.gate == 0.0 and self._done >= self._length

    @property
    def left_samples(self) -> int:
        """Until a gate that closes is shut; 0 once it is."""
        return self._length - self._done if self.gate == 0.0 else 0

    def turn(self, gate: float, adsr: Adsr) -> None:
        """Open to the level `gate`, or close at 0; a gate that is not new changes nothing."""
        if gate == self.gate:
            return
        self._began = self._now()
        self.gate, self._done = gate, 0
        if gate > 0.0:
            self._goal, self._length = gate, self._samples(adsr.attack_s)
            self._then = (gate * adsr.sustain, self._samples(adsr.decay_s))
        else:
            self._goal, self._length, self._then = 0.0, self._samples(adsr.release_s), None

    def jump(self, gate: float, adsr: Adsr) -> None:
        """Be where `gate` is sustained, now: for what is not heard."""
        self.gate, self._goal = gate, gate * adsr.sustain
        self._done, self._length, self._then = 0, 0, None

    def fill(self, out: np.ndarray) -> None:
        """Write the next samples into float32 `out` (samples,)."""
        at = 0
        while at < len(out):
            count = min(self._length - self._done, len(out) - at)
            if count > 0:
                line = self._line[:count]
                np.add(self._count[:count], self._done, out=line)
                line *= (self._goal - self._began) / self._length
                line += self._began
                out[at : at + count] = line
                self._done += count
                at += count
            elif self._then is not None:
                self._began, (self._goal, self._length) = self._goal, self._then
                self._done, self._then = 0, None
            else:
                out[at:] = self._goal
                return

    def save(self) -> dict[str, Any]:
        """All that the next samples depend on."""
        return {
            "gate": self.gate,
            "line": [self._began, self._goal, self._length, self._done],
            "then": list(self._then) if self._then else [],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` gave."""
        self.gate = float(state["gate"])
        began, goal, length, done = state["line"]
        self._began, self._goal, self._length, self._done = float(began), float(goal), int(length), int(done)
        self._then = (float(state["then"][0]), int(state["then"][1])) if len(state["then"]) else None

    def _now(self) -> float:
        if self._done >= self._length:
            return self._goal
        return self._began + self._done * ((self._goal - self._began) / self._length)

    def _samples(self, seconds: float) -> int:
        return max(1, round(seconds * self._sample_rate_hz))
