"""Voices become the one sound that goes out: gates, gains and places between left and right, none of which steps."""

from __future__ import annotations

import math

import numpy as np

from .addresses import GAIN_DB
from .mapping import Mapping
from .ramp import Ramp

GATE_S = 0.010
"""A gate opens and closes in this time, rounded to whole frames."""


def output_channels(model_channels: int, voices: int) -> int:
    """Of the mix: the model's own for a single voice, at least left and right for several."""
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

    Gain and pan reach a new value in a straight line of one frame, a gate in one of `GATE_S`. `active` says of each
    voice whether it is to be decoded: not when its gate, or a gain at the lowest value, has shut it.
    """

    def __init__(
        self, mapping: Mapping, model_channels: int, hop_samples: int, sample_rate_hz: int, most_samples: int
    ) -> None:
        voices = len(mapping.voices)
        self.channels = output_channels(model_channels, voices)
        gate_samples = max(1, round(GATE_S * sample_rate_hz / hop_samples)) * hop_samples
        self._mapping = mapping
        self._gates = [Ramp(np.zeros(1), gate_samples) for _ in range(voices)]
        self._levels = [Ramp(np.zeros(self.channels), hop_samples) for _ in range(voices)]
        self._master = Ramp(np.zeros(1), hop_samples)
        self.active = np.zeros(voices, dtype=bool)
        self._level = np.zeros(self.channels, np.float32)
        self._one = np.zeros(1, np.float32)
        self._gate = np.zeros((1, most_samples), np.float32)
        self._gain = np.zeros((self.channels, most_samples), np.float32)
        self._voice = np.zeros((self.channels, most_samples), np.float32)

    def follow(self, closing: bool, at_start: bool = False) -> None:
        """Take over the targets of the mapping, from the next sample on; `closing` goes to silence within a frame.

        The sound as a whole rises from silence, so what is said `at_start` needs no line of its own.
        """
        for number, voice in enumerate(self._mapping.voices):
            gate, level = self._gates[number], self._levels[number]
            is_open = bool(voice.gate) and voice.gain_db > GAIN_DB.low
            self._one[0] = is_open
            (gate.jump if at_start else gate.turn)(self._one)
            if is_open:  # one that is shut fades out at the level that it had
                self._level[:] = amplitude(voice.gain_db)
                if self.channels == 2:
                    self._level *= pan_law(voice.pan)
                (level.turn if self.active[number] else level.jump)(self._level)
            self.active[number] = is_open or gate.left_samples > 0
        self._one[0] = 0.0 if closing else amplitude(self._mapping.gain_db)
        self._master.turn(self._one)

    def until_shut(self, most_samples: int) -> int:
        """Samples until the next voice that is fading out has done so, or `most_samples` when that comes first."""
        for number, gate in enumerate(self._gates):
            if self.active[number] and gate.target[0] == 0.0:
                most_samples = min(most_samples, gate.left_samples)
        return most_samples

    def mix(self, audio: np.ndarray, out: np.ndarray) -> None:
        """Add up the active voices of `audio` (voices, model channels, samples) in `out` (channels, samples)."""
        samples = out.shape[1]
        gate, gain, one = self._gate[:, :samples], self._gain[:, :samples], self._voice[:, :samples]
        out.fill(0.0)
        for number in range(len(self.active)):
            if self.active[number]:
                self._levels[number].fill(gain)
                self._gates[number].fill(gate)
                gain *= gate
                out += np.multiply(audio[number], gain, out=one)
        self._master.fill(gate)
        out *= gate

    def rise(self) -> None:
        """Come back from silence, after a block that ended in it for a fault."""
        self._master.rise()
