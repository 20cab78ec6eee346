"""A sink that looks at the clock: how long the sound made by the engine waits until it is heard."""

from __future__ import annotations

import time
from typing import Protocol, Self

import numpy as np

from ..audio import Sink

SETTLED_S = 0.5
"""Before so long the buffer fills and the device's clock is not known well."""


class ClockedSink(Sink, Protocol):
    """A sink that knows which of its samples is heard when."""

    def played(self) -> tuple[int, float] | None: ...


class MeasuredSink:
    """Passes everything on to an open sink.

    `ahead_s`: after each block, the time until the next sample that the engine makes will be heard: ring and device
    together. `spare_s`: before each block, how long what was written would still have lasted.
    """

    def __init__(self, sink: ClockedSink) -> None:
        self.sample_rate_hz, self.channels = sink.sample_rate_hz, sink.channels
        self._sink = sink
        self._written_samples = 0
        self._began_s = time.monotonic()
        self.ahead_s: list[float] = []
        self.spare_s: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def write(self, audio: np.ndarray) -> None:
        self._look(self.spare_s)
        self._sink.write(audio)
        self._written_samples += audio.shape[1]
        self._look(self.ahead_s)

    @property
    def latency_s(self) -> float:
        return self._sink.latency_s

    @property
    def underruns(self) -> int:
        return self._sink.underruns

    def describe(self) -> str:
        return self._sink.describe()

    def played(self) -> tuple[int, float] | None:
        return self._sink.played()

    def _look(self, into: list[float]) -> None:
        played, now_s = self._sink.played(), time.monotonic()
        if played is not None and now_s - self._began_s > SETTLED_S:
            sample, heard_at_s = played
            into.append(heard_at_s + (self._written_samples - sample) / self.sample_rate_hz - now_s)
