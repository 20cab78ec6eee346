"""One mapping at work: soft takeover, endless encoders and smoothing between a control and its target."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from ..addresses import Namespace
from ..arguments import AddressError
from ..events import Value
from .bindings import Binding, in_kind
from .curves import RELATIVE
from .smoother import Smoother
from .sources import KINDS, OSC
from .targets import target_addresses

_CLICKS = 127
"""Of an endless encoder, from one end of the range to the other."""
_NEAR = 1 / 50
"""Of the range: so near to the value, a control has it; two steps of a 7-bit one."""
_HELD_S = 0.3
"""A control that moved so lately has its target still; what the engine tells may be older than the last movement."""


class Moving:
    """A mapping and what it remembers. One thread at a time may call."""

    def __init__(
        self,
        binding: Binding,
        namespace: Namespace,
        value_of: Callable[[str], tuple[Value, ...] | None],
        smoother: Smoother | None,
        clock: Callable[[], float],
    ) -> None:
        self.binding, self.source = binding, binding.control()
        self._namespace, self._value_of, self._smoother, self._clock = namespace, value_of, smoother, clock
        self._low, self._high = sorted(binding.range)
        self._found: tuple[object, list[str], str] = (None, [], "")
        self._goal: float | None = None
        self._before: float | None = None
        self._caught = False
        self._moved_s = -1e9

    @cached_property
    def _argument(self):
        return self.binding.argument()

    def why_not(self) -> str:
        """Why it does nothing with the model that plays; empty if it does."""
        return self._look_up()[2]

    def commands(self, place: float, raw: int, voice: int | None) -> list[tuple[str, tuple[Value, ...]]]:
        """Addresses and values for a control that stands at `place` in [0, 1], or was turned by the clicks in `raw`."""
        addresses = self._look_up()[1]
        if not addresses:
            return []
        if voice is not None and self.source.kind != OSC and KINDS[self.source.kind].of_note:
            known = self._namespace.addresses()
            of_voice = [f"/voice/{voice}{address}" for address in addresses]
            addresses = [own if own in known else address for own, address in zip(of_voice, addresses, strict=True)]
            return [(address, (in_kind(self._argument, self.binding.value(place)),)) for address in addresses]
        now_s = self._clock()
        held = now_s - self._moved_s <= _HELD_S + self.binding.smooth_s
        if self.binding.relative is not None:
            goal = self._turned(addresses[0], RELATIVE[self.binding.relative](raw), held)
        else:
            goal = self.binding.value(place)
            if self.binding.pickup and not self._has_it(addresses[0], goal, held):
                return []
        before, self._goal, self._moved_s = self._goal, goal, now_s
        return [command for address in addresses for command in self._send(address, goal, before)]

    def _look_up(self) -> tuple[object, list[str], str]:
        """The addresses of the target for the model that plays, found once for each model."""
        known = self._namespace.addresses()
        if self._found[0] is not known:
            try:
                self._found = (known, target_addresses(self.binding.target, self._namespace), "")
            except AddressError as error:
                self._found = (known, [], error.why)
            self._goal, self._caught = None, False
        return self._found

    def _current(self, address: str) -> float | None:
        values = self._value_of(address)
        return float(values[0]) if values and isinstance(values[0], int | float) else None

    def _turned(self, address: str, clicks: int, held: bool) -> float:
        current = self._goal if held else self._current(address)
        if current is None:
            current = self._goal if self._goal is not None else sum(self.binding.range) / 2
        low, high = self.binding.range
        step = (high - low) / _CLICKS * (-1 if self.binding.invert else 1)
        return min(max(current + clicks * step, self._low), self._high)

    def _has_it(self, address: str, goal: float, held: bool) -> bool:
        """Soft takeover: the control must have come by the value before it is followed."""
        before, self._before = self._before, goal
        current = self._current(address)
        if current is None or (self._caught and held):
            self._caught = True
            return True
        near = _NEAR * (self._high - self._low)
        if self._caught and self._goal is not None and abs(current - self._goal) <= near:
            return True  # nobody else has moved it
        crossed = before is not None and (before - current) * (goal - current) <= 0
        self._caught = crossed or abs(goal - current) <= near
        return self._caught

    def _send(self, address: str, goal: float, before: float | None) -> list[tuple[str, tuple[Value, ...]]]:
        argument = self._argument
        if self._smoother is not None and self.binding.smooth_s > 0 and argument.kind == "float":
            start = self._current(address)
            start = before if start is None else start
            if start is not None:
                self._smoother.go(address, start, goal, self.binding.smooth_s)
                return []
        return [(address, (in_kind(argument, goal),))]
