"""The file sink of a live session: a file that fills in real time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .file import FileSink
from .null import NullSink


class TimedFileSink(FileSink):
    """A file that fills in real time: what is played into it takes as long as it lasts."""

    def __init__(self, path: Path, sample_rate_hz: int, channels: int, latency_s: float) -> None:
        super().__init__(path, sample_rate_hz, channels)
        self._clock = NullSink(sample_rate_hz, channels, latency_s)

    def write(self, audio: np.ndarray) -> None:
        super().write(audio)
        self._clock.write(audio)

    @property
    def latency_s(self) -> float:
        return self._clock.latency_s

    @property
    def underruns(self) -> int:
        """How often the audio came too late to have been played; the file itself has no gap there."""
        return self._clock.underruns
