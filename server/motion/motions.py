"""The motions under way: how far each moves the knobs from their targets, and how they begin and end without a jump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from .clock import Clock, Per
from .idle import IdleMotion
from .lfo import Lfo, Shape
from .slerp import Slerp
from .spline import Spline
from .walk import Walk, uniform

Motion = Lfo | Walk | Slerp | Spline | IdleMotion


@dataclass(slots=True)
class _Going:
    """One motion, since when and of what."""

    motion: Motion
    knobs: slice
    moves: np.ndarray
    """bool (voices, dim): False where it never did, or somebody has touched the knob."""
    rate: float
    per: Per
    turns: float = 0.0
    """So far."""
    begun: float | None = None
    """By its clock; None until the stream comes by."""
    turns_begun: float = 0.0
    """That were over by then: more than 0 where it was carried over from another stream."""


class Motions:
    """A knob's place is its way to the target plus its offset. One thread calls; others may read `offsets`.

    A knob has one motion at a time. When a motion leaves a knob, the offset is handed over to the knob's way (`handover`),
    so that the place stays as it is, and what comes next begins there.
    """

    def __init__(self, targets: np.ndarray, low: float, high: float) -> None:
        """targets: float32 (voices, dim), which this changes where knobs are left by a motion, within low to high."""
        self._targets, self._range = targets, (low, high)
        self.clock = Clock()
        self.offsets = np.zeros(targets.shape)
        """By which the knobs are away from their ways now, (voices, dim)."""
        self.handover = np.zeros(targets.shape)
        """By which each way is to jump, (voices, dim), since offsets have jumped the other way; until `take_handover`."""
        self.handed = False
        self._going: list[_Going] = []
        self._seed = self._walks = 0

    def __bool__(self) -> bool:
        return bool(self._going)

    @property
    def drifting(self) -> bool:
        """While nobody has touched anything."""
        return any(isinstance(going.motion, IdleMotion) for going in self._going)

    def join(self, sample_rate_hz: int, seed: int, idle: IdleMotion | None) -> None:
        """Belong to a stream; `idle` moves all knobs, from its beginning on."""
        self.clock.sample_rate_hz = float(sample_rate_hz)
        self._seed = seed
        if idle is not None:
            everything = np.ones_like(self.offsets, dtype=bool)
            self._going = [_Going(idle, slice(0, everything.shape[1]), everything, 1.0, "second")]

    def lfo(self, knob: int, rate: float, depth: float, shape: Shape, per: Per) -> None:
        """Swing `knob`, which has been touched, of all voices."""
        motion = Lfo.at_rate(shape, depth, rate * self.clock.a_second(per))
        self._add(motion, slice(knob, knob + 1), rate, per)

    def walk(self, knob: int, rate: float, depth: float, per: Per) -> None:
        """Let `knob`, which has been touched, of all voices wander, each time in another way, which seed and number decide."""
        self._walks += 1
        self._add(Walk(depth, _key(self._seed, self._walks)), slice(knob, knob + 1), rate, per)

    def go(self, motion: Slerp | Spline, over_s: float) -> None:
        """Bring the first knobs, which have been touched, to the end of a way that begins at their targets."""
        knobs = slice(0, motion.starts.shape[1])
        offsets = self.offsets[:, knobs]
        offsets[:] = motion.at(0.0)
        self._targets[:, knobs] = motion.places[-1] if isinstance(motion, Spline) else motion.end
        self.handover[:, knobs] -= offsets
        self.handed = True
        self._add(motion, knobs, 1.0 / max(over_s, 1e-9), "second")

    def touch(self, voices: slice, knobs: slice) -> None:
        """Let no motion move these any more: their targets are where they are now."""
        if not self._going:
            return
        targets, offsets = self._targets[voices, knobs], self.offsets[voices, knobs]
        shift = np.clip(targets + offsets, *self._range) - targets
        targets += shift.astype(np.float32)
        self.handover[voices, knobs] += shift
        self.handed = True
        offsets.fill(0.0)
        for going in self._going:
            going.moves[voices, knobs] = False
        self._going = [going for going in self._going if going.moves.any()]

    def end(self, drift_only: bool = False) -> None:
        """Let knobs go from where they are to their targets: of all motions, or of the drift."""
        for going in self._going:
            if isinstance(going.motion, IdleMotion) or not drift_only:
                self.handover[going.moves] += self.offsets[going.moves]
                self.offsets[going.moves] = 0.0
                self.handed = True
        self._going = [g for g in self._going if drift_only and not isinstance(g.motion, IdleMotion)]

    def follow(self, sample: int) -> None:
        """Whatever was said begins to count at `sample`."""
        self.clock.follow(sample)
        for going in self._going:
            if going.begun is None:
                going.begun = self.clock.at(sample, going.per)

    def take_handover(self) -> None:
        """The ways have jumped."""
        if self.handed:
            self.handover.fill(0.0)
            self.handed = False

    def move(self, sample: int) -> None:
        """Bring `offsets` to where they are at `sample`."""
        over = False
        for going in self._going:
            assert going.begun is not None
            going.turns = going.turns_begun + going.rate * (self.clock.at(sample, going.per) - going.begun)
            moves, knobs = going.moves[:, going.knobs], going.knobs
            if going.turns < going.motion.ends:
                np.copyto(self.offsets[:, knobs], going.motion.at(going.turns), where=moves)
            else:
                np.copyto(self.offsets[:, knobs], 0.0, where=moves)
                over = True
        if over:
            self._going = [going for going in self._going if going.turns < going.motion.ends]

    def said(self, kind: type[Lfo] | type[Walk], knob: int) -> tuple[float | str, ...] | None:
        """What an LFO or a walk of `knob` was begun with, as its address takes it; None where there is none."""
        for going in self._going:
            motion = going.motion
            if going.knobs == slice(knob, knob + 1) and isinstance(motion, kind):
                shape = [motion.shape] if isinstance(motion, Lfo) else []
                return (going.rate, cast(Lfo | Walk, motion).depth, *shape, going.per)
        return None

    def carry_over(self, other: Motions) -> None:
        """Go on with the motions of as many voices of another model, as far as these have its knobs, from where they are."""
        self.clock.tempo_bpm, self.clock.running = other.clock.tempo_bpm, other.clock.running
        self._seed, self._walks = other._seed, other._walks
        dim = len(self._targets[0])
        shared = slice(0, min(dim, len(other._targets[0])))
        self.offsets[:, shared] = other.offsets[:, shared]
        for going in other._going:
            motion, moves = going.motion, np.zeros(self.offsets.shape, dtype=bool)
            knobs = slice(going.knobs.start, min(going.knobs.stop, dim))
            moves[:, shared] = going.moves[:, shared]
            if isinstance(motion, IdleMotion):
                motion, knobs = IdleMotion(dim), slice(0, dim)
                moves.fill(True)
            elif isinstance(motion, Slerp | Spline):
                motion = motion.of_first(knobs.stop)
            elif knobs.start >= dim:
                continue
            self._going.append(
                _Going(motion, knobs, moves, going.rate, going.per, going.turns, turns_begun=going.turns)
            )

    def save(self) -> dict[str, Any]:
        """All that the next offsets depend on; drift and rate are those of the stream that it belongs to."""
        return {
            "clock": self.clock.save(),
            "offsets": self.offsets.copy(),
            "handover": self.handover.copy(),
            "walks": self._walks,
            "going": [_saved(going) for going in self._going],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` gave."""
        self.clock.load(state["clock"])
        self.offsets[:], self.handover[:] = state["offsets"], state["handover"]
        self.handed = bool(self.handover.any())
        self._walks = int(state["walks"])
        self._going = [_loaded(saved) for saved in state["going"]]

    def _add(self, motion: Motion, knobs: slice, rate: float, per: Per) -> None:
        moves = np.zeros(self.offsets.shape, dtype=bool)
        moves[:, knobs] = True
        self._going.append(_Going(motion, knobs, moves, rate, per))


def _key(seed: int, number: int) -> int:
    return int((uniform(seed, number) + 1.0) * 2**62)


_KINDS: dict[str, type[Motion]] = {"lfo": Lfo, "walk": Walk, "slerp": Slerp, "spline": Spline, "idle": IdleMotion}


def _saved(going: _Going) -> dict[str, Any]:
    motion = going.motion
    match motion:
        case Lfo():
            made_of = [motion.shape, motion.depth, motion.edge]
        case Walk():
            made_of = [motion.depth, motion.key]
        case Slerp():
            made_of = [motion.starts.copy(), motion.end.copy()]
        case Spline():
            made_of = [motion.starts.copy(), motion.places.copy()]
        case IdleMotion():
            made_of = [going.moves.shape[1]]
    return {
        "kind": next(name for name, kind in _KINDS.items() if isinstance(motion, kind)),
        "made_of": made_of,
        "knobs": [going.knobs.start, going.knobs.stop],
        "moves": going.moves.copy(),
        "rate": going.rate,
        "per": going.per,
        "turns": [going.turns, going.turns_begun],
        "begun": [] if going.begun is None else [going.begun],
    }


def _loaded(state: dict[str, Any]) -> _Going:
    turns, turns_begun = map(float, state["turns"])
    return _Going(
        cast(Any, _KINDS[state["kind"]])(*state["made_of"]),
        slice(*map(int, state["knobs"])),
        np.array(state["moves"], dtype=bool),
        float(state["rate"]),
        cast(Per, state["per"]),
        turns,
        float(state["begun"][0]) if len(state["begun"]) else None,
        turns_begun,
    )
