"""What happens, told to those who asked for it by `/notify`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Self

from .controllers import Reply
from .events import Value

MOST_LISTENERS = 32
_WAITING = 64
"""Notices of one round; of more, the newest are told."""
_WATCH_S = 0.1
_REST_S = 0.05
"""Between two rounds, so that a storm of them costs little."""


class Notices:
    """Listeners, and a thread that tells them. Without listeners it sleeps.

    counts: gives numbers by their notice's address, such as `/underrun`; whoever listens is told those that have changed.
    """

    def __init__(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self._counts = counts
        self._told: Mapping[str, int] = {}
        # As a dict: in the order of their asking, each once.
        self._listeners: dict[Reply, None] = {}
        self._outbox: deque[tuple[str, tuple[Value, ...]]] = deque(maxlen=_WAITING)
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="notices", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Ends when all is told."""
        self._closing.set()
        self._something.set()
        self._thread.join()

    def add(self, listener: Reply) -> None:
        """Tell `listener`, which has to be hashable, from now on. Of too many the one that asked longest ago is forgotten."""
        with self._lock:
            if not self._listeners:
                self._told = self._counts()
            self._listeners.pop(listener, None)
            self._listeners[listener] = None
            if len(self._listeners) > MOST_LISTENERS:
                del self._listeners[next(iter(self._listeners))]
        self._something.set()

    def remove(self, listener: Reply) -> None:
        with self._lock:
            self._listeners.pop(listener, None)

    def tell(self, address: str, *values: Value) -> None:
        """Tell all listeners, soon. Cheap, and never waits."""
        if self._listeners:
            self._outbox.append((address, values))
            self._something.set()

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._something.wait(_WATCH_S if self._listeners else None)
            self._something.clear()
            self._round()
            self._closing.wait(_REST_S)
        self._round()

    def _round(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        if not listeners:
            self._outbox.clear()
            return
        counts = self._counts()
        for address, number in counts.items():
            if number != self._told.get(address):
                self._outbox.append((address, (number,)))
        self._told = counts
        while self._outbox:
            address, values = self._outbox.popleft()
            for listener in listeners:
                listener(address, *values)
