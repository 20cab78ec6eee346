"""Scores and data sets as one: whatever can be played by its name, and the thread that hands it over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, Self

from ..export.errors import LatentoneError
from .ahead import Ahead
from .contracts import Clocked, DataSources, Sources
from .controllers.dataset import LiveDataSets
from .controllers.sources import LiveScores
from .datasets.opened import OpenedSources
from .events import EventQueue, Value
from .scores import Score
from .worker import Worker


class Tell(Protocol):
    """How those who asked by `/notify` hear of a notice."""

    def __call__(self, address: str, /, *values: Value) -> object: ...


class AllSources:
    """`contracts.SourceBook` of both; of one name, the data set is meant. A context manager, and two threads while it is open."""

    def __init__(
        self,
        folders: Sequence[Path],
        opened: OpenedSources,
        queue: EventQueue,
        clock: Clocked,
        sample_rate_hz: int,
        *,
        read: Callable[[Path], Score],
        tell: Tell,
        say: Callable[[str], None],
    ) -> None:
        """folders: of scores. sample_rate_hz: the stream's. read: see LiveScores. say: hears what is fitted, and what cannot be."""
        self._opened, self._say = opened, say
        opened.fitter.say = say
        self._ahead = Ahead(
            queue,
            clock,
            sample_rate_hz,
            ended=lambda name: tell("/source/ended", name),
            told=lambda mark: tell("/source/at", *mark),
        )
        self._scores = LiveScores(folders, self._ahead, sample_rate_hz, read)
        self._data = LiveDataSets(opened.sources, self._ahead)
        self._fitting = Worker("couplings")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._fitting)
        self._stack.enter_context(self._ahead)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def names(self) -> list[str]:
        data = self._data.names()
        return [*data, *(name for name in self._scores.names() if name not in data)]

    def named(self, name: str) -> Sources:
        return self._data if name in self._data.names() else self._scores

    def data_set(self, name: str) -> DataSources:
        if name not in self._data.names() and name in self._scores.names():
            raise LatentoneError(f"{name} is a score: this is for data sets")
        return self._data

    def begin(self) -> None:
        """Play what the settings want played from the start."""
        for source, settings in zip(self._opened.sources, self._opened.settings, strict=True):
            self._ahead.set_loop(source.name, settings.loop)
            if settings.autoplay:
                self._data.play(source.name)

    def model_changed(self, decoder: Callable[[], Path]) -> None:
        """Fit the data to another decoder, on a thread of its own; until that is done nothing is heard of it."""
        self._opened.fitter.decoder = (
            decoder  # first: what is fitted from now on must not be taken for this one's if it is not
        )
        self._data.model_changed()
        self._fitting.put(self._fit_again, "")

    def _fit_again(self) -> None:
        for line in self._data.fit_again():
            self._say(line)
