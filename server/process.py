"""The process as a place for a real-time thread: who may hold it up, and what ends it."""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SWITCH_INTERVAL_S = 1e-4
AGAIN_S = 0.001


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Python from holding the engine thread up.

    The switch interval is how long another thread may hold the interpreter while the engine waits for it. What the
    program has loaded so far is moved out of the garbage collector's sight: a full collection over it takes tens of
    milliseconds, and what controllers leave behind afterwards is little.
    """
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval_s)


@contextmanager
def sigterm_like_ctrl_c() -> Iterator[None]:
    """What ends a service ends it as gently as a person does: KeyboardInterrupt in the main thread."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def hear_ctrl_c() -> None:
    """Ctrl-C is KeyboardInterrupt in the main thread even while LLVM compiles; where a shell has it ignored, it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, now or, inside of LLVM's binding, a moment later.

    A signal that comes while LLVM works is noticed by the first Python that runs then, which is mostly the binding's. What
    is raised in its callbacks and finalisers is printed and lost, and half of its own work undone may crash.
    """
    while frame is not None:
        if frame.f_code.co_name == "__del__" or str(frame.f_globals.get("__name__")).startswith("llvmlite."):
            threading.Timer(AGAIN_S, _send_to_main_thread, [number]).start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _send_to_main_thread(number: int) -> None:
    if sys.platform == "win32":
        _thread.interrupt_main(number)
    else:  # which also ends what the thread is waiting for
        signal.pthread_kill(threading.main_thread().ident or 0, number)
