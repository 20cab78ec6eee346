"""OSC 1.0 on the wire: packets, time tags and address patterns, safe against whatever a network sends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pythonosc.osc_message import OscMessage
from pythonosc.parsing import osc_types

IMMEDIATELY = 1
"""The time tag that means now: smaller than that of any real time."""
INT32_MAX = 2**31 - 1
UNIX_EPOCH_NTP_S = 2_208_988_800
"""Seconds from 1900, where time tags begin, to 1970."""

_BUNDLE = b"#bundle\0"
_DEEPEST = 16
_UNDERSTOOD = frozenset(",ifsbhdtrmTFN[]")


class PacketError(ValueError):
    """Bytes that are no OSC packet."""


class Message(NamedTuple):
    """One message of a packet with the time tag (64 bits, NTP format) of the bundle around it."""

    time_tag: int
    address: str
    arguments: list[object]


def read_packet(data: bytes) -> list[Message]:
    """The messages of a packet in its order; a bundle within a bundle is never earlier than the one around it.

    Raises PacketError when any part of it is malformed: then nothing of it is to be obeyed.
    """
    return list(_elements(data, IMMEDIATELY, 0))


def split_bundle(bundle: bytes) -> tuple[int, list[bytes]]:
    """The time tag and the elements of a bundle, not looked into. Raises PacketError when it is none, or is cut off."""
    if not bundle.startswith(_BUNDLE) or len(bundle) < 16:
        raise PacketError("not a bundle")
    elements: list[bytes] = []
    place = 16
    while place < len(bundle):
        size = int.from_bytes(bundle[place : place + 4], "big", signed=True)
        place += 4
        if not 0 < size <= len(bundle) - place:
            raise PacketError(f"a bundle's element has size {size}, {max(0, len(bundle) - place)} bytes are left")
        elements.append(bundle[place : place + size])
        place += size
    return int.from_bytes(bundle[8:16], "big"), elements


def seconds(time_tag: int) -> float:
    """A time tag as seconds from its zero: 1900 on the network, the beginning in a score."""
    return time_tag / 2**32


def write_message(address: str, values: Iterable[float | int | str]) -> bytes:
    """A message of int32, float32 and strings only: sclang garbles what follows a 64-bit integer.

    Raises osc_types.BuildError or OverflowError when a value does not fit.
    """
    tags, data = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, data = tags + "s", data + osc_types.write_string(value)
        elif isinstance(value, int):
            tags, data = tags + "i", data + osc_types.write_int(max(-INT32_MAX, min(INT32_MAX, value)))
        else:
            tags, data = tags + "f", data + osc_types.write_float(value)
    return osc_types.write_string(address) + osc_types.write_string(tags) + data


def is_pattern(address: str) -> bool:
    """Whether `address` has any of the signs that OSC keeps for patterns."""
    return re.search(r"[*?\[\]{}]", address) is not None


def matches(pattern: str, address: str) -> bool:
    """Whether an OSC 1.0 address pattern names `address`.

    It keeps the set of places that can be reached instead of translating to a regular expression: those backtrack,
    and a hostile pattern could stop the server.
    """
    reached = {0}
    for token in _TOKENS.findall(pattern):
        reached = {end for start in reached for end in _ends(token, address, start)}
        if not reached:
            return False
    return len(address) in reached


def _elements(data: bytes, not_before: int, depth: int) -> Iterator[Message]:
    # python-osc's own bundle parser loops for ever on a negative size and recurses without limit.
    if not data.startswith(_BUNDLE):
        yield _message(data, not_before)
        return
    if depth == _DEEPEST:
        raise PacketError(f"bundles are nested more than {_DEEPEST} deep")
    time_tag, elements = split_bundle(data)
    for element in elements:
        yield from _elements(element, max(not_before, time_tag), depth + 1)


def _message(data: bytes, time_tag: int) -> Message:
    if not data.startswith(b"/"):
        raise PacketError("neither a message nor a bundle")
    try:
        # python-osc leaves out arguments of a type that it does not know, so the following ones would take their place.
        address, tags_at = osc_types.get_string(data, 0)
        tags = osc_types.get_string(data, tags_at)[0] if data[tags_at:] else ","
        if tags == ",I":  # an impulse: how OSCQuery's hosts, among others, send a message without arguments
            return Message(time_tag, address, [])
        if not _UNDERSTOOD.issuperset(tags):
            raise PacketError("an argument has a type that is not understood")
        message = OscMessage(data)
        return Message(time_tag, message.address, message.params)
    except PacketError:
        raise
    except Exception as error:  # python-osc lets UnicodeDecodeError and others through
        raise PacketError(f"malformed message: {error}") from None


_TOKENS = re.compile(r"\*+|\?|\[[^\]/]*\]|\{[^}/]*\}|.", re.DOTALL)


def _ends(token: str, address: str, start: int) -> list[int]:
    """Where one token of a pattern can end in `address` when it begins at `start`."""
    rest = address[start:].partition("/")[0]
    if token[0] == "*":
        return [start + length for length in range(len(rest) + 1)]
    if token[0] == "{" and len(token) > 1:
        return [start + len(word) for word in token[1:-1].split(",") if address.startswith(word, start)]
    if token[0] == "[" and len(token) > 1:
        return [start + 1] if rest and _in_set(token[1:-1], rest[0]) else []
    return [start + 1] if (rest if token == "?" else address.startswith(token, start)) else []


def _in_set(members: str, sign: str) -> bool:
    listed = members.removeprefix("!")
    ranges = re.findall(r"(.)-(.)", listed)
    inside = sign in re.sub(r".-.", "", listed) or any(low <= sign <= high for low, high in ranges)
    return inside != members.startswith("!")
