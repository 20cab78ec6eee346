"""OSC packets in a stream of bytes: SLIP as OSC 1.1 says, or a length before each as OSC 1.0 does."""

from __future__ import annotations

from typing import Protocol

LONGEST = 65536
"""Bytes of one packet: no datagram is longer either."""

_END, _ESCAPE, _ESCAPED_END, _ESCAPED_ESCAPE = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"


class FramingError(ValueError):
    """A stream that cannot be followed any further."""


class Framing(Protocol):
    """One end of a connection: what came in pieces goes out in packets."""

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that `data` completes. Raises FramingError when one is longer than LONGEST."""
        ...

    def frame(self, packet: bytes) -> bytes:
        """The bytes to send for a packet."""
        ...


def framing_of(first: bytes) -> Framing:
    """The framing of a connection that begins with these bytes, at least one.

    A length has a zero in front, as no packet has 16 MB; with SLIP, END comes there, or the packet's own `/` or `#`.
    """
    return LengthPrefixed() if first[0] == 0 else Slip()


class Slip:
    """RFC 1055, with END at both ends of each packet. A sign wrongly escaped stays as it is, as the RFC advises."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        *frames, self._rest = (self._rest + data).split(_END)
        if max(map(len, (*frames, self._rest))) > 2 * LONGEST:
            raise FramingError(f"a packet is longer than {LONGEST} bytes, or has no end")
        # In this order: an escape that is data becomes one only when all the others are gone.
        return [f.replace(_ESCAPED_END, _END).replace(_ESCAPED_ESCAPE, _ESCAPE) for f in frames if f]

    def frame(self, packet: bytes) -> bytes:
        return _END + packet.replace(_ESCAPE, _ESCAPED_ESCAPE).replace(_END, _ESCAPED_END) + _END


class LengthPrefixed:
    """An int32 before each packet says its length, as sclang and liblo send."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        stream, packets, place = self._rest + data, [], 0
        while place + 4 <= len(stream):
            size = int.from_bytes(stream[place : place + 4], "big")
            if size > LONGEST:
                raise FramingError(f"a packet of {size} bytes is longer than {LONGEST}")
            if place + 4 + size > len(stream):
                break
            packets.append(stream[place + 4 : place + 4 + size])
            place += 4 + size
        self._rest = stream[place:]
        return packets

    def frame(self, packet: bytes) -> bytes:
        return len(packet).to_bytes(4, "big") + packet
