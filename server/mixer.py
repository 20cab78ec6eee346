"""The mixer: every voice's gate, gain and place, at the output's sample rate; no step anywhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .addresses import GAIN_DB
from .envelope import Envelope
from .levels import Levels
from .ramp import Ramp

GAIN_S = 0.004
"""A gain or a place reaches a new value in a straight line so long."""


def output_channels(model_channels: int, voices: int) -> int:
    """Of a mix that nobody has set: the model's own for a single voice, at least left and right for several."""
    return model_channels if voices == 1 else max(2, model_channels)


def amplitude(gain_db: float) -> float:
    """Of a gain; the lowest of the table is silence."""
    return 10.0 ** (gain_db / 20.0) if gain_db > GAIN_DB.low else 0.0


def pan_law(pan: float) -> tuple[float, float]:
    """Amplitudes of left and right, equal in power: 1 and 1 in the middle, 0 and √2 (3 dB) at the right end.

    1 in the middle keeps a voice as loud as it is in mono, which goes to both loudspeakers as it is.
    """
    angle = (pan + 1.0) * math.pi / 4.0
    return math.sqrt(2.0) * math.cos(angle), math.sqrt(2.0) * math.sin(angle)


class Mixer:
    """Adds up the voices that sound. Pan needs two channels to be heard; with any other number it does nothing.

    `active` says of each voice whether it is to be decoded: not when its gate, or a gain at the lowest value, has shut it.
    For each piece of sound: `follow`, then `open` it, `add` the voices of one model or, while one fades over to another, of
    both, and `close`.
    """

    def __init__(self, levels: Levels, channels: int, sample_rate_hz: int, most_samples: int) -> None:
        voices = len(levels.voices)
        self.levels, self.channels = levels, channels
        self.gain_samples = max(1, round(GAIN_S * sample_rate_hz))
        self._gates = [Envelope(sample_rate_hz, most_samples) for _ in range(voices)]
        self._places = [Ramp(np.zeros(channels), self.gain_samples) for _ in range(voices)]
        self._master = Ramp(np.zeros(1), self.gain_samples)
        self.active = np.zeros(voices, dtype=bool)
        self._place = np.zeros(channels, np.float32)
        self._one = np.zeros(1, np.float32)
        self._gate = np.zeros((1, most_samples), np.float32)
        self._gains = np.zeros((voices, channels, most_samples), np.float32)
        self._voice = np.zeros((channels, most_samples), np.float32)

    def follow(self, closing: bool, at_start: bool = False) -> None:
        """Take over the levels, from the next sample on; `closing` goes to silence within `gain_samples`.

        The sound as a whole rises from silence, so what is said `at_start` needs no line of its own.
        """
        for number, voice in enumerate(self.levels.voices):
            gate, place = self._gates[number], self._places[number]
            opening = voice.gate if voice.gain_db > GAIN_DB.low else 0.0
            (gate.jump if at_start else gate.turn)(opening, self.levels.envelope)
            if opening > 0.0:  # one that is shut fades out at the level that it had
                self._place[:] = amplitude(voice.gain_db)
                if self.channels == 2:
                    self._place *= pan_law(voice.pan)
                (place.turn if self.active[number] else place.jump)(self._place)
            self.active[number] = not gate.is_shut
        self._one[0] = 0.0 if closing else amplitude(self.levels.gain_db)
        self._master.turn(self._one)

    def until_shut(self, most_samples: int) -> int:
        """Samples until the next voice that is closing is shut, or `most_samples` when that comes first."""
        for gate in self._gates:
            if gate.left_samples:
                most_samples = min(most_samples, gate.left_samples)
        return most_samples

    def open(self, out: np.ndarray) -> None:
        """Begin a piece of sound, float32 `out` (channels, samples)."""
        out.fill(0.0)
        gate = self._gate[:, : out.shape[1]]
        for number, gains in enumerate(self._gains[:, :, : out.shape[1]]):
            if self.active[number]:
                self._places[number].fill(gains)
                self._gates[number].fill(gate[0])
                gains *= gate

    def add(self, audio: np.ndarray, fade: np.ndarray | None, out: np.ndarray) -> None:
        """Add the active voices of `audio` (voices, model channels, samples), all of them faded by `fade` (samples,).

        A model's single channel goes to every channel. One with as many as `out` keeps them, and any other number is mixed
        down to one first.
        """
        samples = out.shape[1]
        one = self._voice[:, :samples]
        mixed_down = audio.shape[1] not in (1, self.channels)
        for number in np.flatnonzero(self.active):
            voice = audio[number].mean(axis=0, keepdims=True) if mixed_down else audio[number]
            np.multiply(self._gains[number, :, :samples], voice, out=one)
            if fade is not None:
                one *= fade
            out += one

    def close(self, out: np.ndarray) -> None:
        """The loudness of the whole."""
        gate = self._gate[:, : out.shape[1]]
        self._master.fill(gate)
        out *= gate

    def rise(self) -> None:
        """Come back from silence, after a block that ended in it for a fault."""
        self._master.rise()

    def save(self) -> dict[str, Any]:
        """All that the next samples depend on, but for the levels."""
        return {
            "gates": [gate.save() for gate in self._gates],
            "places": [place.save() for place in self._places],
            "master": self._master.save(),
            "active": self.active.copy(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` gave, with as many voices and channels."""
        for part, saved in zip([*self._gates, *self._places], [*state["gates"], *state["places"]], strict=True):
            part.load(saved)
        self._master.load(state["master"])
        self.active[:] = state["active"]
