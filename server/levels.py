"""How loud everything is meant to be, and where: gains, gates, pans and the envelope that gates follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

from .addresses import GAIN_DB
from .events import ControlEvent, Value

PANIC = "/panic"


class Adsr(NamedTuple):
    """How a gate opens and closes, as `/envelope` says."""

    attack_s: float = 0.010
    decay_s: float = 0.010
    sustain: float = 1.0
    release_s: float = 0.010


@dataclass(slots=True)
class VoiceLevels:
    """Of one voice."""

    gate: float = 0.0
    """How far open, 0 (shut) to 1."""
    gain_db: float = 0.0
    """At the lowest gain of the table it is silent."""
    pan: float = 0.0
    """-1 is left, 0 the middle, 1 right."""


class Levels:
    """The targets of the mixer. The engine thread applies events and reads; other threads may read.

    They belong to the performer and not to a model: another model plays at the levels that are set. Voice 0 sounds from the
    start.
    """

    def __init__(self, gain_db: float = 0.0, voices: int = 1, envelope: Adsr | None = None) -> None:
        self.voices = tuple(VoiceLevels() for _ in range(voices))
        self._start = (gain_db, envelope or Adsr())
        self._reset()
        self._set = self._table()
        self._voice_of = {
            f"/voice/{number}/{field}": number for number in range(voices) for field in ("gate", "gain_db")
        }

    def owns(self, address: str) -> bool:
        """Whether `address` says something of levels; `/panic` does, and of other things too."""
        return address in self._set

    def voice_of(self, address: str) -> int | None:
        """The voice whose gate or gain, by which it may sound or not, is at `address`; None for any other address."""
        return self._voice_of.get(address)

    def sounds(self, event: ControlEvent) -> bool:
        """Whether the gate or gain of a voice is let sound by `event`, which is of one of them."""
        shut = GAIN_DB.low if event.address.endswith("/gain_db") else 0.0
        return float(event.values[0]) > shut

    def apply(self, event: ControlEvent) -> None:
        """Take over what one checked event asks for, if it is of levels."""
        set_ = self._set.get(event.address)
        if set_ is not None:
            set_(event.values)

    def value_of(self, address: str) -> tuple[Value, ...] | None:
        """What was last said to an address, or None if it has no value here."""
        if address == "/gain_db":
            return (self.gain_db,)
        if address == "/envelope":
            return tuple(self.envelope)
        parts = address.split("/")  # "", voice, number, field
        if len(parts) == 4 and self.owns(address):
            return (getattr(self.voices[int(parts[2])], parts[3]),)
        return None

    def save(self) -> dict[str, Any]:
        """All that it holds, as plain numbers."""
        voices = [asdict(voice) for voice in self.voices]
        return {"gain_db": self.gain_db, "envelope": list(self.envelope), "voices": voices}

    def load(self, state: dict[str, Any]) -> None:
        """Be as `save` said, for as many voices."""
        self.gain_db, self.envelope = float(state["gain_db"]), Adsr(*map(float, state["envelope"]))
        for voice, saved in zip(self.voices, state["voices"], strict=True):
            for field, value in saved.items():
                setattr(voice, field, float(value))

    def _table(self) -> dict[str, Callable[[tuple[Value, ...]], None]]:
        table: dict[str, Callable[[tuple[Value, ...]], None]] = {
            "/gain_db": self._set_gain,
            "/envelope": self._set_envelope,
            PANIC: lambda _: self._reset(),
        }
        for number, voice in enumerate(self.voices):
            for field in ("gate", "gain_db", "pan"):
                table[f"/voice/{number}/{field}"] = partial(_put, voice, field)
        return table

    def _set_gain(self, values: tuple[Value, ...]) -> None:
        self.gain_db = float(values[0])

    def _set_envelope(self, values: tuple[Value, ...]) -> None:
        self.envelope = Adsr(*map(float, values))

    def _reset(self) -> None:
        self.gain_db, self.envelope = self._start
        for number, voice in enumerate(self.voices):
            voice.gate, voice.gain_db, voice.pan = float(number == 0), 0.0, 0.0


def _put(voice: VoiceLevels, field: str, values: tuple[Value, ...]) -> None:
    setattr(voice, field, float(values[0]))
