"""The one message that reaches the engine, and the queue that carries it there."""

from __future__ import annotations

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
    """Sample of the model's stream at which it takes effect; None means with the next block."""
    source: str = ""
    """Who said it, for messages to people: `osc 127.0.0.1:57120`, `score sweep.yaml`."""


class EventQueue:
    """Bounded queue from any number of controller threads to the engine thread.

    Neither side ever waits: `put` drops (and counts) when the queue is full, `take` returns None when it is empty.
    A deque's append and popleft are atomic in CPython, so there is no lock for a slow thread to hold.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._events: deque[ControlEvent] = deque()
        self._limit = limit
        self.dropped = 0

    def put(self, event: ControlEvent) -> bool:
        """Offer `event`; False when it was dropped because the engine is `limit` events behind."""
        if len(self._events) >= self._limit:
            self.dropped += 1
            return False
        self._events.append(event)
        return True

    def take(self) -> ControlEvent | None:
        """The oldest event, or None when there is none."""
        try:
            return self._events.popleft()
        except IndexError:
            return None
