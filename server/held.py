"""Bundles whose time is far off wait here by the wall clock: sound cards drift, so their sample is not known yet."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Self

MOST_VALUES = 262_144
"""Of all that is held, about 32 MB; what is more is refused."""
_LOOK_S = 1.0
"""So often the clock is read while something is held: it may be set anew meanwhile."""


class Held:
    """Jobs that are done `lead_s()` before their time, in the order of their times. Its thread sleeps while there are none."""

    def __init__(self, lead_s: Callable[[], float]) -> None:
        self._lead_s = lead_s
        self._heap: list[tuple[float, int, int, Callable[[], None]]] = []
        self._number = count()
        self._values = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._serve, name="held bundles", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, at_unix_s: float, values: int, job: Callable[[], None]) -> bool:
        """Keep a quick job that never raises, with so many values in it; False when there is no room."""
        with self._changed:
            if self._values + values > MOST_VALUES:
                return False
            self._values += values
            heapq.heappush(self._heap, (at_unix_s, next(self._number), values, job))
            if self._heap[0][0] == at_unix_s:
                self._changed.notify()
            return True

    def clear(self) -> None:
        """Forget all of them."""
        with self._changed:
            self._heap.clear()
            self._values = 0

    def _serve(self) -> None:
        with self._changed:
            while not self._closing:
                until_s = time.time() + self._lead_s()
                # Under the lock, so that nothing is done any more once `clear` has returned.
                while self._heap and self._heap[0][0] <= until_s:
                    _, _, values, job = heapq.heappop(self._heap)
                    self._values -= values
                    job()
                self._changed.wait(min(self._heap[0][0] - until_s, _LOOK_S) if self._heap else None)
