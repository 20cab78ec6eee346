"""What both audio child processes do alike: talk with their parent, wait for their device, and end when the parent does.

The talk: a request in argv (JSON), one line of JSON back (what was opened, or an error; before it, with `patient` in the
request, a line for every try in vain), then the ring's name on standard input. When standard input closes, the parent is gone
and the process ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .choice import CannotOpen
from .ring import SharedRing

WATCH_S = 0.01
RETRY_S = 0.2
REALTIME_PRIORITY = 20
"""Before the engine, which can be late by the ring; PortAudio's own threads inherit it where its host API sets none."""
Opened = TypeVar("Opened")


def converse(serve: Callable[[dict[str, Any], Any, Any], None]) -> None:
    """A child process's life: `serve(request, say, hush)` answers by say(**answer), and calls hush() when nobody reads any more."""
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


def open_patiently(
    make: Callable[[Any, dict[str, Any]], Opened], sounddevice: Any, request: dict[str, Any], say: Any
) -> Opened:
    """Open the device by `make(sounddevice, request)`; a patient request waits for it to appear, looking anew each time."""
    while True:
        try:
            return make(sounddevice, request)
        except CannotOpen:
            if not request.get("patient"):
                raise
        say(waiting=True)
        sounddevice._terminate()  # PortAudio looks for devices and servers when it starts, and then never again
        time.sleep(RETRY_S)
        sounddevice._initialize()


def ring_of_parent(frames: int, channels: int) -> SharedRing:
    """The ring whose name the parent says next; from then on this process ends with it."""
    ring = SharedRing.attach(sys.stdin.readline().strip(), frames, channels)
    threading.Thread(target=end_with_parent, daemon=True).start()
    return ring


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
