"""What an argument of an OSC message may be, and what is said when it is something else."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from ..export.errors import LatentoneError
from .events import Value
from .packets import INT32_MAX

LONGEST_TEXT = 255
"""Characters: names are kept, replied and made files."""


class AddressError(LatentoneError):
    """A message that cannot be obeyed; `why` is what `/fail <address> <why>` says."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(f"{address}: {why}")
        self.address = address
        self.why = why


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an address: its name, type and range, which includes both ends."""

    name: str
    kind: Literal["float", "int", "string", "value"] = "float"
    """A value is a number or a word, whichever comes."""
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    optional: bool = False
    repeated: bool = False
    """True for a last argument that may be given several times: numbers once a knob, names as often as `times` says."""
    times: int = 1
    """How many values a knob a repeated number may have."""
    most: int = 0
    """Where it is repeated, and how often does not go by the knobs: so often at most."""
    choices: tuple[str, ...] = ()
    """What a string may be; anything when empty."""

    @property
    def is_text(self) -> bool:
        """Whether words may come, so that how many has nothing to do with knobs."""
        return self.kind in ("string", "value")

    def usage(self) -> str:
        """For people: `gain_db (-90 to 24 dB)`."""
        notes = []
        if math.isfinite(self.low) and self.high < INT32_MAX:
            notes.append(f"{self.low:g} to {self.high:g} {self.unit}".strip())
        if self.choices:
            notes.append(" or ".join(self.choices))
        if self.optional:
            notes.append("optional")
        return self.name + ("…" if self.repeated else "") + (f" ({', '.join(notes)})" if notes else "")

    def read_many(self, address: str, values: Sequence[object]) -> list[Value]:
        """As `read`, for what is repeated: a row may have thousands of values, and is to sound within a block."""
        if (
            self.kind == "float"
            and self.low == -math.inf
            and self.high == math.inf
            and set(map(type, values)) == {float}
        ):
            numbers = cast("Sequence[float]", values)
            if all(map(math.isfinite, numbers)):
                return list(numbers)
        return [self.read(address, value) for value in values]

    def read(self, address: str, value: object) -> Value:
        """`value` in the right type: hosts differ in what they send, so whatever holds a number is one.

        Raises AddressError, on behalf of `address`, when it is no such thing or out of range.
        """
        if self.kind == "value" and (number := _number(value)) is not None:
            return number
        if self.is_text:
            text = f"{value:g}" if isinstance(value, int | float) else value
            if not isinstance(text, str) or not text:
                raise AddressError(address, f"{self.name} must be a name, got {_show(value)}")
            if len(text) > LONGEST_TEXT:
                raise AddressError(address, f"{self.name} must have at most {LONGEST_TEXT} characters")
            if self.choices and text not in self.choices:
                raise AddressError(address, f"{self.name} must be {' or '.join(self.choices)}, got {_show(value)}")
            return text
        try:
            number = float(value) if isinstance(value, int | float | str) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number) or (self.kind == "int" and not number.is_integer()):
            wanted = "a whole number" if self.kind == "int" else "a number"
            raise AddressError(address, f"{self.name} must be {wanted}, got {_show(value)}")
        if not self.low <= number <= self.high:
            number = self._limit(number)
        if not self.low <= number <= self.high:
            allowed = f"{self.low:g} to {self.high:g} {self.unit}".strip()
            raise AddressError(address, f"{self.name} must be {allowed}, got {number:g}")
        return int(number) if self.kind == "int" else number

    def _limit(self, number: float) -> float:
        """A limit for what a host that has only float32 sends in its place: its 0.01 is a little less."""
        for limit in (self.low, self.high):
            if math.isfinite(limit) and number == struct.unpack("f", struct.pack("f", limit))[0]:
                return limit
        return number


def _number(value: object) -> float | int | None:
    """A number as it came; None for anything else, and for what is not finite."""
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _show(value: object) -> str:
    return {bytes: "a blob", list: "an array", type(None): "nil"}.get(type(value)) or repr(value)[:40]
