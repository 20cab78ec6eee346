"""The capturing child process: owns the input device, and puts what it hears into shared memory that the parent reads.

A process of its own beside the one that plays, so that an input which hangs or is pulled out takes no sound with it, and may be of
another host API or rate. How it talks with its parent is in `talk`.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .choice import choose, list_devices, open_input
from .ring import STOP, SharedRing
from .talk import WATCH_S, ask_for_real_time, converse, import_portaudio, open_patiently, ring_of_parent

RING_S = 2.0


class Input:
    """An open device whose callback hears nothing until it is given a ring."""

    def __init__(self, sounddevice: Any, request: dict[str, Any]) -> None:
        from . import callback as words
        from . import capture_callback as compiled

        self._words = words
        self._own = np.zeros(words.OWN_WORDS, np.int64)
        self._ring: SharedRing | None = None
        pointer = sounddevice._ffi.cast("void*", compiled.capture.address)
        own = sounddevice._ffi.cast("void*", self._own.ctypes.data)
        device = choose(list_devices(sounddevice, "input"), request["device"], request["host_api"], direction="input")
        self._stream, self.opened = open_input(sounddevice, device, pointer, own, self._prepare)

    def _prepare(self, channels: int) -> None:
        """Before the callback is called for the first time."""
        self._own[self._words.CHANNELS] = channels

    def first_block_frames(self) -> int:
        """The largest block that the device has given in its first calls."""
        while self._own[self._words.CALLS] < 3:
            time.sleep(0.001)
        return int(self._own[self._words.LARGEST])

    def hear(self, ring: SharedRing) -> None:
        """Fill the ring until the parent says stop."""
        self._ring = ring  # kept, for the callback has its addresses
        words_at, frames_at = ring.addresses
        self._own[self._words.FRAMES_AT] = frames_at
        self._own[self._words.LENGTH] = ring.frames
        self._own[self._words.WORDS_AT] = words_at
        while not ring[STOP]:
            time.sleep(WATCH_S)

    def close(self) -> None:
        self._stream.stop()
        self._stream.close()


def serve(request: dict[str, Any], say: Any, hush: Any) -> None:
    """Answer the request, then hear until the parent says stop."""
    sounddevice = import_portaudio()
    ask_for_real_time()
    heard = open_patiently(Input, sounddevice, request, say)
    block_frames, rate_hz = heard.first_block_frames(), heard.opened["sample_rate_hz"]
    ring_frames = max(round(RING_S * rate_hz), 4 * block_frames)
    say(**heard.opened, block_frames=block_frames, ring_frames=ring_frames)
    hush()
    heard.hear(ring_of_parent(ring_frames, heard.opened["channels"]))
    heard.close()


if __name__ == "__main__":
    converse(serve)
