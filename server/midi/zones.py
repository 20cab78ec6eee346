"""MPE zones: which channels carry one note each, and which one speaks for all of them."""

from __future__ import annotations

LOWER_MANAGER, UPPER_MANAGER = 1, 16


class Zones:
    """The lower zone goes up from channel 2, the upper down from channel 15; each has so many members, 0 for no zone.

    Where a controller claims a zone, the other gives way, as "MIDI Polyphonic Expression" (MIDI Association, M1-100) says.
    """

    def __init__(self, lower: int, upper: int) -> None:
        self._lower = self._upper = 0
        self.configure(UPPER_MANAGER, upper)
        self.configure(LOWER_MANAGER, lower)

    def configure(self, channel: int, members: int) -> None:
        """The configuration message (registered parameter 6) came on `channel`; other channels than the two mean nothing."""
        members = min(members, 15)
        if channel == LOWER_MANAGER:
            self._lower, self._upper = members, min(self._upper, max(14 - members, 0))
        elif channel == UPPER_MANAGER:
            self._upper, self._lower = members, min(self._lower, max(14 - members, 0))

    def is_member(self, channel: int) -> bool:
        """Whether a channel carries one note."""
        return self.pedal_channel(channel) != channel

    def pedal_channel(self, channel: int) -> int:
        """The channel that pedals for the notes of `channel` come on."""
        if 1 < channel <= 1 + self._lower:
            return LOWER_MANAGER
        if 16 - self._upper <= channel < 16:
            return UPPER_MANAGER
        return channel
