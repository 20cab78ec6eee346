"""A piece, which can be played: what it is made of, and which of its places falls on which sample while it plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .events import ControlEvent, Value

Mark = tuple[Value, ...]


class Piece(Protocol):
    """What can be played: events in order, each at a place that is counted in whatever the piece is made of."""

    by_beats: bool
    """Whether it stands while `/transport` is 0."""

    @property
    def length(self) -> float:
        """The place at which it ends."""
        ...

    @property
    def unit_s(self) -> float:
        """Seconds from one place to the next, at rate 1; may change while it plays."""
        ...

    def __len__(self) -> int: ...

    def place(self, number: int) -> float:
        """Where event `number` falls."""
        ...

    def number_at(self, place: float) -> int:
        """The event that counts at `place`: the last one that does not lie behind it."""
        ...

    def event(self, number: int, times: float) -> ControlEvent | None:
        """Event `number`, whose `at_sample` does not matter, while it goes `times` as fast; None where there is nothing to say."""
        ...

    def mark(self, number: int) -> Mark | None:
        """What is to be told when event `number` is heard, if anything; not asked where there is nothing to say."""
        ...


@dataclass(slots=True)
class Playing:
    """A piece under way: which of its places falls on which sample of the stream."""

    piece: Piece
    times: float
    unit_samples: float
    """Of the stream from one place to the next, at rate 1."""
    at_stream: float
    """A sample of the stream, on which `at_place` of the piece falls."""
    horizon: float
    """All that is due on the stream until here has been handed over."""
    at_place: float = 0.0
    next: int = 0
    not_before: float = 0.0
    """What counts where it was begun sounds on this sample, even if it lies before that in the piece."""
    ends: float | None = None
    """The sample of the stream on which it has come to its end, once that is known."""

    def stream(self, place: float) -> float:
        return max(self.not_before, self.at_stream + (place - self.at_place) * self.unit_samples / self.times)

    def here(self) -> float:
        """The place that falls on the horizon."""
        return self.at_place + (self.horizon - self.at_stream) * self.times / self.unit_samples

    def tie(self, stream: float) -> None:
        """Let what is due next fall on the sample `stream`."""
        self.at_place = self.here()
        self.at_stream = self.horizon = stream

    def go(self, place: float) -> None:
        """On from another place of the piece."""
        self.at_place, self.at_stream, self.ends = place, self.horizon, None
        self.next, self.not_before = self.piece.number_at(place), self.horizon
