"""Where the knobs are meant to be: control events become the targets that a model's voices move towards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self, cast

import numpy as np

from .addresses import KNOB, MOST_PLACES
from .blend import Blend
from .events import ControlEvent, Value
from .motion import Lfo, Motions, Per, Slerp, Spline, Walk
from .motion.lfo import Shape
from .trajectory import Curve


@dataclass(slots=True)
class VoiceTargets:
    """What one voice is meant to do."""

    latents: np.ndarray
    """float32 (dim,), in knob units, without what motions add; the same array for life."""
    glide_s: float
    """Time for the latents' way to their targets: the usual glide, or that of the last `/glide_to`."""
    temperature: float


_Values = tuple[Value, ...]
_Set = Callable[[_Values], None]
_Get = Callable[[], _Values | None]
_ALL = slice(None)


class Mapping:
    """The current targets of one model. The engine thread applies events and reads; other threads may read.

    Every number here was checked where it came in, so nothing is checked again; an address that this model does not have, or
    that is of levels, is passed over. Events take effect with the next `Voices.follow`.
    """

    voices: tuple[VoiceTargets, ...]
    motions: Motions
    glide_curve: Curve
    blend: Blend
    """How what is heard live moves the knobs."""
    touched: bool
    """True once anybody moved a knob: from then on nothing drifts by itself."""

    def __init__(
        self,
        home: Sequence[float],
        *,
        temperature: float,
        glide_s: float,
        voices: int = 1,
        blend: Callable[[np.ndarray], Blend] = Blend,
    ) -> None:
        """home: where each knob rests. blend: makes the blend of a live input for them."""
        self._home = np.array(home, dtype=np.float32)
        self._new_blend, self.blend = blend, blend(self._home)
        self._start = (temperature, glide_s)
        self._glide_beats: float | None = None  # where the usual glide goes by the tempo
        self._targets = np.tile(self._home, (voices, 1))
        self._turned = np.zeros(self._targets.shape, dtype=bool)  # by somebody, and not by panic since
        self.voices = tuple(VoiceTargets(latents, glide_s, temperature) for latents in self._targets)
        self.motions = Motions(self._targets, KNOB.low, KNOB.high)
        self.touched = False
        self._reset()
        self._set, self._get = self._setters(), self._getters()

    def fitting(self, event: ControlEvent) -> ControlEvent | None:
        """What is left of a checked event, which may have been meant for a model with other knobs; None if nothing is."""
        if event.address not in self._set:
            return None
        knobs, values = len(self._home), event.values
        if event.address == "/spline_to":
            places, rest = divmod(len(values) - 1, knobs)
            return event if rest == 0 and places <= MOST_PLACES else None
        most = knobs + (event.address in ("/glide_to", "/slerp_to"))
        return (
            event
            if len(values) <= most or event.address.startswith("/motion/")
            else replace(event, values=values[:most])
        )

    def apply(self, event: ControlEvent) -> None:
        """Take over what one event asks for, as `fitting` gave it."""
        if (set_ := self._set.get(event.address)) is not None:
            set_(event.values)

    def value_of(self, address: str) -> tuple[Value, ...] | None:
        """What was last said to an address, or would have been to bring things where they are meant to be; None if it has no value.

        What is said to all voices is answered for voice 0. Motions are left out. From any thread.
        """
        get = self._get.get(address)
        return None if get is None else get()

    def targets(self) -> list[float]:
        """Where voice 0's knobs are meant to be at this moment, motions included, (dim,). From any thread."""
        return np.clip(self._targets[0] + self.motions.offsets[0], KNOB.low, KNOB.high).tolist()

    def for_model(self, home: Sequence[float], temperature: float) -> Self:
        """The same performance on another model: all that was said stays, and knobs nobody has turned rest at `home`."""
        own_temperature, glide_s = self._start
        new = type(self)(home, temperature=temperature, glide_s=glide_s, voices=len(self.voices), blend=self._new_blend)
        new.blend.load(self.blend.save())
        shared = slice(0, min(len(home), len(self._home)))
        np.copyto(new._targets[:, shared], self._targets[:, shared], where=self._turned[:, shared])
        new._turned[:, shared] = self._turned[:, shared]
        for voice, old in zip(new.voices, self.voices, strict=True):
            if old.temperature != own_temperature:
                voice.temperature = old.temperature
        new.glide_curve, new.touched = self.glide_curve, self.touched
        new._set_glide((self._usual_glide_s,))
        new._glide_beats = self._glide_beats
        new.motions.carry_over(self.motions)
        return new

    def save(self) -> dict[str, Any]:
        """All that it holds, motions too, as plain numbers, strings, lists, dicts and arrays."""
        return {
            "latents": self._targets.copy(),
            "turned": self._turned.copy(),
            "voices": [[voice.glide_s, voice.temperature] for voice in self.voices],
            "glide_s": self._usual_glide_s,
            "glide_beats": [] if self._glide_beats is None else [self._glide_beats],
            "glide_curve": self.glide_curve,
            "touched": int(self.touched),
            "motions": self.motions.save(),
            "blend": self.blend.save(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Be as `save` said, for as many voices and knobs."""
        self._targets[:], self._turned[:] = state["latents"], state["turned"]
        for voice, numbers in zip(self.voices, state["voices"], strict=True):
            voice.glide_s, voice.temperature = map(float, numbers)
        self._usual_glide_s, self.glide_curve = float(state["glide_s"]), cast(Curve, state["glide_curve"])
        self._glide_beats = float(state["glide_beats"][0]) if len(state["glide_beats"]) else None
        self.touched = bool(state["touched"])
        self.motions.load(state["motions"])
        if "blend" in state:  # sessions that were recorded before there was one have none
            self.blend.load(state["blend"])

    def _setters(self) -> dict[str, _Set]:
        """Each address that there is, and what it sets."""
        table: dict[str, _Set] = {
            "/glide_to": self._glide_to,
            "/slerp_to": self._slerp_to,
            "/spline_to": self._spline_to,
            "/glide_s": self._set_glide,
            "/glide_beats": self._set_glide_beats,
            "/glide_curve": partial(_put, self, "glide_curve"),
            "/temperature": self._set_temperature,
            "/tempo_bpm": self._set_tempo,
            "/transport": partial(_put, self.motions.clock, "running"),
            "/motion/stop": partial(self._stop, slice(0, len(self._home))),
            "/panic": self._panic,
            **self.blend.setters(),
        }
        of_one = [(f"/voice/{number}", slice(number, number + 1)) for number in range(len(self.voices))]
        turns: list[tuple[str, Callable[..., None]]] = [
            ("latent", self._turn),
            ("latent_norm", self._turn_share),
            ("latent_add", self._turn_by),
        ]
        for prefix, voices in [("", _ALL), *of_one]:
            for name, turn in turns:
                table[f"{prefix}/{name}"] = partial(turn, voices, 0)
                for knob in range(len(self._home)):
                    table[f"{prefix}/{name}/{knob}"] = partial(turn, voices, knob)
        for knob in range(len(self._home)):
            table[f"/motion/lfo/{knob}"] = partial(self._lfo, knob)
            table[f"/motion/walk/{knob}"] = partial(self._walk, knob)
            table[f"/motion/stop/{knob}"] = partial(self._stop, slice(knob, knob + 1))
        for number, voice in enumerate(self.voices):
            table[f"/voice/{number}/temperature"] = partial(_put, voice, "temperature")
        return table

    def _getters(self) -> dict[str, _Get]:
        """Each address that has a value, and where it is."""
        clock = self.motions.clock
        table: dict[str, _Get] = {
            "/glide_s": lambda: (self._usual_glide_s,),
            "/glide_beats": lambda: (self._usual_glide_s * clock.tempo_bpm / 60.0,),
            "/glide_curve": lambda: (self.glide_curve,),
            "/temperature": partial(_temperature, self.voices[0]),
            "/tempo_bpm": lambda: (clock.tempo_bpm,),
            "/transport": lambda: (int(clock.running),),
            **self.blend.getters(),
        }
        for prefix, number in [("", 0), *((f"/voice/{number}", number) for number in range(len(self.voices)))]:
            latents = self.voices[number].latents
            for knobs in [_ALL, *(slice(knob, knob + 1) for knob in range(len(self._home)))]:
                end = "" if knobs == _ALL else f"/{knobs.start}"
                table[f"{prefix}/latent{end}"] = partial(_numbers, latents[knobs])
                table[f"{prefix}/latent_norm{end}"] = partial(_shares, latents[knobs])
        for number, voice in enumerate(self.voices):
            table[f"/voice/{number}/temperature"] = partial(_temperature, voice)
        for knob in range(len(self._home)):
            table[f"/motion/lfo/{knob}"] = partial(self.motions.said, Lfo, knob)
            table[f"/motion/walk/{knob}"] = partial(self.motions.said, Walk, knob)
        return table

    def _touch(self, voices: slice, knobs: slice) -> np.ndarray:
        """Somebody takes these knobs: nothing else moves them, or drifts, any more. Returns their targets."""
        self.motions.touch(voices, knobs)
        if not self.touched:
            self.touched = True
            self.motions.end(drift_only=True)
        self._turned[voices, knobs] = True
        return self._targets[voices, knobs]

    def _turn(self, voices: slice, first: int, values: _Values, glide_s: float | None = None) -> None:
        self._touch(voices, slice(first, first + len(values)))[:] = values
        for voice in self.voices[voices]:
            voice.glide_s = self._usual_glide_s if glide_s is None else glide_s

    def _turn_share(self, voices: slice, first: int, values: _Values) -> None:
        self._turn(voices, first, tuple(2.0 * float(value) - 1.0 for value in values))

    def _turn_by(self, voices: slice, first: int, values: _Values) -> None:
        targets = self._touch(voices, slice(first, first + len(values)))
        targets += np.array(values, np.float32)
        np.clip(targets, KNOB.low, KNOB.high, out=targets)
        for voice in self.voices[voices]:
            voice.glide_s = self._usual_glide_s

    def _glide_to(self, values: _Values) -> None:
        self._turn(_ALL, 0, values[1:], float(values[0]))

    def _slerp_to(self, values: _Values) -> None:
        end = np.array(values[1:], np.float32)
        self._go(Slerp(self._touch(_ALL, slice(0, len(end))), end), values)

    def _spline_to(self, values: _Values) -> None:
        places = np.array(values[1:], np.float32).reshape(-1, len(self._home))
        self._go(Spline(self._touch(_ALL, _ALL), places), values)

    def _go(self, way: Slerp | Spline, values: _Values) -> None:
        self.motions.go(way, float(values[0]))
        for voice in self.voices:
            voice.glide_s = self._usual_glide_s

    def _lfo(self, knob: int, values: _Values) -> None:
        shape = next((value for value in values[2:] if value not in ("second", "beat")), "sine")
        self._touch(_ALL, slice(knob, knob + 1))
        self.motions.lfo(knob, float(values[0]), float(values[1]), cast(Shape, shape), _per(values[3:]))

    def _walk(self, knob: int, values: _Values) -> None:
        self._touch(_ALL, slice(knob, knob + 1))
        self.motions.walk(knob, float(values[0]), float(values[1]), _per(values[2:]))

    def _stop(self, knobs: slice, _values: _Values) -> None:
        self._touch(_ALL, knobs)

    def _set_glide(self, values: _Values) -> None:
        self._glide_beats = None
        self._usual_glide_s = float(values[0])
        for voice in self.voices:
            voice.glide_s = self._usual_glide_s

    def _set_glide_beats(self, values: _Values) -> None:
        beats = float(values[0])
        self._set_glide((beats * 60.0 / self.motions.clock.tempo_bpm,))
        self._glide_beats = beats

    def _set_tempo(self, values: _Values) -> None:
        self.motions.clock.tempo_bpm = float(values[0])
        if self._glide_beats is not None:
            self._set_glide_beats((self._glide_beats,))

    def _set_temperature(self, values: _Values) -> None:
        for voice in self.voices:
            voice.temperature = float(values[0])

    def _panic(self, _values: _Values) -> None:
        self._reset()
        # Whoever panics wants rest, so the idle motion does not come back.
        self.touched = True

    def _reset(self) -> None:
        self.motions.end()
        self.blend.reset()
        temperature, self._usual_glide_s = self._start
        self.glide_curve, self._glide_beats = "damped", None
        self._targets[:] = self._home
        self._turned.fill(False)
        for voice in self.voices:
            voice.glide_s, voice.temperature = self._usual_glide_s, temperature


def _put(holder: object, field: str, values: _Values) -> None:
    setattr(holder, field, values[0])


def _per(values: _Values) -> Per:
    return cast(Per, values[0]) if values else "second"


def _numbers(latents: np.ndarray) -> _Values:
    return tuple(latents.tolist())


def _shares(latents: np.ndarray) -> _Values:
    return tuple(min(1.0, max(0.0, 0.5 + 0.5 * value)) for value in latents.tolist())


def _temperature(voice: VoiceTargets) -> _Values:
    return (voice.temperature,)
