"""The one message that reaches the engine, and the queue that carries it there."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

Value = float | int | str


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """A checked control message: what a controller says to the instrument.

    Whoever makes one has already validated it against `addresses`, so the engine never has to.
    """

    address: str
    """OSC address as the table in `addresses` knows it, for example `/latent/3` (names resolved to indices)."""
    values: tuple[Value, ...]
    """Arguments in the units of the table."""
    at_sample: int | None = None
    """Sample of the output's stream at which it takes effect; None means with the next block."""
    source: str = ""
    """Who said it, for messages to people: `osc 127.0.0.1:57120`, `score sweep.yaml`."""


class EventQueue:
    """Bounded queue from any number of controller threads to the engine thread.

    `put` drops (and counts) when the queue is full, `take` returns None when it is empty. A deque's append and popleft
    are atomic in CPython, so `take` has no lock for a slow thread to hold; putting threads count under one of their own.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._events: deque[ControlEvent] = deque()
        self._limit = limit
        self._putting = threading.Lock()
        self._taken_count = 0
        self.dropped = 0
        self.put_count = 0
        """Events put so far, without those dropped."""
        self.done_count = 0
        """Events that the engine is done with: at least `put_count` of a moment ago once it took in all of then."""

    def put(self, *events: ControlEvent) -> bool:
        """Offer `events`, all or none of them; False when dropped because the engine is `limit` events behind."""
        with self._putting:
            if len(self._events) + len(events) > self._limit:
                self.dropped += len(events)
                return False
            self._events.extend(events)
            self.put_count += len(events)
            return True

    def drop(self) -> None:
        """Count what was dropped before it became an event."""
        with self._putting:
            self.dropped += 1

    def take(self) -> ControlEvent | None:
        """The oldest event, or None when there is none. Whoever asks is done with the event taken before."""
        self.done_count = self._taken_count
        try:
            event = self._events.popleft()
        except IndexError:
            return None
        self._taken_count += 1
        return event
