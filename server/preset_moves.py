"""Presets as movements: what a preset's name asks of the knobs, as a message for the engine."""

from __future__ import annotations

from collections.abc import Sequence

from ..export.errors import LatentoneError
from .addresses import Command, Namespace
from .answers import have
from .arguments import AddressError
from .contracts import PresetBook
from .events import Value

PRESET_MOVES = frozenset({"/preset/recall", "/preset/slerp", "/preset/path", "/preset/morph", "/preset/morph4"})
"""Rows of the table that move knobs, and so can be timed."""


class PresetMoves:
    """Reads presets, from a disk as a rule."""

    def __init__(self, book: PresetBook | None, namespace: Namespace) -> None:
        self._book, self._namespace = book, namespace

    def event(self, command: Command) -> tuple[str, tuple[Value, ...]]:
        """The address and values that bring about what a command of PRESET_MOVES asks.

        Raises LatentoneError when there is no such preset, or it does not fit the model.
        """
        match command.row.pattern, command.values:
            case "/preset/recall", (name,):
                return self._checked(f"preset {name!r}", "/latent", self._knobs(name))
            case "/preset/recall", (name, over_s):
                return self._checked(f"preset {name!r}", "/glide_to", [over_s, *self._knobs(name)])
            case "/preset/slerp", (name, over_s):
                return self._checked(f"preset {name!r}", "/slerp_to", [over_s, *self._knobs(name)])
            case "/preset/path", (over_s, *names):
                return self._path(over_s, [str(name) for name in names])
            case _, (x, left, right):
                return self._checked(f"{left!r} and {right!r}", "/latent", self._between(x, left, right))
            case _, (x, y, lower_left, lower_right, upper_left, upper_right):
                lower = self._between(x, lower_left, lower_right)
                upper = self._between(x, upper_left, upper_right)
                places = f"{lower_left!r}, {lower_right!r}, {upper_left!r} and {upper_right!r}"
                return self._checked(places, "/latent", _mix(float(y), lower, upper, places))
        raise AssertionError(command.row.pattern)

    def _knobs(self, name: Value) -> list[float]:
        return have(self._book, "presets").recall(str(name))

    def _between(self, x: Value, left: Value, right: Value) -> list[float]:
        return _mix(float(x), self._knobs(left), self._knobs(right), f"{left!r} and {right!r}")

    def _path(self, over_s: Value, names: Sequence[str]) -> tuple[str, tuple[Value, ...]]:
        knobs = len(self._namespace.latent_names)
        values: list[Value] = [over_s]
        for name in names:
            place = self._knobs(name)
            if len(place) != knobs:
                why = f"a path needs all {knobs} knobs, it has {len(place)}"
                raise LatentoneError(f"preset {name!r} does not fit this model: {why}")
            values += place
        return self._checked(", ".join(map(repr, names)), "/spline_to", values)

    def _checked(self, what: str, address: str, values: Sequence[Value]) -> tuple[str, tuple[Value, ...]]:
        try:
            [command] = self._namespace.parse(address, values)
        except AddressError as error:
            raise LatentoneError(f"{what} does not fit this model: {error.why}") from None
        return command.address, command.values


def _mix(place: float, left: Sequence[float], right: Sequence[float], names: str) -> list[float]:
    if len(left) != len(right):
        raise LatentoneError(f"presets {names} are of different models: {len(left)} and {len(right)} knobs")
    return [a + place * (b - a) for a, b in zip(left, right, strict=True)]
