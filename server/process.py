"""The process as a place for a real-time thread: who may hold it up, and what ends it."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_INTERVAL_S = 1e-4


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
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
