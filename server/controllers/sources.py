"""Scores played live, each event handed over a little before its sample, so that it sounds exactly there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

from ...export.errors import LatentoneError
from ..ahead import Ahead
from ..events import ControlEvent
from ..scores import Score

BEATS = (".mid", ".midi")
SUFFIXES = (".yaml", ".yml", ".osc", *BEATS)


def score_files(folders: Sequence[Path]) -> dict[str, Path]:
    """The scores in folders by the names of their files without what follows the dot; of two alike the first counts.

    A folder that does not exist has none. Raises LatentoneError when one cannot be read.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        try:
            files = sorted(folder.iterdir()) if folder.exists() else []
        except OSError as error:
            raise LatentoneError(f"{folder}: paths.scores: cannot be read: {error.strerror}") from None
        for file in files:
            if file.suffix.lower() in SUFFIXES:
                found.setdefault(file.stem, file)
    return found


class _ScorePiece:
    """`piece.Piece` of a score: its places are seconds."""

    unit_s = 1.0

    def __init__(self, score: Score, sample_rate_hz: int, by_beats: bool) -> None:
        self.length, self.by_beats, self._rate_hz = score.seconds, by_beats, sample_rate_hz
        self._events = [event for event in score.events if (event.at_sample or 0) < score.seconds * sample_rate_hz]

    def __len__(self) -> int:
        return len(self._events)

    def place(self, number: int) -> float:
        return (self._events[number].at_sample or 0) / self._rate_hz

    def number_at(self, place: float) -> int:
        return max(0, bisect_right(self._events, place * self._rate_hz, key=lambda event: event.at_sample or 0) - 1)

    def event(self, number: int, times: float) -> ControlEvent:
        return self._events[number]

    def mark(self, number: int) -> None:
        return None


class LiveScores:
    """The scores in some folders, as `contracts.Sources` of them. What only data sets can do is not here.

    While `/transport` is 0, MIDI files stand: they go by beats.
    """

    def __init__(
        self, folders: Sequence[Path], ahead: Ahead, sample_rate_hz: int, read: Callable[[Path], Score]
    ) -> None:
        """sample_rate_hz: the stream's. read: a score for that rate and the model of the moment; may raise LatentoneError."""
        self._files = score_files(folders)
        self._ahead, self._rate_hz, self._read = ahead, sample_rate_hz, read

    def describe(self) -> str:
        """For the screen."""
        return f"scores  {', '.join(self.names()) or 'none'}"

    def names(self) -> list[str]:
        """Of the files that were there at the beginning; each is read anew when it is played."""
        return list(self._files)

    def play(self, name: str) -> None:
        """Begin, or begin again. Raises LatentoneError when there is no such score, or it cannot be read."""
        file = self._file(name)
        by_beats = file.suffix.lower() in BEATS
        self._ahead.begin(name, _ScorePiece(self._read(file), self._rate_hz, by_beats))

    def stop(self, name: str) -> None:
        """End it, if it plays. Raises LatentoneError when there is no such score."""
        self._file(name)
        self._ahead.end(name)

    def set_rate(self, name: str, times: float, by_tempo: bool = False) -> None:
        """How fast it goes, from now on, and whether with the tempo. Raises LatentoneError when there is no such score."""
        self._file(name)
        self._ahead.set_rate(name, times, by_tempo)

    def set_loop(self, name: str, on: bool) -> None:
        """Whether it begins again at its end. Raises LatentoneError when there is no such score."""
        self._file(name)
        self._ahead.set_loop(name, on)

    def _file(self, name: str) -> Path:
        if name not in self._files:
            raise LatentoneError(f"there is no score {name[:64]!r} ({', '.join(self._files) or 'none was found'})")
        return self._files[name]
