"""What becomes one sound file: knobs that are held one after another, and a digest of all that shapes their sound."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..addresses import KNOB
from ..events import ControlEvent

SOURCE = "sonify"
FORMAT = 1
"""Of the sound of a passage: another number makes every file anew."""


@dataclass(frozen=True)
class Passage:
    """Knobs (steps, dim), float32, each set held for `step_s`; a glide of `glide_s` leads from one to the next."""

    name: str
    knobs: np.ndarray
    step_s: float
    glide_s: float
    seed: int
    """Of the decoder's draws."""

    @property
    def seconds(self) -> float:
        return len(self.knobs) * self.step_s

    def events(self, sample_rate_hz: int) -> Iterator[ControlEvent]:
        """As a score: the first knobs are there from the first sample on."""
        yield ControlEvent("/glide_s", (self.glide_s,), 0, SOURCE)
        for step, knobs in enumerate(np.clip(self.knobs, KNOB.low, KNOB.high).tolist()):
            yield ControlEvent("/latent", tuple(knobs), round(step * self.step_s * sample_rate_hz), SOURCE)

    def digest(self, voice: dict[str, Any]) -> str:
        """Of all that shapes the sound; `voice` says with what it is played."""
        record = {"format": FORMAT, "voice": voice, "step_s": self.step_s, "glide_s": self.glide_s, "seed": self.seed}
        sha = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
        sha.update(repr(self.knobs.shape).encode())
        sha.update(np.ascontiguousarray(self.knobs, dtype="<f4").tobytes())
        return sha.hexdigest()


def seed_of(seed: int, name: str) -> int:
    """The seed of one row: it depends on nothing but the run's seed and the row's name, so a row can be rendered alone."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big")
