"""MIDI clock: 24 ticks a beat that tremble on their way become a tempo that stands still."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..addresses.row import TEMPO_BPM

_TICKS_A_BEAT = 24
_LEAST_TICKS, _MOST_TICKS = 25, 97
"""A beat is enough to begin with; four of them even out what trembles."""
_RECENT_TICKS = 13
_CHANGED = 0.03
"""When the last half beat is so much off, the tempo has been changed, and what was before does not count."""
_NOISE = 4.0
"""Standard errors: less is trembling."""
_LEAST_CHANGE_BPM = 0.05
_EVERY = 6
"""Ticks: four looks a beat are enough."""
_REST_S = 0.5
"""After so long without a tick it begins anew; 20 beats a minute have a tick every 125 ms."""


class TempoFollower:
    """Says the tempo when it has really changed."""

    def __init__(self) -> None:
        self._ticks_s: deque[float] = deque(maxlen=_MOST_TICKS)
        self._said_bpm: float | None = None
        self._count = 0

    def tick(self, at_s: float) -> float | None:
        """Take in a tick; returns the tempo in beats a minute if it is another than was said before."""
        if self._ticks_s and not 0 <= at_s - self._ticks_s[-1] <= _REST_S:
            self._ticks_s.clear()
        self._ticks_s.append(at_s)
        self._count += 1
        if len(self._ticks_s) < _LEAST_TICKS or self._count % _EVERY:
            return None
        tempo_bpm, error_bpm = _tempo(np.array(self._ticks_s))
        recent_bpm, recent_error_bpm = _tempo(np.array(self._ticks_s)[-_RECENT_TICKS:])
        if abs(recent_bpm - tempo_bpm) > max(_CHANGED * tempo_bpm, _NOISE * recent_error_bpm):
            recent = list(self._ticks_s)[-_RECENT_TICKS:]
            self._ticks_s.clear()
            self._ticks_s.extend(recent)
            return None
        if not TEMPO_BPM.low <= tempo_bpm <= TEMPO_BPM.high:
            return None
        least_bpm = max(_LEAST_CHANGE_BPM, _NOISE * error_bpm)
        if self._said_bpm is not None and abs(tempo_bpm - self._said_bpm) <= least_bpm:
            return None
        self._said_bpm = round(tempo_bpm, 2)
        return self._said_bpm


def _tempo(ticks_s: np.ndarray) -> tuple[float, float]:
    """The tempo of a line through the ticks by least squares, and its standard error, both in beats a minute."""
    count = np.arange(len(ticks_s)) - (len(ticks_s) - 1) / 2
    spread = float(count @ count)
    period_s = float(count @ ticks_s) / spread
    if period_s <= 0:
        return 0.0, 0.0
    residual_s = ticks_s - ticks_s.mean() - period_s * count
    error_s = float(np.sqrt(residual_s @ residual_s / (len(ticks_s) - 2) / spread))
    tempo_bpm = 60 / (_TICKS_A_BEAT * period_s)
    return tempo_bpm, tempo_bpm * error_s / period_s
