"""An OSC packet on its way to the desk: whole or not at all, each bundle in it with its time."""

from __future__ import annotations

from .controllers import Desk, Reply
from .packets import IMMEDIATELY, UNIX_EPOCH_NTP_S, Message, PacketError, read_packet, seconds


def deliver(packet: bytes, desk: Desk, reply: Reply, source: str) -> None:
    """Hand over what a packet says, whatever is in it; never raises."""
    try:
        messages = read_packet(packet)
    except PacketError as error:
        desk.refuse(reply, str(error))
        return
    by_time: dict[int, list[Message]] = {}
    for message in messages:
        by_time.setdefault(message.time_tag, []).append(message)
    desk.take_bundle([(_unix_s(time_tag), together) for time_tag, together in by_time.items()], reply, source)


def _unix_s(time_tag: int) -> float | None:
    return None if time_tag == IMMEDIATELY else seconds(time_tag) - UNIX_EPOCH_NTP_S
