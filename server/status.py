"""How the engine is doing: what it says of itself, and the load that it measures."""

from __future__ import annotations

from dataclasses import dataclass

LOAD_MEAN_S = 1.0


@dataclass(frozen=True, slots=True)
class Status:
    """At one moment; made on the reader's thread."""

    seconds: float
    """Sound made so far."""
    load: float
    """Time that making it takes for each second of sound, averaged over about a second; above 1 it cannot keep up."""
    load_peak: float
    """The same for the worst single block so far."""
    peak: float
    """Largest magnitude handed to the sink so far; above 1 it clips."""
    underruns: int
    events_late: int
    """Events whose sample had already been played; they took effect at once."""
    events_dropped: int
    """Events lost because too many were waiting."""
    faults: int
    """Blocks that the decoder failed to make; each was heard as a short fade to silence."""
    first_fault: str
    idle: bool
    """True until somebody touches a knob."""
    voices: int
    """How many of them sound."""


class Meter:
    """Load, from the time that each block took."""

    def __init__(self) -> None:
        self._blocks = 0
        self.load = self.peak = 0.0

    def add(self, took_s: float, block_s: float) -> None:
        """One block of `block_s` seconds of sound was made in `took_s`."""
        self._blocks += 1
        load = took_s / block_s
        self.load += (load - self.load) * max(block_s / LOAD_MEAN_S, 1.0 / self._blocks)
        self.peak = max(self.peak, load)
