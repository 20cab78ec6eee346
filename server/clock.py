"""Which sample of the stream is heard at which time of the wall clock."""

from __future__ import annotations

WINDOW_S = 1.0
"""So much sound is looked at before the tie between the two clocks is judged anew."""
TOLERANCE_S = 0.0005
"""A tie that is off by less is left alone, so that between two samples there is exactly the time between two tags."""
SLEW = 2e-4
"""A tie that is off by more is mended by so much of the time that passes: sound cards are off by 1e-5 to 1e-4."""
STEP_S = 0.01
"""A tie that is off by more than this was broken, by an underrun or a device that came back, and is made anew at once."""


class StreamClock:
    """Ties samples to the wall clock: sample = (time − origin) × rate.

    The engine says after each block when its last sample was handed over. That time is late by however long the thread had to
    wait to run, never early, so the earliest of each window counts. Between two windows the tie is a straight line at
    exactly the nominal rate. One thread calls `written`; any thread calls `sample_at`.
    """

    def __init__(self, sample_rate_hz: int, now_unix_s: float, latency_s: float) -> None:
        self._rate_hz = sample_rate_hz
        self._origin_unix_s = now_unix_s + latency_s  # when sample 0 is heard
        self._tied = False
        self._earliest_s = float("inf")
        self._window_end = 0

    def sample_at(self, unix_time_s: float) -> int:
        """The sample that is heard then; before the first one it is negative."""
        return round((unix_time_s - self._origin_unix_s) * self._rate_hz)

    def written(self, sample: int, now_unix_s: float, latency_s: float) -> None:
        """`sample` samples have been handed over, and the next one will be heard `latency_s` from now."""
        origin_s = now_unix_s + latency_s - sample / self._rate_hz
        self._earliest_s = min(self._earliest_s, origin_s)
        if not self._tied:  # while the output's buffer fills, every block comes early
            self._origin_unix_s = self._earliest_s = origin_s
        if sample < self._window_end:
            return
        off_s = self._earliest_s - self._origin_unix_s
        if abs(off_s) > STEP_S or not self._tied:
            self._origin_unix_s = self._earliest_s
        elif abs(off_s) > TOLERANCE_S:
            self._origin_unix_s += max(-SLEW * WINDOW_S, min(SLEW * WINDOW_S, off_s))
        self._tied = self._window_end > 0
        self._window_end = sample + round(WINDOW_S * self._rate_hz)
        self._earliest_s = float("inf")
