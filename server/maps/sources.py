"""What can move something, and how it is written: `cc 20`, `nrpn 300 channel 2`, `mpe timbre`, `/1/fader1`."""

from __future__ import annotations

import re
from typing import NamedTuple

from ...export.errors import LatentoneError


class Kind(NamedTuple):
    """One kind of control."""

    highest: int | None
    """Its numbers go from 0 to this; None for a kind that has no number."""
    says: str
    of_note: bool = False
    """True where it belongs to one note: what it moves, it moves in the voice of that note."""


KINDS: dict[str, Kind] = {
    "cc": Kind(127, "control change"),
    "cc14": Kind(31, "control change of 14 bits: the number and that number + 32"),
    "nrpn": Kind(16383, "non-registered parameter"),
    "rpn": Kind(16383, "registered parameter"),
    "bend": Kind(None, "pitch bend"),
    "pressure": Kind(None, "channel pressure"),
    "keypressure": Kind(127, "polyphonic pressure of one key"),
    "key": Kind(127, "one key or pad: how hard it was struck while it is down, the lower end while it is not"),
    "note": Kind(None, "number of the note that is played", of_note=True),
    "velocity": Kind(None, "how hard the note is struck", of_note=True),
    "mpe bend": Kind(None, "bend of one note", of_note=True),
    "mpe timbre": Kind(None, "timbre (control change 74) of one note", of_note=True),
    "mpe pressure": Kind(None, "pressure on one note", of_note=True),
    "mpe lift": Kind(None, "how fast the note is let go", of_note=True),
}
_SAME = {"mpe strike": "velocity"}
OSC = "osc"
"""The kind of an OSC address of somebody else's, whose number is which of its arguments counts, from 1."""
_HOW = "such as `cc 20`, `cc14 1`, `nrpn 300`, `bend`, `pressure`, `mpe timbre`, or an OSC address"


class Source(NamedTuple):
    """One control: of a MIDI channel, or of any; or one argument of an OSC address."""

    kind: str
    number: int | None = None
    channel: int | None = None
    """1 to 16; None is any."""
    address: str = ""

    def __str__(self) -> str:
        if self.kind == OSC:
            return self.address if self.number == 1 else f"{self.address} argument {self.number}"
        channel = None if self.channel is None else f"channel {self.channel}"
        return " ".join(str(part) for part in (self.kind, self.number, channel) if part is not None)


def parse_source(text: str) -> Source:
    """Read what a person wrote. Raises LatentoneError that says what is allowed."""
    if text.startswith("/"):
        said = re.fullmatch(r"(/[^\s#*?{}\[\],]+)(?: argument ([1-9]\d?))?", text)
        if said is None:
            raise LatentoneError(f"{text[:100]!r} is not an OSC address, such as /1/fader1, or `/3/xy argument 2`")
        return Source(OSC, int(said[2] or 1), address=said[1])
    said = re.fullmatch(
        r"([a-z]+14|[a-z]+(?: [a-z]+)??)(?: +(\d{1,5}))?(?: +channel +(\d{1,2}))?", " ".join(text.lower().split())
    )
    kind = _SAME.get(said[1], said[1]) if said else ""
    if said is None or kind not in KINDS:
        raise LatentoneError(f"{text[:100]!r} is not a control ({_HOW})")
    highest = KINDS[kind].highest
    number, channel = (None if part is None else int(part) for part in said.group(2, 3))
    if (number is None) != (highest is None) or (number or 0) > (highest or 0):
        wanted = "stands without a number" if highest is None else f"needs a number from 0 to {highest}"
        raise LatentoneError(f"{text[:100]!r}: {kind} {wanted}")
    if channel is not None and not 1 <= channel <= 16:
        raise LatentoneError(f"{text[:100]!r}: a channel is 1 to 16")
    return Source(kind, number, channel)
