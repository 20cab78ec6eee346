"""Maps: outside controls move addresses; learned, added and forgotten while they play, and kept in the settings."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import ValidationError

from ...export.errors import LatentoneError
from ..addresses import Namespace
from ..arguments import AddressError, Argument
from ..contracts import LearnedCall, MapRow
from ..events import Value
from .bindings import Binding, Shape
from .learning import Evidence
from .map_files import ReadyMade, write_maps
from .moving import Moving
from .smoother import Send, Smoother
from .sources import KINDS, OSC, Source, parse_source
from .targets import target_addresses, target_row, usual_range

_log = logging.getLogger(__name__)

ValueOf = Callable[[str], tuple[Value, ...] | None]
Commands = list[tuple[str, tuple[Value, ...]]]


class Moved(NamedTuple):
    """A control was moved."""

    source: Source
    """With its channel."""
    place: float
    """Where it stands, in [0, 1]."""
    raw: int = 0
    """The 7-bit value of a control change, for endless encoders."""
    voice: int | None = None
    """The voice of the note that it belongs to, if it belongs to one."""


class _Learner(NamedTuple):
    target: str
    range: list[float]
    learned: LearnedCall
    evidence: Evidence


class Maps:
    """Every mapping there is: those of one's own, and those of ready-made maps, which yield to them control by control.

    Targets are looked up when they are moved: after another model was loaded, those that it has are moved, and the
    others do nothing; `unused` names them. Any thread may call; none waits longer than for another's call, but for
    `save`, which waits for the disk. A context manager: leaving ends what is smoothed.

    value_of: what an address stands at, for pickup and endless encoders; without it a control is followed at once. send: gets
    what is smoothed, step by step, on a thread of its own; without it nothing is smoothed. settings_file: where `save` writes.
    """

    def __init__(
        self,
        namespace: Namespace,
        own: Sequence[Binding] = (),
        ready_made: Sequence[ReadyMade] = (),
        *,
        defaults: Shape,
        value_of: ValueOf | None = None,
        send: Send | None = None,
        settings_file: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._namespace, self._defaults, self._settings_file = namespace, defaults, settings_file
        self._value_of = value_of or (lambda _: None)
        self._clock = clock
        self._smoother = None if send is None else Smoother(send)
        self._lock = threading.RLock()
        self._learner: _Learner | None = None
        self._dissolved = False
        self._own = [self._moving(binding) for binding in own]
        self._ready_made = {file.name: [self._moving(binding) for binding in file.bindings] for file in ready_made}
        self._index()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._smoother is not None:
            self._smoother.close()

    def moved(self, moved: Moved) -> Commands:
        """What a control asks for, by being where it is now; learns it, if one is to be learned."""
        source, found = moved.source, None
        with self._lock:
            if self._learner is not None:
                found = self._learned(source, moved.place)
            commands = [
                command
                for moving in self._by_control.get(_key(source), ())
                if moving.source.channel in (None, source.channel)
                for command in moving.commands(moved.place, moved.raw, moved.voice)
            ]
        if found is not None:
            found()
        return commands

    def heard_osc(self, address: str, arguments: Sequence[object]) -> Commands | None:
        """What an OSC address of somebody else's asks for; None if it is not mapped, and not being learned."""
        numbers = [float(value) if isinstance(value, int | float) else None for value in arguments]
        commands, known, found = [], False, None
        with self._lock:
            for place, number in enumerate(numbers, 1):
                source = Source(OSC, place, address=address)
                if number is None:
                    continue
                if self._learner is not None:
                    known, found = True, self._learned(source, number) or found
                for moving in self._by_control.get(_key(source), ()):
                    known = True
                    commands += moving.commands(moving.binding.place(number), 0, None)
        if found is not None:
            found()
        return commands if known else None

    def is_mapped(self, kind: str, number: int | None, channel: int) -> bool:
        """Whether this control moves anything."""
        rows = self._by_control.get((kind, number, ""), ())
        return any(moving.source.channel in (None, channel) for moving in rows)

    def learn(self, target: str, low: float | None, high: float | None, learned: LearnedCall) -> None:
        """Wait for the next control, and call `learned(source, target)` when it has been moved.

        It is then bound in addition to what moves the target already, and to what it moves by a mapping of one's own.
        Raises LatentoneError when the target is none.
        """
        ends = self._range(target, low, high)
        target_addresses(target, self._namespace)
        self._checked("cc 0", target, ends, None)
        with self._lock:
            self._learner = _Learner(target, ends, learned, Evidence())

    def cancel(self) -> None:
        """Learn no more."""
        with self._lock:
            self._learner = None

    def add(self, source: str, target: str, low: float | None, high: float | None, curve: str | None) -> None:
        """Let a control move a target. Raises LatentoneError when either is none, or the range goes beyond the target's."""
        binding = self._checked(source, target, self._range(target, low, high), curve)
        target_addresses(target, self._namespace)
        self._bind(binding)

    def remove(self, source: str) -> None:
        """Forget what a control moves; without a channel, on every channel. Raises LatentoneError when it moves nothing.

        A mapping of one's own goes first: the control then does again what a ready-made map says, if one says anything.
        """
        wanted = parse_source(source)

        def meant(moving: Moving) -> bool:
            return _key(moving.source) == _key(wanted) and wanted.channel in (None, moving.source.channel)

        with self._lock:
            if not any(map(meant, self._own)):
                touched = [name for name, rows in self._ready_made.items() if any(map(meant, rows))]
                if not touched:
                    raise LatentoneError(f"{wanted} moves nothing; /map/list tells what does")
                for name in touched:
                    # What is left of a ready-made map is one's own from now on: saved, it must not bring the rest back.
                    self._own, self._dissolved = [*self._ready_made.pop(name), *self._own], True
            self._own = [moving for moving in self._own if not meant(moving)]
            self._index()

    def rows(self) -> list[MapRow]:
        """All that is mapped, also what the model that plays has no target for."""
        with self._lock:
            bindings = [(str(moving.source), moving.binding) for moving in self._in_force]
        return [MapRow(source, b.target, b.range[0], b.range[1], b.curve) for source, b in bindings]

    def unused(self) -> list[str]:
        """What does nothing with the model that plays, and why."""
        with self._lock:
            return [f"{m.source} to {m.binding.target}: {why}" for m in self._in_force if (why := m.why_not())]

    def save(self) -> Path:
        """Write the mappings into the settings file, and leave the rest of it as it is; returns the file."""
        if self._settings_file is None:
            raise LatentoneError("there is no settings file to write to")
        with self._lock:
            own = [moving.binding for moving in self._own]
            include = list(self._ready_made) if self._dissolved else None
        write_maps(self._settings_file, own, include, self._defaults)
        return self._settings_file

    def _moving(self, binding: Binding) -> Moving:
        return Moving(binding, self._namespace, self._value_of, self._smoother, self._clock)

    def _index(self) -> None:
        yielding = [
            m for rows in self._ready_made.values() for m in rows if not any(_same(m, own) for own in self._own)
        ]
        self._in_force = [*self._own, *yielding]
        by_control: dict[tuple[str, int | None, str], list[Moving]] = {}
        for moving in self._in_force:
            by_control.setdefault(_key(moving.source), []).append(moving)
        self._by_control = by_control

    def _bind(self, binding: Binding) -> None:
        new = self._moving(binding)
        with self._lock:
            again = [m for m in self._own if m.source == new.source and m.binding.target == binding.target]
            self._own = [m for m in self._own if m not in again] + [new]
            self._index()

    def _learned(self, source: Source, place: float) -> Callable[[], None] | None:
        """Take in a movement while learning; once one is meant, bind it and return whom to tell."""
        learner = self._learner
        assert learner is not None
        found = learner.evidence.moved(source, place)
        if found is None:
            return None
        self._learner = None
        channel = None if found.kind == OSC or KINDS[found.kind].of_note else found.channel
        found = found._replace(channel=channel)
        input_ = learner.evidence.input_of(found) if found.kind == OSC else None
        self._bind(self._checked(str(found), learner.target, learner.range, None, input_))
        return lambda: learner.learned(str(found), learner.target)

    def _range(self, target: str, low: float | None, high: float | None) -> list[float]:
        argument: Argument = target_row(target).arguments[0]
        usual = usual_range(argument)
        return [usual[0] if low is None else low, usual[1] if high is None else high]

    def _checked(
        self, source: str, target: str, ends: list[float], curve: str | None, input_: list[float] | None = None
    ) -> Binding:
        said = {"source": str(parse_source(source)), "target": target, "range": ends, "channel": None}
        said |= {"curve": curve} if curve is not None else {}
        said |= {"input": input_} if input_ is not None else {}
        try:
            return Binding.model_validate(self._defaults.model_dump() | said)
        except ValidationError as error:
            why = error.errors(include_url=False)[0]
            raise AddressError(target, str(why.get("ctx", {}).get("error", why["msg"]))) from None


def _key(source: Source) -> tuple[str, int | None, str]:
    return source.kind, source.number, source.address


def _same(ready_made: Moving, own: Moving) -> bool:
    """Whether a control of a ready-made map is one of one's own, or a half of it."""
    one, other = ready_made.source, own.source
    if one.channel is not None and other.channel is not None and one.channel != other.channel:
        return False
    is_half = other.kind == "cc14" and one.kind == "cc" and one.number in (other.number, (other.number or 0) + 32)
    return _key(one) == _key(other) or is_half
