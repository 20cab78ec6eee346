"""Events that wait for their sample, in the order in which they are to take effect."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Any

from .events import ControlEvent


class Schedule:
    """Keeps timed events, and those of one moment in the order in which they came.

    Each is due at its sample rounded down to a multiple of `grid_samples`.
    """

    def __init__(self, grid_samples: int = 1) -> None:
        self._grid_samples = grid_samples
        self._waiting: list[tuple[int, int, ControlEvent]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: ControlEvent, sample: int) -> None:
        """Keep `event` until `sample`."""
        heapq.heappush(self._waiting, (sample - sample % self._grid_samples, next(self._order), event))

    def take(self, sample: int) -> ControlEvent | None:
        """The next event that is due at `sample` or was before; None when there is none."""
        if not self._waiting or self._waiting[0][0] > sample:
            return None
        return heapq.heappop(self._waiting)[2]

    def next_due(self, before_sample: int) -> int:
        """The sample at which the next event is due, or `before_sample` when that comes first."""
        return min(self._waiting[0][0], before_sample) if self._waiting else before_sample

    def clear(self) -> None:
        """Forget them all."""
        self._waiting.clear()

    def save(self) -> list[list[Any]]:
        """All of them, in their order."""
        return [
            [due, event.at_sample or 0, event.address, *event.values]
            for due, _, event in sorted(self._waiting, key=lambda item: item[:2])
        ]

    def load(self, state: list[list[Any]], shift: int = 0) -> None:
        """Keep what `save` gave, as if its events were for so many samples earlier."""
        for due, at, address, *values in state:
            self.put(ControlEvent(address, tuple(values), at - shift), due)
