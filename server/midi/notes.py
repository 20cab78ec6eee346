"""Notes take voices: which voice a key gets, when it lets it go, and what pedals hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Note(NamedTuple):
    """One key of one keyboard."""

    port: str
    channel: int
    key: int


@dataclass(slots=True)
class _Voice:
    note: Note | None = None
    """The note that it plays, or played last."""
    is_down: bool = False
    held_by: set[str] = field(default_factory=set)
    """The pedals that hold it."""
    since: int = 0
    """When it began or ended to play, in order."""

    @property
    def sounds(self) -> bool:
        return self.is_down or bool(self.held_by)


class NoteVoices:
    """Gives voices to notes. Any thread may call.

    A new note takes the voice that has been silent for longest; if all sound, the oldest of those that only a pedal holds;
    then the oldest of all, whose note is then gone. A note that sounds already keeps its voice. Each method returns the
    voices that fall silent by it.
    """

    def __init__(self, voices: int) -> None:
        self._voices = [_Voice() for _ in range(voices)]
        self._pedals: dict[str, set[tuple[str, int]]] = {"sustain": set(), "sostenuto": set()}
        self._order = 0
        self._lock = threading.Lock()

    def on(self, note: Note) -> tuple[int, bool]:
        """A key goes down; returns its voice, and whether that one was sounding."""
        with self._lock:
            number = self._voice_for(note)
            voice = self._voices[number]
            sounded = voice.sounds
            self._voices[number] = _Voice(note, True, set(), self._next())
            return number, sounded

    def off(self, note: Note, channel: int) -> list[int]:
        """A key is let go; `channel` is the one that its pedals come on."""
        with self._lock:
            silent = []
            for number, voice in self._playing(lambda v: v.note == note and v.is_down):
                voice.is_down = False
                if (note.port, channel) in self._pedals["sustain"]:
                    voice.held_by.add("sustain")
                if not voice.sounds:
                    voice.since = self._next()
                    silent.append(number)
            return silent

    def pedal(self, name: str, port: str, channel: int, is_down: bool, belongs: Callable[[Note], bool]) -> list[int]:
        """The pedal `sustain` or `sostenuto` goes down or up; `belongs` tells whether a note is one of its."""
        with self._lock:
            place = (port, channel)
            was_down = place in self._pedals[name]
            (self._pedals[name].add if is_down else self._pedals[name].discard)(place)
            if is_down:
                for _, voice in self._playing(belongs_to(belongs)):
                    # Sostenuto holds only what is down when it is pressed.
                    if name == "sostenuto" and voice.is_down and not was_down:
                        voice.held_by.add(name)
                return []
            return self._let_go(belongs, lambda voice: voice.held_by.discard(name))

    def release(self, belongs: Callable[[Note], bool], pedals_too: bool = True) -> list[int]:
        """Every note that `belongs` names is let go: at once, or as far as pedals do not hold it."""
        with self._lock:

            def let_go(voice: _Voice) -> None:
                if not pedals_too and voice.is_down and voice.note is not None:
                    sustained = any(port == voice.note.port for port, _ in self._pedals["sustain"])
                    voice.held_by |= {"sustain"} if sustained else set()
                voice.is_down = False
                if pedals_too:
                    voice.held_by.clear()

            return self._let_go(belongs, let_go)

    def forget(self, port: str) -> list[int]:
        """A keyboard is gone: so are its notes and pedals."""
        with self._lock:
            for places in self._pedals.values():
                places -= {place for place in places if place[0] == port}
        return self.release(lambda note: note.port == port)

    def voices_of(self, belongs: Callable[[Note], bool]) -> list[int]:
        """The voices that sound notes which `belongs` names."""
        with self._lock:
            return [number for number, _ in self._playing(belongs_to(belongs))]

    def _voice_for(self, note: Note) -> int:
        for number, _ in self._playing(lambda voice: voice.note == note):
            return number
        return min(
            range(len(self._voices)),
            key=lambda number: (
                self._voices[number].sounds,
                self._voices[number].is_down,
                self._voices[number].since,
                number,
            ),
        )

    def _playing(self, meant: Callable[[_Voice], bool]) -> list[tuple[int, _Voice]]:
        return [(number, voice) for number, voice in enumerate(self._voices) if voice.sounds and meant(voice)]

    def _let_go(self, belongs: Callable[[Note], bool], act: Callable[[_Voice], None]) -> list[int]:
        silent = []
        for number, voice in self._playing(belongs_to(belongs)):
            act(voice)
            if not voice.sounds:
                voice.since = self._next()
                silent.append(number)
        return silent

    def _next(self) -> int:
        self._order += 1
        return self._order


def belongs_to(belongs: Callable[[Note], bool]) -> Callable[[_Voice], bool]:
    """`belongs`, asked of the note of a voice."""
    return lambda voice: voice.note is not None and belongs(voice.note)
