"""Attributes of a model, as nn~'s hosts get and set them by messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...errors import LatentoneError

KINDS: dict[int, tuple[str, Callable[[Any], Any] | None]] = {
    0: ("bool", lambda value: _switch(value)),
    1: ("int", lambda value: _whole(value)),
    2: ("float", float),
    3: ("string", str),
    4: ("tensor", None),
    5: ("buffer", None),
}
"""By the contract's numbers: a name for people, and what makes one of what was sent; None for what no message can hold."""

Value = float | int | str


class Attributes:
    """What `get_attributes` of a module names. The values are each module's own, so methods take it."""

    def __init__(self, module: Any) -> None:
        self._kinds: dict[str, list[int]] = {}
        buffers = dict(module.named_buffers())
        for name in module.get_attributes() if hasattr(module, "get_attributes") else []:
            params = buffers.get(f"{name}_params")
            if params is not None and hasattr(module, f"get_{name}"):
                self._kinds[str(name)] = [int(kind) for kind in params.flatten()]

    def names(self) -> list[str]:
        return list(self._kinds)

    def kinds(self, name: str) -> list[str]:
        """Of each of its values, for people."""
        return [KINDS[kind][0] if kind in KINDS else str(kind) for kind in self._known(name)]

    def get(self, module: Any, name: str) -> list[Value]:
        """Its values; a tensor or a buffer is told by its kind."""
        self._known(name)
        found = getattr(module, f"get_{name}")()
        values = found if isinstance(found, tuple | list) else (found,)
        return [_plain(value) for value in values]

    def typed(self, name: str, values: Sequence[Value]) -> list[Any]:
        """`values` in the attribute's own types. Raises LatentoneError, one line, for what it does not take."""
        kinds, shown = self._known(name), " ".join(self.kinds(name))
        if len(values) != len(kinds):
            raise LatentoneError(f"attribute {name} takes {len(kinds)} values ({shown}), got {len(values)}")
        typed = []
        for kind, value in zip(kinds, values, strict=True):
            convert = KINDS.get(kind, ("", None))[1]
            if convert is None:
                raise LatentoneError(f"attribute {name} is a {shown}, which no message can set")
            try:
                typed.append(convert(value))
            except ValueError:
                raise LatentoneError(f"attribute {name} takes {shown}, got {value!r}") from None
        return typed

    def set(self, modules: Sequence[Any], name: str, values: Sequence[Value]) -> None:
        """On every one of `modules`. Raises LatentoneError, one line, when the model refuses."""
        typed = self.typed(name, values)
        for module in modules:
            setter = getattr(module, f"set_{name}", None)
            if setter is None:
                raise LatentoneError(f"attribute {name} can be read and not set")
            try:
                refused = setter(*typed)
            except RuntimeError as error:
                reason = (str(error).strip().splitlines() or [""])[-1][:160]
                raise LatentoneError(f"attribute {name} is refused by the model ({reason})") from None
            if isinstance(refused, int) and refused != 0:
                raise LatentoneError(f"attribute {name} is refused by the model ({' '.join(map(str, typed))})")

    def _known(self, name: str) -> list[int]:
        if name not in self._kinds:
            has = ", ".join(self._kinds) or "none"
            raise LatentoneError(f"the model has no attribute {name[:64]!r} (it has {has})")
        return self._kinds[name]


def _switch(value: Value) -> bool:
    if isinstance(value, str):
        if value.lower() not in ("0", "1", "true", "false"):
            raise ValueError(value)
        return value.lower() in ("1", "true")
    return bool(value)


def _whole(value: Value) -> int:
    number = float(value)
    if not number.is_integer():
        raise ValueError(value)
    return int(number)


def _plain(value: Any) -> Value:
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | float | str) else type(value).__name__.lower()
