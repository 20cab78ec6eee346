"""The capturing child process: owns the input device, and puts what it hears into shared memory that the parent reads.

A process of its own beside the one that plays, so that an input which hangs or is pulled out takes no sound with it, and may be of
another host API or rate. It talks with its parent as `device_process` does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any

import numpy as np

from .choice import CannotOpen, choose, list_devices, open_input
from .device_process import RETRY_S, WATCH_S, ask_for_real_time, end_with_parent, import_portaudio
from .ring import STOP, SharedRing

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


def open_patiently(sounddevice: Any, request: dict[str, Any], say: Any) -> Input:
    """Open the device; a patient request waits for it to appear, looking anew each time."""
    while True:
        try:
            return Input(sounddevice, request)
        except CannotOpen:
            if not request.get("patient"):
                raise
        say(waiting=True)
        sounddevice._terminate()
        time.sleep(RETRY_S)
        sounddevice._initialize()


def serve(request: dict[str, Any], say: Any, hush: Any) -> None:
    """Answer the request, then hear until the parent says stop."""
    sounddevice = import_portaudio()
    ask_for_real_time()
    heard = open_patiently(sounddevice, request, say)
    block_frames, rate_hz = heard.first_block_frames(), heard.opened["sample_rate_hz"]
    ring_frames = max(round(RING_S * rate_hz), 4 * block_frames)
    say(**heard.opened, block_frames=block_frames, ring_frames=ring_frames)
    hush()
    ring = SharedRing.attach(sys.stdin.readline().strip(), ring_frames, heard.opened["channels"])
    threading.Thread(target=end_with_parent, daemon=True).start()
    heard.hear(ring)
    heard.close()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the parent decides when to stop; its end closes standard input
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # JACK prints on standard output, too

    def say(**answer: Any) -> None:
        report.write(json.dumps(answer) + "\n")
        report.flush()

    def hush() -> None:
        with open(os.devnull, "w") as nowhere:  # from here on nobody reads the noise
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)

    try:
        serve(json.loads(sys.argv[1]), say, hush)
    except CannotOpen as error:
        say(error=str(error), unavailable=error.unavailable)


if __name__ == "__main__":
    main()
