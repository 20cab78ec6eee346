"""Where everything is meant to be: control events become the targets that the engine moves towards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .events import ControlEvent, Value


@dataclass(slots=True)
class VoiceTargets:
    """What one voice is meant to do."""

    latents: np.ndarray
    """float32 (dim,), in knob units; the same array for life."""
    glide_s: float
    """Time for the latents' way to their targets: the usual glide, or that of the last `/glide_to`."""
    temperature: float
    gate: int
    """1 while it sounds, 0 while not."""
    gain_db: float = 0.0
    """At the lowest gain of the table it is silent."""
    pan: float = 0.0
    """-1 is left, 0 the middle, 1 right."""


_Values = tuple[Value, ...]
_Set = Callable[[VoiceTargets, _Values], None]


class Mapping:
    """The current targets. The engine thread applies events and reads; other threads may read.

    Every number here was checked where it came in, so nothing is checked again. Of several voices the first sounds from
    the start.
    """

    voices: tuple[VoiceTargets, ...]
    gain_db: float
    """Of everything that sounds."""
    touched: bool
    """True once anybody moved a knob: from then on nothing moves by itself."""

    def __init__(
        self, home: Sequence[float], *, gain_db: float, temperature: float, glide_s: float, voices: int = 1
    ) -> None:
        self._home = np.array(home, dtype=np.float32)
        self._start = (gain_db, temperature, glide_s)
        self.voices = tuple(VoiceTargets(self._home.copy(), glide_s, temperature, 0) for _ in range(voices))
        self.touched = False
        self._reset()
        self._set = self._table()

    def apply(self, event: ControlEvent) -> None:
        """Take over what one checked event asks for."""
        known = self._set.get(event.address)
        if known is not None:
            set_, voices = known
            for voice in voices:
                set_(voice, event.values)
        elif event.address == "/gain_db":
            self.gain_db = _number(event.values)
        elif event.address == "/glide_s":
            self._usual_glide_s = _number(event.values)
            for voice in self.voices:
                voice.glide_s = self._usual_glide_s
        elif event.address == "/panic":
            self._reset()
            # Whoever panics wants rest, so the idle motion does not come back.
            self.touched = True

    def _table(self) -> dict[str, tuple[_Set, tuple[VoiceTargets, ...]]]:
        """Each address that sets something of voices: how, and of which."""
        table: dict[str, tuple[_Set, tuple[VoiceTargets, ...]]] = {"/glide_to": (self._glide_to, self.voices)}
        of_one = [(f"/voice/{number}", (voice,)) for number, voice in enumerate(self.voices)]
        for prefix, voices in [("", self.voices), *of_one]:
            table[f"{prefix}/latent"] = (self._turn_all, voices)
            table[f"{prefix}/temperature"] = (partial(_put, "temperature"), voices)
            for knob in range(len(self._home)):
                table[f"{prefix}/latent/{knob}"] = (partial(self._turn_one, knob), voices)
        for prefix, voices in of_one:
            table |= {f"{prefix}/{field}": (partial(_put, field), voices) for field in ("gain_db", "pan", "gate")}
        return table

    def _turn_one(self, knob: int, voice: VoiceTargets, values: _Values) -> None:
        voice.latents[knob] = values[0]
        self._turned(voice, self._usual_glide_s)

    def _turn_all(self, voice: VoiceTargets, values: _Values) -> None:
        voice.latents[: len(values)] = values
        self._turned(voice, self._usual_glide_s)

    def _glide_to(self, voice: VoiceTargets, values: _Values) -> None:
        voice.latents[: len(values) - 1] = values[1:]
        self._turned(voice, _number(values))

    def _turned(self, voice: VoiceTargets, glide_s: float) -> None:
        voice.glide_s = glide_s
        self.touched = True

    def _reset(self) -> None:
        self.gain_db, temperature, self._usual_glide_s = self._start
        for number, voice in enumerate(self.voices):
            voice.latents[:] = self._home
            voice.glide_s, voice.temperature = self._usual_glide_s, temperature
            voice.gate, voice.gain_db, voice.pan = int(number == 0), 0.0, 0.0


def _put(field: str, voice: VoiceTargets, values: _Values) -> None:
    setattr(voice, field, values[0])


def _number(values: _Values) -> float:
    return float(values[0])
