"""Audio sinks: where blocks go, and the clock that the engine runs by."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np


class Sink(Protocol):
    """Takes audio from the engine thread and sets its pace.

    A context manager: entering opens the device or file (may raise `LatentoneError`, one line), leaving plays out what
    was written, then closes. `write` is called by one thread only.
    """

    sample_rate_hz: int
    channels: int

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def write(self, audio: np.ndarray) -> None:
        """Queue float32 `audio` (channels, samples), any length; blocks while the sink is full: that is the clock."""
        ...

    @property
    def latency_s(self) -> float:
        """Seconds from `write` returning to the sound leaving, as far as the sink knows; 0.0 for a file."""
        ...

    @property
    def underruns(self) -> int:
        """How often the sink ran dry since it opened."""
        ...

    def describe(self) -> str:
        """One line for the screen, for example `null, 48000 Hz, timed`."""
        ...
