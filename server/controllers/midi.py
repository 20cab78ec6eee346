"""MIDI: control changes, live or from a file, become control events through the bindings of the config."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Self

import mido

from ..addresses import Command, Namespace
from ..arguments import AddressError, Argument
from ..events import ControlEvent, EventQueue, Value

if TYPE_CHECKING:
    from ..settings import MidiBinding

_log = logging.getLogger(__name__)

_STEEPNESS = 4.0
"""Of the exponential curve: the lower half of the control covers an eighth of the range."""

CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda place: place,
    "exponential": lambda place: math.expm1(_STEEPNESS * place) / math.expm1(_STEEPNESS),
    "s": lambda place: place * place * (3.0 - 2.0 * place),
}
"""From where a control stands to where the value stands in its range: [0, 1] to [0, 1], rising, ends fixed."""


def control_place(value: int) -> float:
    """Where a 7-bit control stands in [0, 1]: 64 is exactly the middle, as in MIDI 2.0's min-center-max scaling.

    A plain division by 127 puts the centre detent of a knob beside the middle of its range.
    """
    return value / 128 if value <= 64 else 0.5 + (value - 64) / 126


class MidiMap:
    """What each MIDI message does. Pure: the same message gives the same commands.

    Bindings to knobs or voices that there are not do nothing; `unused` says which, for a line on the screen.
    """

    def __init__(self, bindings: Sequence[MidiBinding], latent_names: Sequence[str], voices: int = 1) -> None:
        namespace = Namespace(latent_names, voices)
        self.unused: list[str] = []
        self._by_control: dict[int, list[tuple[Command, MidiBinding]]] = {}
        for binding in bindings:
            try:
                [target] = namespace.parse(binding.target, binding.range[:1])
            except AddressError as error:
                self.unused.append(f"cc {binding.cc} to {binding.target}: {error.why}")
                continue
            self._by_control.setdefault(binding.cc, []).append((target, binding))

    def commands(self, message: Any) -> list[tuple[str, tuple[Value, ...]]]:
        """Addresses and values, in the units of the table, that a mido.Message asks for; empty for an unbound one.

        Its fields are made at run time, so a type checker does not see them.
        """
        if message.type != "control_change":
            return []
        return [
            (target.address, (_value(binding, target.row.arguments[0], message.value),))
            for target, binding in self._by_control.get(message.control, ())
            if binding.channel is None or binding.channel == message.channel + 1
        ]


class MidiController:
    """Live MIDI inputs, chosen by name. Messages come on the MIDI library's own thread.

    A missing port, or a system without MIDI, is a warning: the instrument plays on without it.
    """

    def __init__(self, inputs: Sequence[str], midi_map: MidiMap, queue: EventQueue) -> None:
        self._patterns = inputs
        self._map = midi_map
        self._queue = queue
        self._ports: list[Any] = []
        self._silent = ""

    def __enter__(self) -> Self:
        try:
            present: list[str] = list(dict.fromkeys(mido.get_input_names()))  # pyright: ignore[reportAttributeAccessIssue]
        except Exception as error:  # rtmidi's own SystemError, OSError, ImportError: whatever a platform lacks
            present = []
            self._warn(f"this system has no MIDI: {error}")
        for name in present:
            if any(port_matches(pattern, name) for pattern in self._patterns):
                self._open(name)
        if not self._ports and not self._silent:
            self._warn(f"no input is named {' or '.join(self._patterns)} (there are: {', '.join(present) or 'none'})")
        return self

    def __exit__(self, *exc: object) -> None:
        for port in self._ports:
            try:
                port.close()
            except Exception as error:
                _log.warning("midi: %s: closing failed: %s", port.name, error)
        self._ports.clear()

    def describe(self) -> str:
        return f"midi  {', '.join(port.name for port in self._ports) or self._silent}"

    def _open(self, name: str) -> None:
        def received(message: Any) -> None:
            try:
                for address, values in self._map.commands(message):
                    self._queue.put(ControlEvent(address, values, source=f"midi {name}"))
            except Exception:  # an exception here would end up in the MIDI library's C++
                _log.exception("midi: %s: %s could not be handled", name, message)

        try:
            port = mido.open_input(name, callback=received)  # pyright: ignore[reportAttributeAccessIssue]
            self._ports.append(port)
        except Exception as error:  # taken by another program, or pulled out a moment ago
            self._warn(f"{name} cannot be opened: {error}")

    def _warn(self, why: str) -> None:
        self._silent = why
        _log.warning("midi: %s", why)


def port_matches(pattern: str, name: str) -> bool:
    """Whether a port is meant: `pattern` is a part of its name, or has `*` and `?` in it; case does not count."""
    pattern, name = pattern.lower(), name.lower()
    return pattern in name or fnmatchcase(name, pattern)


def _value(binding: MidiBinding, argument: Argument, control_value: int) -> Value:
    place = control_place(control_value)
    low, high = binding.range
    value = low + (high - low) * CURVES[binding.curve](1.0 - place if binding.invert else place)
    # A half goes up: from 64 on, a switch is on.
    return math.floor(value + 0.5) if argument.kind == "int" else value
