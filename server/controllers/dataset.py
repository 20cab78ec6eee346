"""Data sets played live: rows and movements on their samples, and what arrives meanwhile at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ...export.errors import LatentoneError
from ..ahead import Ahead
from ..datasets.pieces import mark_of
from ..datasets.source import DataSource
from ..events import ControlEvent

LIVE_HZ = 1000.0
"""Most live rows and frames a second, of one source: three in each block. What comes faster is dropped and counted."""
BURST = 250.0
"""So many at once after a rest."""


class LiveDataSets:
    """`contracts.DataSources` of some data sets."""

    def __init__(self, sources: Sequence[DataSource], ahead: Ahead) -> None:
        self._sources = {source.name: source for source in sources}
        self._ahead = ahead
        self._allowed = {source.name: (BURST, time.monotonic()) for source in sources}
        """How many live rows may come at once, as of when."""

    def names(self) -> list[str]:
        return list(self._sources)

    def play(self, name: str) -> None:
        """Begin, or begin again, from the first item of the order."""
        source = self._source(name)
        source.need_coupling()
        self._ahead.begin(name, source.piece)

    def stop(self, name: str) -> None:
        """End it, if it plays, and a live movement, too."""
        self._source(name).begin_anew()
        self._ahead.end(name)

    def set_rate(self, name: str, times: float, by_tempo: bool = False) -> None:
        self._source(name)
        self._ahead.set_rate(name, times, by_tempo)

    def set_loop(self, name: str, on: bool) -> None:
        self._source(name)
        self._ahead.set_loop(name, on)

    def seek(self, name: str, place: float) -> None:
        """Go to a place, counted in items of the order; where it does not play it sounds at once, and stays."""
        source = self._source(name)
        count = len(source.piece.order)
        if place > count:
            raise LatentoneError(f"{name} has {count} items: place must be 0 to {count}, got {place:g}")
        self._go(source, place)

    def go_to(self, name: str, index: int) -> None:
        """Go to an item by its number in the file."""
        source = self._source(name)
        count = len(source.piece.order)
        if index >= count:
            raise LatentoneError(f"{name} has {count} items: index must be 0 to {count - 1}, got {index}")
        self._go(source, float(source.piece.order.index(index)))

    def take_row(self, name: str, values: Sequence[float]) -> None:
        """Encode a row and play it at once."""
        source = self._source(name)
        if self._is_bearable(name):
            self._now(source.row(values))

    def take_frame(self, name: str, values: Sequence[float]) -> None:
        """Encode the next frame of a live movement and play it at once."""
        source = self._source(name)
        if self._is_bearable(name) and (event := source.frame(values)) is not None:
            self._now(event)

    def set_dwell(self, name: str, dwell_s: float) -> None:
        source = self._source(name)
        if source.is_movement:
            raise LatentoneError(f"{name} is a movement: it goes by its frames, and /source/{name}/rate by how fast")
        source.dwell_s = dwell_s

    def set_glide(self, name: str, glide_s: float) -> None:
        self._source(name).glide_s = glide_s

    def set_order(self, name: str, order: str) -> None:
        """Play on in another order, from the item that plays."""
        source = self._source(name)
        before = source.piece
        after = source.set_order(order)
        if (place := self._ahead.place(name)) is not None:
            items = before.items_at(place)
            played = min(int(items), len(before.order) - 1)
            position = after.order.index(before.order[played]) + items - played
            self._ahead.replace(name, after, after.place_of(position))

    def set_coupling(self, name: str, coupling: str) -> None:
        """Fit anew, which may take seconds; what plays goes on meanwhile. Files are for the settings alone to name."""
        if not coupling.isidentifier():
            raise LatentoneError(f"{coupling[:64]!r} is not the name of a coupling, which is never a path")
        self._source(name).set_coupling(coupling)

    def model_changed(self) -> None:
        """Nothing is heard of the data any more until `fit_again`: its knobs were another model's."""
        for source in self._sources.values():
            source.uncouple()

    def fit_again(self) -> Iterator[str]:
        """To the decoder that plays now, the quickest first: each is heard as soon as it is fitted, whatever the others take.

        Gives a line for each that cannot be, and is silent till its coupling is another.
        """
        for source in sorted(self._sources.values(), key=lambda source: source.effort):
            try:
                source.set_coupling()
            except LatentoneError as error:
                yield f"{source.name} cannot be heard: {error}"

    def _go(self, source: DataSource, items: float) -> None:
        source.need_coupling()
        piece = source.piece
        place = piece.place_of(items)
        number = piece.number_at(place)
        mark = mark_of(source, piece.order[min(int(items), len(piece.order) - 1)])
        if self._ahead.go(source.name, place, None if piece.mark(number) else mark):
            return
        event = piece.scrubbed(place)
        if event is not None and not self._ahead.now(event, mark):
            raise LatentoneError("dropped: messages come faster than they can be played")

    def _is_bearable(self, name: str) -> bool:
        """Whether a live row is to be encoded; one of a flood is counted instead."""
        left, then_s = self._allowed[name]
        now_s = time.monotonic()
        left = min(BURST, left + (now_s - then_s) * LIVE_HZ)
        bearable = left >= 1.0
        self._allowed[name] = (left - bearable, now_s)
        if not bearable:
            self._ahead.drop()
        return bearable

    def _now(self, event: ControlEvent) -> None:
        if not self._ahead.now(event):
            raise LatentoneError("dropped: messages come faster than they can be played")

    def _source(self, name: str) -> DataSource:
        if name not in self._sources:
            raise LatentoneError(f"there is no data set {name[:64]!r} ({', '.join(self._sources) or 'none was named'})")
        return self._sources[name]
