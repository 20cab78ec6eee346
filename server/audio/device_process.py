"""The audio child process: owns PortAudio and plays what the parent puts into shared memory.

It is a process of its own because PortAudio hangs for ever when a JACK server dies, and only ending the process
helps. It loads neither engine nor models. Its Python only watches: the audio callback is compiled, and reads the
shared memory itself.

The talk with the parent: a request in argv (JSON), one line of JSON back (what was opened, or an error; before it, with
`patient` in the request, a line for every try in vain), then the ring's name on standard input. When standard input
closes, the parent is gone and this process ends.
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

from .choice import CannotOpen, choose, list_devices, open_device, public_row
from .ring import CLOCK_NS, SharedRing

WATCH_S = 0.01
RETRY_S = 0.2
MIN_RING_FRAMES = 8192
MARGIN_S = 0.001
"""How late the writer may be, beyond the device's own period, without a hole in the sound: the least that is allowed."""
REALTIME_PRIORITY = 20
"""Before the engine, which can be late by the ring; PortAudio's own threads inherit it where its host API sets none."""
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


def import_portaudio() -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise CannotOpen(
            "PortAudio is not installed: apt install libportaudio2 (Debian, Ubuntu), dnf install portaudio (Fedora), "
            "pacman -S portaudio (Arch); on macOS and Windows it comes with the sounddevice package",
            True,
        ) from error
    except ImportError as error:
        raise CannotOpen(f"{error.name} is not installed: pip install sounddevice", True) from error
    return sounddevice


def end_with_parent() -> None:
    """End when the parent does, even while the main thread hangs in PortAudio: hence `_exit`."""
    while os.read(0, 4096):  # not sys.stdin, whose lock would trip up an interpreter that shuts down meanwhile
        pass
    os._exit(0)


def ask_for_real_time() -> bool:
    """For this thread and those that it starts, PortAudio's among them; True where the system grants it."""
    if sys.platform != "linux":
        return False  # there the system's own audio threads are real-time, and this process is never in their way
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
    except OSError:
        return False
    return True


def open_output(sounddevice: Any, request: dict[str, Any], say: Any) -> Output:
    """Open the device; a patient request waits for it to appear, looking anew each time."""
    while True:
        try:
            return Output(sounddevice, request)
        except CannotOpen:
            if not request.get("patient"):
                raise
        say(waiting=True)
        sounddevice._terminate()  # PortAudio looks for devices and servers when it starts, and then never again
        time.sleep(RETRY_S)
        sounddevice._initialize()


def serve(request: dict[str, Any], say: Any, hush: Any) -> None:
    """Answer the request, then play until the parent says stop."""
    sounddevice = import_portaudio()
    if request.get("list"):
        say(devices=[public_row(sounddevice, device) for device in list_devices(sounddevice)])
        return
    real_time = ask_for_real_time()
    output = open_output(sounddevice, request, say)
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
    ring = SharedRing.attach(sys.stdin.readline().strip(), ring_frames, output.opened["channels"])
    threading.Thread(target=end_with_parent, daemon=True).start()
    output.play(ring)
    output.close()


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
