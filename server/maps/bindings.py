"""One line of a map, as it stands in the settings: a control, its target, and how the one moves the other."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from ...export.errors import LatentoneError
from ..arguments import AddressError, Argument
from .curves import CURVES, stepped
from .sources import Source, parse_source
from .targets import target_row

_Ends = Annotated[list[float], Field(min_length=2, max_length=2)]


class Shape(BaseModel):
    """How a control moves its target; `midi_defaults` of the settings is one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    channel: Annotated[int, Field(ge=1, le=16)] | None
    range: _Ends
    curve: Literal["linear", "exponential", "s", "steps"]
    steps: int = Field(ge=2, le=128)
    invert: bool
    pickup: bool
    smooth_s: float = Field(ge=0, le=60)
    relative: Literal["twos_complement", "signed_bit", "binary_offset"] | None
    input: _Ends

    def value(self, place: float) -> float:
        """What a control that stands at `place` in [0, 1] means, in the units of the target."""
        if self.invert:
            place = 1.0 - place
        shaped = stepped(place, self.steps) if self.curve == "steps" else CURVES[self.curve](place)
        low, high = self.range
        return low + (high - low) * shaped

    def place(self, number: float) -> float:
        """Where a number of an OSC message stands in [0, 1]."""
        low, high = self.input
        return min(max((number - low) / (high - low), 0.0), 1.0)

    @field_validator("input")
    @classmethod
    def _has_a_way(cls, ends: list[float]) -> list[float]:
        if ends[0] == ends[1]:
            raise ValueError("two different numbers")
        return ends


class Binding(Shape):
    """One control that moves one target."""

    cc: Annotated[int, Field(ge=0, le=127)] | None = None
    """Short for `source: cc 20`."""
    source: str | None = None
    target: str

    def control(self) -> Source:
        """What moves it."""
        source = parse_source(self.source) if self.source is not None else Source("cc", self.cc)
        return source if source.channel is not None or source.address else source._replace(channel=self.channel)

    def argument(self) -> Argument:
        """What the target takes."""
        return target_row(self.target).arguments[0]

    def row(self, defaults: Shape) -> dict[str, Any]:
        """The line for a settings file in which `defaults` hold: what it says, and no more."""
        said = self.model_dump(exclude_none=True)
        usual = defaults.model_dump()
        named = {key: said.pop(key) for key in ("cc", "source", "target") if key in said}
        return named | {key: value for key, value in said.items() if value != usual[key]}

    @field_validator("source")
    @classmethod
    def _is_a_control(cls, source: str | None) -> str | None:
        try:
            return None if source is None else str(parse_source(source))
        except LatentoneError as error:
            raise ValueError(str(error)) from None

    @field_validator("target")
    @classmethod
    def _takes_one_number(cls, target: str, info: ValidationInfo) -> str:
        try:
            argument = target_row(target).arguments[0]
        except AddressError as error:
            raise ValueError(error.why) from None
        if any(not argument.low <= end <= argument.high for end in info.data.get("range", [])):
            raise ValueError(f"its range {info.data['range']} goes beyond {argument.usage()}")
        return target

    @model_validator(mode="after")
    def _fits_together(self) -> Binding:
        if (self.cc is None) == (self.source is None):
            raise ValueError("needs either `cc: 20` or `source:`, such as `cc14 1`, `nrpn 300` or `/1/fader1`")
        if self.relative is not None and (self.control().kind != "cc" or self.curve != "linear"):
            raise ValueError("relative is for control changes on a linear curve")
        return self


def in_kind(argument: Argument, value: float) -> float | int:
    """`value` in the type and range of the target; a half goes up: from 64 on, a switch is on."""
    value = min(max(value, argument.low), argument.high)
    return math.floor(value + 0.5) if argument.kind == "int" else value
