"""The OSC namespace as one table: dispatch, `/help`, the README, OSCQuery and the patches' test are all made from it."""

from __future__ import annotations

from .namespace import Command, Namespace, address_safe, find_row, markdown_table
from .row import DWELL_S, GAIN_DB, GLIDE_S, KNOB, MOST_PLACES, TEMPERATURE, Address, StatusReply
from .rows import NOTICES, REPLIES, TABLE

__all__ = [
    "DWELL_S",
    "GAIN_DB",
    "GLIDE_S",
    "KNOB",
    "MOST_PLACES",
    "NOTICES",
    "REPLIES",
    "TABLE",
    "TEMPERATURE",
    "Address",
    "Command",
    "Namespace",
    "StatusReply",
    "address_safe",
    "find_row",
    "markdown_table",
]
