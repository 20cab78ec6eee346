"""Controls of 14 bits, and registered and non-registered parameters: several control changes that mean one number."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..maps.curves import control_place

_APART_S = 0.03
"""Two halves of one number come closer together than that."""
_NULL = 16383
"""The parameter that is none."""

Half = Literal["coarse", "fine"]


class Pair:
    """The coarse and the fine half of one number, in whichever order they come.

    Told after both halves, so that the number never jumps between a new coarse and an old fine half. A half that comes alone is
    told by itself: some senders leave out the half that did not change, or never send a fine one.
    """

    def __init__(self) -> None:
        self.values: dict[Half, int] = {"coarse": 64, "fine": 0}
        self.has_fine = False
        self._first: Half | None = None
        self._open: Half | None = None
        self._alone: set[Half] = set()
        self._heard_s = -1e9

    def heard(self, half: Half, value: int, at_s: float) -> float | None:
        """Take in one half; returns where the number stands in [0, 1], or None while the other half is to come."""
        before = self.values[half]
        self.values[half] = value
        self.has_fine |= half == "fine"
        together = at_s - self._heard_s <= _APART_S
        self._heard_s = at_s
        if together and self._open is not None and self._open != half:
            self._open = None
            return self.place()
        if self._open == half:
            self._alone.add(half)
        if not together or self._first is None:
            # After a rest, what comes is the first half of a number: so a sender that was heard from the middle of a pair on is
            # understood from the next rest on.
            self._first = half if self._first is None or half not in self._alone else self._first
        self._open = half if half == self._first else None
        carries = half == "fine" and abs(value - before) > 64  # the coarse half is about to follow
        if half == self._first and (half not in self._alone or carries):
            return None
        if half == "coarse" and half in self._alone:
            self.values["fine"] = 0
            return control_place(value) if not self.has_fine else self.place()
        return self.place()

    def step(self, by: int) -> float:
        """Count up or down by one of the finest steps that were ever sent; returns where it then stands."""
        whole = self.whole() + by * (1 if self.has_fine else 128)
        whole = min(max(whole, 0), 16383)
        self.values = {"coarse": whole >> 7, "fine": whole & 127}
        return self.place()

    def whole(self) -> int:
        return self.values["coarse"] << 7 | self.values["fine"]

    def place(self) -> float:
        return control_place(self.whole(), 14)


class Parameter(NamedTuple):
    """A registered or non-registered parameter that has a value."""

    kind: Literal["rpn", "nrpn"]
    number: int
    place: float
    coarse: int


class Parameters:
    """The parameters of one channel: which one is chosen, and where each stands."""

    def __init__(self) -> None:
        self._chosen: dict[str, list[int]] = {"rpn": [127, 127], "nrpn": [127, 127]}
        self._kind: Literal["rpn", "nrpn"] = "rpn"
        self._values: dict[tuple[str, int], Pair] = {}

    def heard(self, control: int, value: int, at_s: float) -> Parameter | None:
        """Take in a control change; returns the parameter that has a new value by it, if one has."""
        if control in (98, 99, 100, 101):
            self._kind = "nrpn" if control < 100 else "rpn"
            self._chosen[self._kind][control % 2 == 0] = value
            return None
        if control not in (6, 38, 96, 97):
            return None
        coarse, fine = self._chosen[self._kind]
        number = coarse << 7 | fine
        if number == _NULL:
            return None
        pair = self._values.setdefault((self._kind, number), Pair())
        if control in (96, 97):
            place = pair.step(1 if control == 96 else -1)
        else:
            place = pair.heard("coarse" if control == 6 else "fine", value, at_s)
            if place is None and (self._kind, number) == ("rpn", 6):
                place = pair.place()  # the MPE configuration has no fine half
        return None if place is None else Parameter(self._kind, number, place, pair.values["coarse"])

    def forget(self) -> None:
        """None is chosen any more."""
        self._chosen = {"rpn": [127, 127], "nrpn": [127, 127]}
