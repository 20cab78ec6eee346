"""Live sound from an input device: a child process hears it, and shared memory brings it here."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from typing import Any, Self

import numpy as np
import soxr

from ...export.errors import LatentoneError
from .devices import ANSWER_DEADLINE_S, end, launch
from .ring import PLAYED, RING_DRY, STOP, SharedRing

_log = logging.getLogger(__name__)

STALL_S = 1.0
REOPEN_DEADLINE_S = 5.0
MOST_BEHIND_S = 0.2
"""What waits longer is left out: a reader that was held up is not to stay late for ever."""
SHORTEST_WAIT_S, PATIENCE_S = 0.001, 0.25


class DeviceSound:
    """A `hearing.sounds.Sound` of a microphone or line input; all channels together. A context manager: entering opens it.

    When the device goes away, `read` gives nothing until it is back, and says so once.
    """

    def __init__(self, device: str | int | None = None, host_api: str | None = None) -> None:
        """device, host_api: as for `DeviceSink`."""
        self._request: dict[str, Any] = {"device": device, "host_api": host_api}
        self._process: subprocess.Popen[str] | None = None
        self._ring: SharedRing | None = None
        self._opened: dict[str, Any] = {}
        self._closing = threading.Event()
        self._rate_hz = 0
        self._resampler: soxr.ResampleStream | None = None
        self._waiting = np.zeros(0, np.float32)
        self._heard, self._progress_s = 0, 0.0

    def __enter__(self) -> Self:
        """Raises LatentoneError, one line, when it does not open."""
        self._open(self._request)
        self._request["device"] = self._opened["device"]  # should it be lost, it is this one that is to come back
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._close(grace_s=0.5)

    @property
    def latency_s(self) -> float:
        """The device's own, and one of its blocks."""
        blocks_s = self._opened["block_frames"] / self._opened["sample_rate_hz"]
        return self._opened["device_latency_s"] + blocks_s

    @property
    def lost(self) -> int:
        """How often sound came faster than it was read."""
        return self._ring[RING_DRY] if self._ring is not None else 0

    def use_rate(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._begin()

    def read(self, samples: int) -> np.ndarray | None:
        until_s = time.monotonic() + PATIENCE_S + samples / self._rate_hz
        while len(self._waiting) < samples:
            ring = self._ring
            if ring is None or self._is_lost(ring):
                self._reopen()
                return None
            self._take(ring)
            missing = samples - len(self._waiting)
            if missing > 0:
                if time.monotonic() > until_s or self._closing.is_set():
                    return None
                time.sleep(min(max(SHORTEST_WAIT_S, 0.5 * missing / self._rate_hz), 0.02))
        out, self._waiting = self._waiting[:samples], self._waiting[samples:]
        return out

    def describe(self) -> str:
        return f"{self._opened['device']}, {self._opened['sample_rate_hz']} Hz"

    def _take(self, ring: SharedRing) -> None:
        rate_hz = self._opened["sample_rate_hz"]
        behind = ring.waiting - round(MOST_BEHIND_S * rate_hz)
        if behind > 0:
            ring.read(behind)
        mono = ring.read(ring.frames).mean(axis=1) if ring.waiting else np.zeros(0, np.float32)
        if len(mono):
            new = mono if self._resampler is None else self._resampler.resample_chunk(mono)
            self._waiting = np.concatenate([self._waiting, new])

    def _begin(self) -> None:
        given_hz = self._opened["sample_rate_hz"]
        same = given_hz == self._rate_hz or not self._rate_hz
        self._resampler = None if same else soxr.ResampleStream(given_hz, self._rate_hz, 1, "float32", "LQ")
        self._waiting = np.zeros(0, np.float32)

    def _is_lost(self, ring: SharedRing) -> bool:
        heard, now_s = ring[PLAYED], time.monotonic()
        if heard != self._heard:
            self._heard, self._progress_s = heard, now_s
            return False
        return now_s - self._progress_s > STALL_S

    def _open(self, request: dict[str, Any]) -> None:
        patient = "patient" in request
        deadline_s = REOPEN_DEADLINE_S if patient else ANSWER_DEADLINE_S
        self._process, self._opened = launch(
            request, deadline_s, self._closing if patient else None, program="capture_process"
        )
        opened = self._opened
        ring = SharedRing.create(opened["ring_frames"], opened["channels"], opened["ring_frames"])
        self._heard, self._progress_s = 0, time.monotonic()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(ring.name + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            ring.close(unlink=True)
            self._close(grace_s=0.0)
            raise LatentoneError(f"the audio process ended after opening {opened['device']}") from None
        self._ring = ring

    def _reopen(self) -> None:
        """On the reading thread, which has nothing else to do then."""
        if self._ring is not None:
            _log.warning("the input %s is lost: waiting for it to come back", self._opened["device"])
            self._close(grace_s=0.0)
        with contextlib.suppress(LatentoneError):
            self._open({**self._request, "patient": True})
            self._begin()
            return
        self._closing.wait(PATIENCE_S)

    def _close(self, grace_s: float) -> None:
        ring, process, self._ring, self._process = self._ring, self._process, None, None
        if ring is not None:
            ring[STOP] = 1
        if process is not None:
            end(process, grace_s)
        if ring is not None:
            ring.close(unlink=True)
