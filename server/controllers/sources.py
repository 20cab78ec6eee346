"""Sources: scores played live, each event handed over a little before its sample, so that it sounds exactly there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ...export.errors import LatentoneError
from ..contracts import Clocked
from ..events import ControlEvent, EventQueue
from ..scores import Score

AHEAD_S = 0.1
"""Events are handed over so long before the sample that the engine is making: what stop and rate say is heard after that."""
PERIOD_S = 0.02
BURST = 256
"""Most events of one source in one period: more at once would fill the queue, and must wait."""
AS_WRITTEN_BPM = 120.0
"""The tempo at which a source that goes by the tempo is as fast as it is written."""
BEATS = (".mid", ".midi")
SUFFIXES = (".yaml", ".yml", ".osc", *BEATS)

_log = logging.getLogger(__name__)


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


@dataclass(slots=True)
class _Playing:
    """A score under way: which of its samples falls on which of the stream's."""

    events: Sequence[ControlEvent]
    length: float
    """Samples of the score."""
    by_beats: bool
    rate: float
    """In samples of the score for one of the stream."""
    at_stream: float
    """A sample of the stream, on which `at_place` of the score falls."""
    horizon: float
    """All that is due on the stream until here has been handed over."""
    at_place: float = 0.0
    next: int = 0
    ends: float | None = None
    """The sample of the stream on which it has come to its end, once that is known."""

    def stream(self, place: float) -> float:
        return self.at_stream + (place - self.at_place) / self.rate

    def tie(self, stream: float) -> None:
        """Let what is due next fall on the sample `stream`."""
        self.at_place += (self.horizon - self.at_stream) * self.rate
        self.at_stream = self.horizon = stream


class LiveScores:
    """`contracts.Sources` of the scores in some folders: a context manager, and a thread while it is open.

    Rates are kept from one time to the next, and so is whether a source is to loop. While `/transport` is 0, MIDI files
    stand: they go by beats.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        queue: EventQueue,
        clock: Clocked,
        sample_rate_hz: int,
        read: Callable[[Path], Score],
        ended: Callable[[str], object],
    ) -> None:
        """sample_rate_hz: the stream's. read: a score for that rate and the model of the moment; may raise LatentoneError.

        ended: told when a source has come to its end, by the thread of this.
        """
        self._files = score_files(folders)
        self._queue, self._clock, self._read, self._ended = queue, clock, read, ended
        self._rate_hz = sample_rate_hz
        self._rates: dict[str, tuple[float, bool]] = {}
        """How many times as fast as written, and whether by the tempo too."""
        self._loops: set[str] = set()
        self._playing: dict[str, _Playing] = {}
        self._changed = threading.Condition()
        self._open = False
        self._thread = threading.Thread(target=self._run, name="sources", daemon=True)

    def __enter__(self) -> Self:
        self._open = True
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join()

    def describe(self) -> str:
        """For the screen."""
        return f"scores  {', '.join(self.names()) or 'none'}"

    def names(self) -> list[str]:
        """Of the files that were there at the beginning; each is read anew when it is played."""
        return list(self._files)

    def play(self, name: str) -> None:
        """Begin, or begin again. Raises LatentoneError when there is no such score, or it cannot be read."""
        file = self._file(name)
        score = self._read(file)
        length = score.seconds * self._rate_hz
        events = [event for event in score.events if (event.at_sample or 0) < length]
        with self._changed:
            now = self._horizon()
            rate = self._rate(name)
            by_beats = file.suffix.lower() in BEATS
            self._playing[name] = _Playing(events, length, by_beats, rate, at_stream=now, horizon=now)
            self._changed.notify()

    def stop(self, name: str) -> None:
        """End it, if it plays. Raises LatentoneError when there is no such score."""
        self._file(name)
        with self._changed:
            self._playing.pop(name, None)

    def set_rate(self, name: str, times: float, by_tempo: bool = False) -> None:
        """How fast it goes, from now on, and whether with the tempo. Raises LatentoneError when there is no such score."""
        self._file(name)
        with self._changed:
            self._rates[name] = (times, by_tempo)

    def set_loop(self, name: str, on: bool) -> None:
        """Whether it begins again at its end. Raises LatentoneError when there is no such score."""
        self._file(name)
        with self._changed:
            (self._loops.add if on else self._loops.discard)(name)

    def _rate(self, name: str) -> float:
        times, by_tempo = self._rates.get(name, (1.0, False))
        [tempo_bpm] = self._clock.value_of("/tempo_bpm") or (AS_WRITTEN_BPM,)
        return times * float(tempo_bpm) / AS_WRITTEN_BPM if by_tempo else times

    def _file(self, name: str) -> Path:
        if name not in self._files:
            raise LatentoneError(f"there is no score {name[:64]!r} ({', '.join(self._files) or 'none was found'})")
        return self._files[name]

    def _horizon(self) -> float:
        """So far ahead the stream is to be told: beyond what the engine makes now, which is heard a latency later."""
        latency_s = self._clock.status_reply().latency_ms / 1000
        return self._clock.sample_at(time.time() + latency_s + AHEAD_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._open:
                    return
                if not self._playing:
                    self._changed.wait()
                    continue
                over = self._hand_over()
            for name in over:
                try:
                    self._ended(name)
                except Exception:  # whoever is told must not end the music
                    _log.exception("source %s ended", name)
            time.sleep(PERIOD_S)

    def _hand_over(self) -> list[str]:
        """Put what is due soon into the queue; returns the names of those whose end has been heard."""
        horizon, heard = self._horizon(), self._clock.sample_at(time.time())
        stands = self._clock.value_of("/transport") == (0,)
        for name, playing in self._playing.items():
            if (rate := self._rate(name)) != playing.rate and playing.ends is None:
                playing.tie(playing.horizon)
                playing.rate = rate
            if playing.by_beats and stands:
                playing.tie(horizon)
            else:
                self._put(name, playing, horizon)
        over = [name for name, playing in self._playing.items() if playing.ends is not None and playing.ends <= heard]
        for name in over:
            del self._playing[name]
        return over

    def _put(self, name: str, playing: _Playing, horizon: float) -> None:
        for _ in range(BURST):
            if playing.next < len(playing.events):
                event = playing.events[playing.next]
                at = playing.stream(event.at_sample or 0)
                if at > horizon:
                    break
                if not self._queue.put(ControlEvent(event.address, event.values, round(at), event.source)):
                    break  # counted; it goes in as soon as there is room
                playing.next += 1
            elif (end := playing.stream(playing.length)) > horizon:
                break
            elif name in self._loops:
                playing.at_stream, playing.at_place, playing.next = end, 0.0, 0
            else:
                playing.ends = end if playing.ends is None else playing.ends
                break
        playing.horizon = horizon
