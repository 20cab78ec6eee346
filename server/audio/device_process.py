"""The audio child process: owns PortAudio and plays what the parent puts into shared memory.

It is a process of its own because PortAudio hangs for ever when a JACK server dies, and only ending the process
helps. It loads neither engine nor models. Its Python only watches: the audio callback is compiled, and reads the
shared memory itself. How it talks with its parent is in `talk`.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .choice import choose, list_devices, open_device, public_row
from .ring import CLOCK_NS, SharedRing
from .talk import WATCH_S, ask_for_real_time, converse, import_portaudio, open_patiently, ring_of_parent

MIN_RING_FRAMES = 8192
MARGIN_S = 0.001
"""How late the writer may be, beyond the device's own period, without a hole in the sound: the least that is allowed."""
CLOCKS_APART_NS = 5_000_000
CLOCK_SHARE = 0.05


class Output:
    """An open device whose callback plays silence until it is given a ring."""

    def __init__(self, sounddevice: Any, request: dict[str, Any]) -> None:
        from . import callback as compiled

        self._compiled = compiled
        self._own = np.zeros(compiled.OWN_WORDS, np.int64)
        self._ring: SharedRing | None = None
        pointer = sounddevice._ffi.cast("void*", compiled.callback.address)
        own = sounddevice._ffi.cast("void*", self._own.ctypes.data)
        device = choose(list_devices(sounddevice), request["device"], request["host_api"], request["exclusive"])
        self._stream, self.opened = open_device(sounddevice, device, request, pointer, own, self._prepare)

    def _prepare(self, rate_hz: int, channels: int) -> None:
        """Before the callback is called for the first time."""
        self._numbers = np.zeros(self._compiled.BEFORE + 2 * channels)
        self._own[self._compiled.CHANNELS] = channels
        self._own[self._compiled.RATE_HZ] = rate_hz
        self._own[self._compiled.MARGIN] = round(MARGIN_S * rate_hz)
        self._own[self._compiled.FALLEN] = rate_hz  # nothing was played that could fall
        self._own[self._compiled.OWN_AT] = self._numbers.ctypes.data

    def first_block_frames(self) -> int:
        """The largest block that the device has asked for in its first calls; it is what must always lie ready."""
        while self._own[self._compiled.CALLS] < 3:
            time.sleep(0.001)
        return int(self._own[self._compiled.LARGEST])

    def play(self, ring: SharedRing) -> None:
        """Play what comes through the ring until the parent says stop and all has been played."""
        self._ring = ring  # kept, for the callback has its addresses
        words_at, frames_at = ring.addresses
        self._own[self._compiled.FRAMES_AT] = frames_at
        self._own[self._compiled.LENGTH] = ring.frames
        self._own[self._compiled.WORDS_AT] = words_at
        while not self._own[self._compiled.DONE]:
            self._tell_clock(ring)
            time.sleep(WATCH_S)

    def close(self) -> None:
        """And the interpreter's exit closes PortAudio: a client that just vanishes costs JACK an xrun."""
        self._stream.stop()
        self._stream.close()

    def _tell_clock(self, ring: SharedRing) -> None:
        """Publish what brings the device's clock to the system's, smoothed."""
        before_ns = time.monotonic_ns()
        device_ns = round(self._stream.time * 1e9)
        apart_ns = (before_ns + time.monotonic_ns()) // 2 - device_ns
        known_ns = ring[CLOCK_NS]
        if known_ns and abs(apart_ns - known_ns) < CLOCKS_APART_NS:
            apart_ns = known_ns + round(CLOCK_SHARE * (apart_ns - known_ns))
        ring[CLOCK_NS] = apart_ns


def serve(request: dict[str, Any], say: Any, hush: Any) -> None:
    """Answer the request, then play until the parent says stop."""
    sounddevice = import_portaudio()
    if request.get("list"):
        say(devices=[public_row(sounddevice, device) for device in list_devices(sounddevice)])
        return
    real_time = ask_for_real_time()
    output = open_patiently(Output, sounddevice, request, say)
    block_frames = output.first_block_frames()
    rate_hz = output.opened["sample_rate_hz"]
    capacity_frames = max(round(request["latency_s"] * rate_hz), block_frames + round(MARGIN_S * rate_hz))
    ring_frames = max(MIN_RING_FRAMES, 1 << capacity_frames.bit_length())
    say(
        **output.opened,
        block_frames=block_frames,
        capacity_frames=capacity_frames,
        ring_frames=ring_frames,
        real_time=real_time,
    )
    hush()
    output.play(ring_of_parent(ring_frames, output.opened["channels"]))
    output.close()


if __name__ == "__main__":
    converse(serve)
