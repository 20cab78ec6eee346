"""What sources play is handed over a little before its sample, so that it sounds exactly there."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from typing import Self

from .contracts import Clocked
from .events import ControlEvent, EventQueue
from .piece import Mark, Piece, Playing

AHEAD_S = 0.1
"""Events are handed over so long before the sample that the engine is making: what stop and rate say is heard after that."""
PERIOD_S = 0.02
BURST = 256
"""Most events of one source in one period: more at once would fill the queue, and must wait."""
AS_WRITTEN_BPM = 120.0
"""The tempo at which a source that goes by the tempo is as fast as it is written."""
STEPS = 4096
"""Most places of one piece that are looked at in one period, should nothing be there to say."""
MARKS = 4096
"""Most that may wait to be told when it is heard."""

_log = logging.getLogger(__name__)


class Ahead:
    """Plays pieces by name, ahead of their samples: a context manager, and a thread while it is open.

    Rates are kept from one time to the next, and so is whether a piece is to loop.
    """

    def __init__(
        self,
        queue: EventQueue,
        clock: Clocked,
        sample_rate_hz: int,
        ended: Callable[[str], object],
        told: Callable[[Mark], object] = lambda mark: None,
    ) -> None:
        """sample_rate_hz: the stream's. ended: told when a piece has come to its end. told: given marks as they are heard.

        Both are called by the thread of this.
        """
        self._queue, self._clock, self._ended, self._told = queue, clock, ended, told
        self._rate_hz = sample_rate_hz
        self._rates: dict[str, tuple[float, bool]] = {}
        """How many times as fast as written, and whether by the tempo too."""
        self._loops: set[str] = set()
        self._playing: dict[str, Playing] = {}
        self._marks: list[tuple[float, int, Mark]] = []
        """A heap of samples, of which number each is, and what is to be told then."""
        self._marked = 0
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

    def begin(self, name: str, piece: Piece) -> None:
        """Play it from its beginning."""
        with self._changed:
            # Before the engine has begun, the clock may still say less than nothing.
            now = max(0.0, self._now()) + AHEAD_S * self._rate_hz
            self._playing[name] = Playing(piece, *self._speed(name, piece), now, now)
            self._changed.notify()

    def end(self, name: str) -> None:
        """Play it no more, if it plays."""
        with self._changed:
            self._playing.pop(name, None)

    def go(self, name: str, place: float, mark: Mark | None = None) -> bool:
        """On from another place, and tell a mark when that is heard; False where it does not play."""
        with self._changed:
            if (playing := self._playing.get(name)) is None:
                return False
            playing.go(place)
            if mark is not None:
                self._mark(playing.horizon, mark)
            return True

    def replace(self, name: str, piece: Piece, place: float) -> None:
        """Go on with another piece, from a place of it on, if it plays; what counts there is taken to sound already."""
        with self._changed:
            if (playing := self._playing.get(name)) is not None:
                playing.piece = piece
                playing.go(place)
                playing.next += 1

    def place(self, name: str) -> float | None:
        """How far it has been handed over; None where it does not play."""
        with self._changed:
            playing = self._playing.get(name)
            return None if playing is None else min(playing.here(), playing.piece.length)

    def now(self, event: ControlEvent, mark: Mark | None = None) -> bool:
        """Hand over an event for the next block, and tell its mark when that is heard; False where it is dropped."""
        if not self._queue.put(event):
            return False
        if mark is not None:
            with self._changed:
                self._mark(self._now(), mark)
                self._changed.notify()
        return True

    def drop(self) -> None:
        """Count what comes too fast to be handed over."""
        self._queue.drop()

    def set_rate(self, name: str, times: float, by_tempo: bool = False) -> None:
        """How fast it goes, from now on, and whether with the tempo."""
        with self._changed:
            self._rates[name] = (times, by_tempo)

    def set_loop(self, name: str, on: bool) -> None:
        """Whether it begins again at its end."""
        with self._changed:
            (self._loops.add if on else self._loops.discard)(name)

    def _speed(self, name: str, piece: Piece) -> tuple[float, float]:
        """How many times as fast as written it goes at this moment, and samples from one place to the next at rate 1."""
        return self._times(name), piece.unit_s * self._rate_hz

    def _times(self, name: str) -> float:
        times, by_tempo = self._rates.get(name, (1.0, False))
        [tempo_bpm] = self._clock.value_of("/tempo_bpm") or (AS_WRITTEN_BPM,)
        return times * float(tempo_bpm) / AS_WRITTEN_BPM if by_tempo else times

    def _now(self) -> float:
        """The sample that the engine makes now, which is heard a latency later."""
        return self._clock.sample_at(time.time() + self._clock.status_reply().latency_ms / 1000)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._open:
                    return
                if not self._playing and not self._marks:
                    self._changed.wait()
                    continue
                over = self._hand_over()
                heard = self._heard()
            for do, about in [*((self._told, mark) for mark in heard), *((self._ended, name) for name in over)]:
                try:
                    do(about)
                except Exception:  # whoever is told must not end the music
                    _log.exception("%s could not be told", about)
            time.sleep(self._rest_s())

    def _mark(self, sample: float, mark: Mark) -> None:
        if len(self._marks) < MARKS:
            self._marked += 1
            heapq.heappush(self._marks, (sample, self._marked, mark))

    def _heard(self) -> list[Mark]:
        """The marks whose events are heard by now."""
        heard, marks = self._clock.sample_at(time.time()), list[Mark]()
        while self._marks and self._marks[0][0] <= heard:
            marks.append(heapq.heappop(self._marks)[2])
        return marks

    def _rest_s(self) -> float:
        """Until there is something to do again."""
        with self._changed:
            if not self._marks:
                return PERIOD_S
            until_heard_s = (self._marks[0][0] - self._clock.sample_at(time.time())) / self._rate_hz
        return min(PERIOD_S, max(0.001, until_heard_s))

    def _hand_over(self) -> list[str]:
        """Put what is due soon into the queue; returns the names of those whose end has been heard."""
        horizon, heard = self._now() + AHEAD_S * self._rate_hz, self._clock.sample_at(time.time())
        stands = self._clock.value_of("/transport") == (0,)
        for name, playing in self._playing.items():
            speed = self._speed(name, playing.piece)
            if speed != (playing.times, playing.unit_samples) and playing.ends is None:
                playing.tie(playing.horizon)
                playing.times, playing.unit_samples = speed
            if playing.piece.by_beats and stands:
                playing.tie(horizon)
            else:
                self._put(name, playing, horizon)
        over = [name for name, playing in self._playing.items() if playing.ends is not None and playing.ends <= heard]
        for name in over:
            del self._playing[name]
        return over

    def _put(self, name: str, playing: Playing, horizon: float) -> None:
        piece, left = playing.piece, BURST
        for _ in range(STEPS):
            if left == 0:
                break
            if playing.next < len(piece):
                at = playing.stream(piece.place(playing.next))
                if at > horizon:
                    break
                event = piece.event(playing.next, playing.times)
                if event is not None:
                    left -= 1
                    if not self._queue.put(ControlEvent(event.address, event.values, round(at), event.source)):
                        break  # counted; it goes in as soon as there is room
                    if (mark := piece.mark(playing.next)) is not None:
                        self._mark(at, mark)
                playing.next += 1
            elif (end := playing.stream(piece.length)) > horizon:
                break
            elif name in self._loops:
                playing.at_stream, playing.at_place, playing.next = end, 0.0, 0
            else:
                playing.ends = end if playing.ends is None else playing.ends
                break
        playing.horizon = horizon
