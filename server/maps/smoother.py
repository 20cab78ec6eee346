"""Smoothing: values that go to where they are meant to be little by little, on a thread that sleeps while nothing moves."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..events import Value

_STEP_S = 0.005
_TIME_CONSTANTS = 3.0
"""In so many of a one-pole filter's time constants, 95 % of the way are gone."""
_ARRIVED = 0.002
"""Of the way that is left of the longest: it is there."""

Send = Callable[[str, tuple[Value, ...]], object]


@dataclass(slots=True)
class _Way:
    value: float
    goal: float
    way: float
    smooth_s: float


class Smoother:
    """One-pole filters, one an address; `send` hears each step, on the smoother's thread.

    Any thread may call `go`. `close` ends the thread; what was on its way stays where it is.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._ways: dict[str, _Way] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def go(self, address: str, start: float, goal: float, smooth_s: float) -> None:
        """Go to `goal`, from `start` or from where it is by now on an earlier way; there after about `smooth_s`."""
        with self._wake:
            way = self._ways.get(address)
            value = start if way is None else way.value
            self._ways[address] = _Way(value, goal, abs(goal - value), smooth_s)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="map smoothing", daemon=True)
                self._thread.start()
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        before_s = time.monotonic()
        while True:
            with self._wake:
                if not self._ways and not self._closed:
                    self._wake.wait_for(lambda: self._ways or self._closed)
                    before_s = time.monotonic() - _STEP_S
                if self._closed:
                    return
                now_s = time.monotonic()
                steps = [
                    (address, self._step(address, way, now_s - before_s)) for address, way in list(self._ways.items())
                ]
                before_s = now_s
            for address, value in steps:
                self._send(address, (value,))
            time.sleep(_STEP_S)

    def _step(self, address: str, way: _Way, step_s: float) -> float:
        way.value += (way.goal - way.value) * -math.expm1(-step_s * _TIME_CONSTANTS / way.smooth_s)
        if abs(way.goal - way.value) <= _ARRIVED * way.way:
            way.value = way.goal
            del self._ways[address]
        return way.value
