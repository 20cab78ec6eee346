"""The recorder: what is heard into a sound file, what moves it into a score that plays the same again, sample by sample."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np

from ..export.errors import LatentoneError
from .audio import Sink
from .audio.file import FORMATS, FileSink
from .engine import Engine
from .events import ControlEvent, Value
from .snapshot import write_snapshot
from .tap import Deaf

WRITE_PERIOD_S = 0.05
HELD_S = 10.0
"""So much sound may wait for a slow disk; after that the recording ends, and the sound goes on."""
START_DEADLINE_S = 5.0
_NAME = re.compile(r"[\w][\w .+-]{0,99}")
_HEADER = """\
# A session that Latentone recorded. To hear the same again, sample by sample:
#   latentone render {score} -o again{suffix}
"""


class Take:
    """One recording under way: a `Tap` for the engine's thread, emptied by the recorder's."""

    def __init__(self, channels: int, sample_rate_hz: int, first_sample: int) -> None:
        self._held = np.zeros((channels, round(HELD_S * sample_rate_hz)), np.float32)
        self._first_sample = first_sample
        self._given = self._taken = 0  # samples; each is moved by one thread only
        self._events: deque[tuple[int, ControlEvent]] = deque()
        self.overrun = False

    def sound(self, audio: np.ndarray) -> None:
        """Keep a copy of float32 `audio` (channels, samples); too much of it ends the recording."""
        samples, length = audio.shape[1], self._held.shape[1]
        if self._given + samples - self._taken > length:
            self.overrun = True
        if self.overrun:
            return
        at = self._given % length
        first = min(samples, length - at)
        self._held[:, at : at + first] = audio[:, :first]
        self._held[:, : samples - first] = audio[:, first:]
        self._given += samples

    def event(self, event: ControlEvent, sample: int) -> None:
        """Keep what takes effect at `sample` of the stream."""
        self._events.append((sample - self._first_sample, event))

    def take_sound(self, sink: FileSink) -> None:
        """Write what is there."""
        length = self._held.shape[1]
        while self._taken < (given := self._given):
            at = self._taken % length
            count = min(given - self._taken, length - at)
            sink.write(self._held[:, at : at + count])
            self._taken += count

    def take_event(self) -> tuple[int, ControlEvent] | None:
        """The next event with its sample of the recording, or None."""
        return self._events.popleft() if self._events else None

    @property
    def samples(self) -> int:
        """Written so far."""
        return self._taken


class Recorder:
    """Records the stream of a playing engine (see `contracts.Recorder`), on a thread of its own.

    A recording is three files: the sound as it goes to the sink, in 24 bits; a score of all that took effect, each at its
    sample; and, as the sound had a past, a snapshot of what it began from. `stopped` is called with the file and the reason
    when a recording ends by itself.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        sink: Sink,
        facts: Callable[[], dict[str, Value]],
        stopped: Callable[[Path, str], object],
    ) -> None:
        """sink: the engine's. facts: what a score has to say of the model that plays: `model`, `runtime`, `voices`."""
        self._engine, self._folder, self._facts, self._stopped = engine, folder, facts, stopped
        self._rate_hz, self._channels = sink.sample_rate_hz, sink.channels
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._seconds = 0.0

    def start(self, name: str) -> Path:
        """Begin; returns the sound file, .wav unless `name` ends in .flac. A name that is taken gets a number."""
        with self._lock:
            if self._path is not None:
                raise LatentoneError(f"{self._path.name} is being recorded: /record/stop ends it")
            if not _NAME.fullmatch(name):
                raise LatentoneError(f"{name[:64]!r} is not the name of a file (letters, digits, blanks, . + - _)")
            sound = self._free(name)
            score, snapshot = _beside(sound, ".score.yaml"), _beside(sound, ".start.npz")
            sink = FileSink(sound, self._rate_hz, self._channels)
            sink.__enter__()
            try:
                facts = self._facts()
                state, take = self._begin()
                write_snapshot(snapshot, state)
                text = score.open("w", encoding="utf-8")
            except BaseException as error:
                self._engine.tap = Deaf()
                sink.__exit__(type(error), error, error.__traceback__)
                if isinstance(error, OSError):
                    raise LatentoneError(f"{score}: cannot be written: {error.strerror}") from None
                raise
            text.write(_HEADER.format(score=score.name, suffix=sound.suffix))
            facts |= {"sample_rate_hz": self._rate_hz, "channels": self._channels, "start": snapshot.name}
            text.writelines(f"{key}: {_yaml(value)}\n" for key, value in facts.items())
            text.write("events:\n")
            self._path = sound
            self._ending.clear()
            self._thread = threading.Thread(target=self._write, args=(take, sink, text), name="recorder", daemon=True)
            self._thread.start()
            return sound

    def stop(self) -> tuple[Path, float]:
        """End; returns the sound file and its length in seconds."""
        with self._lock:
            path, thread = self._path, self._thread
            if path is None or thread is None:
                raise LatentoneError("nothing is being recorded")
            self._ending.set()
            thread.join()
            self._path = None
            return path, self._seconds

    def close(self) -> None:
        """End a recording, if one is under way."""
        with contextlib.suppress(LatentoneError):
            self.stop()

    def _free(self, name: str) -> Path:
        suffix = Path(name).suffix.lower() if Path(name).suffix.lower() in FORMATS else ".wav"
        stem = name.removesuffix(Path(name).suffix) if Path(name).suffix.lower() in FORMATS else name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LatentoneError(f"{self._folder}: no folder for recordings: {error.strerror}") from None
        path, number = self._folder / f"{stem}{suffix}", 1
        while path.exists() or _beside(path, ".score.yaml").exists():
            number += 1
            path = self._folder / f"{stem}-{number}{suffix}"
        return path

    def _begin(self) -> tuple[dict, Take]:
        """The engine's state, and the tap that hears all that follows. Waits for a swap of models to be over."""

        def begin() -> tuple[dict, Take] | None:
            if self._engine.layers.swapping:
                return None
            take = Take(self._channels, self._rate_hz, self._engine.sample)
            self._engine.tap = take
            return self._engine.save(), take

        until_s = time.monotonic() + START_DEADLINE_S
        while (begun := self._engine.ask(begin)) is None:
            if time.monotonic() > until_s:
                raise LatentoneError("a model is being loaded; record when it plays")
            time.sleep(WRITE_PERIOD_S)
        return begun

    def _write(self, take: Take, sink: FileSink, text: TextIO) -> None:
        why = ""
        try:
            while not self._ending.wait(WRITE_PERIOD_S) and not take.overrun:
                self._empty(take, sink, text)
            self._engine.tap = Deaf()
            self._empty(take, sink, text)
            why = "the disk is too slow" if take.overrun else ""
        except (OSError, LatentoneError) as error:
            self._engine.tap = Deaf()
            why = str(error)
        self._seconds = take.samples / self._rate_hz
        unfinished = self._finish(sink, text)
        why = why or unfinished
        if why and self._path is not None:
            path, self._path = self._path, None
            self._stopped(path, why)

    def _finish(self, sink: FileSink, text: TextIO) -> str:
        """Close both files, so that what has been recorded is kept even on a full disk; returns what went wrong."""
        why = ""
        end = f"seconds: {_yaml(self._seconds)}\n"
        for finish in (partial(sink.__exit__, None, None, None), partial(text.write, end), text.close):
            try:
                finish()
            except (OSError, LatentoneError) as error:
                why = why or str(error)
        return why

    def _empty(self, take: Take, sink: FileSink, text: TextIO) -> None:
        take.take_sound(sink)
        while (item := take.take_event()) is not None:
            sample, event = item
            values = "".join(f", {_yaml(value)}" for value in event.values)
            text.write(f"  - [{_yaml(sample / self._rate_hz)}, {event.address}{values}]\n")
        text.flush()


def _beside(sound: Path, suffix: str) -> Path:
    return sound.with_name(sound.stem + suffix)


def _yaml(value: Value) -> str:
    """As YAML reads back to the last bit: it takes `1e-05`, which Python prints, for a word."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    text = repr(value)
    return text if "." in text or "e" not in text else text.replace("e", ".0e")
