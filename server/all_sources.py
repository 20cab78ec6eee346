"""Scores and data sets as one: whatever can be played by its name."""

from __future__ import annotations

from ..export.errors import LatentoneError
from .contracts import DataSources, Sources
from .controllers.dataset import LiveDataSets
from .controllers.sources import LiveScores


class AllSources:
    """`contracts.SourceBook` of both; of one name, the data set is meant."""

    def __init__(self, scores: LiveScores, data: LiveDataSets) -> None:
        self._scores, self._data = scores, data

    def names(self) -> list[str]:
        data = self._data.names()
        return [*data, *(name for name in self._scores.names() if name not in data)]

    def named(self, name: str) -> Sources:
        return self._data if name in self._data.names() else self._scores

    def data_set(self, name: str) -> DataSources:
        if name not in self._data.names() and name in self._scores.names():
            raise LatentoneError(f"{name} is a score: this is for data sets")
        return self._data
