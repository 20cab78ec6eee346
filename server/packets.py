"""OSC on the wire: packets, time tags and address patterns, safe against whatever a network sends.

python-osc writes what is said. It would read, too, but takes messages that are cut off for whole ones, leaves out arguments of
types that it does not know, so that the following take their place, and spends seconds on nested arrays.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from pythonosc.parsing import osc_types

IMMEDIATELY = 1
"""The time tag that means now: smaller than that of any real time."""
INT32_MAX = 2**31 - 1
UNIX_EPOCH_NTP_S = 2_208_988_800
"""Seconds from 1900, where time tags begin, to 1970."""

_BUNDLE = b"#bundle\0"
_DEEPEST = 16
_NUMBERS = {"i": "i", "f": "f", "h": "q", "d": "d", "t": "Q", "r": "I", "c": "I", "m": "4s"}
_CONSTANTS = {"T": True, "F": False, "N": None, "I": True}
"""I, a press without a value, counts as one."""
_SHORT = 64
"""Tags of a message whose layout is remembered."""


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

    Integers beyond 32 bits become the nearest. Raises osc_types.BuildError for a float that float32 does not reach.
    """
    tags, data = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, data = tags + "s", data + _text(value)
        elif isinstance(value, int):
            tags, data = tags + "i", data + osc_types.write_int(max(-INT32_MAX, min(INT32_MAX, value)))
        else:
            tags, data = tags + "f", data + osc_types.write_float(value)
    return _text(address) + _text(tags) + data


def _text(text: str) -> bytes:
    # What is no Unicode, or ends the string too early, may not keep the rest from being said.
    return osc_types.write_string(text.partition("\0")[0].encode(errors="replace").decode())


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
        address, place = _string(data, 0)
        if place == len(data):  # of an old sender, without type tags
            return Message(time_tag, address, [])
        tags, place = _string(data, place)
        if len(tags) <= _SHORT and (layout := _layout(tags)) is not None and place + layout.size == len(data):
            return Message(time_tag, address, list(layout.unpack_from(data, place)))
        count = len(tags) - 1
        if count and tags.count("f") == count and place + 4 * count == len(data):
            return Message(time_tag, address, list(struct.unpack_from(f">{count}f", data, place)))  # a long row of data
        return Message(time_tag, address, _arguments(tags, data, place))
    except (struct.error, UnicodeDecodeError) as error:
        raise PacketError(f"malformed message: {error}") from None


@lru_cache(256)
def _layout(tags: str) -> struct.Struct | None:
    """The bytes of arguments that are all numbers; None for any other."""
    if not tags.startswith(",") or not _NUMBERS.keys() >= set(tags[1:]):
        return None
    return struct.Struct(">" + "".join(_NUMBERS[tag] for tag in tags[1:]))


def _arguments(tags: str, data: bytes, place: int) -> list[object]:
    if not tags.startswith(","):
        raise PacketError("there are no type tags")
    arrays: list[list[object]] = [[]]
    for tag in tags[1:]:
        if tag in _NUMBERS:
            number = struct.Struct(">" + _NUMBERS[tag])
            arrays[-1] += number.unpack_from(data, place)
            place += number.size
        elif tag in _CONSTANTS:
            arrays[-1].append(_CONSTANTS[tag])
        elif tag in "sS":
            text, place = _string(data, place)
            arrays[-1].append(text)
        elif tag == "b":
            (size,) = struct.unpack_from(">i", data, place)
            if not 0 <= size <= len(data) - place - 4:
                raise PacketError(f"a blob has size {size}, {len(data) - place - 4} bytes are left")
            arrays[-1].append(data[place + 4 : place + 4 + size])
            place += 4 + size + -size % 4
        elif tag == "[" and len(arrays) <= _DEEPEST:
            array: list[object] = []
            arrays[-1].append(array)
            arrays.append(array)
        elif tag == "]" and len(arrays) > 1:
            arrays.pop()
        else:
            raise PacketError(f"an argument has a type that is not understood: {tag}")
    if len(arrays) > 1 or place != len(data):
        raise PacketError("the arguments are not those that their types say")
    return arrays[0]


def _string(data: bytes, place: int) -> tuple[str, int]:
    """The string that begins at `place`, a multiple of 4, and where what follows it begins."""
    end = data.find(b"\0", place)
    after = (end + 4) & ~3
    if end < 0 or after > len(data):
        raise PacketError("a string has no end")
    return data[place:end].decode(), after


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
