"""The device sink: a sound card, played by a child process that can be lost and replaced while the engine goes on."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any, Self

import numpy as np

from ...export.errors import LatentoneError
from .devices import AudioUnavailable, end, launch
from .null import NullSink
from .ring import CAPACITY, DEVICE_UNDERFLOWS, PLAYED, STOP, UNDERRUNS, SharedRing

__all__ = ["AudioUnavailable", "DeviceSink"]

POLL_S = 0.001
STALL_S = 1.0
"""A device that has taken nothing for so long is gone: no hardware buffer and no busy machine comes near it."""
RETRY_S = 0.3
REOPEN_DEADLINE_S = 5.0
CLOSE_GRACE_S = 1.0


class DeviceSink:
    """Plays on a sound card through PortAudio, fed through shared memory.

    `device` is None (the preferred one), an index (digits as text will do), or a part of `name, host API`.
    `sample_rate_hz` and `channels` are what to ask for; None takes the device's own rate, and two channels or the one
    it has. After entering they are what was opened. `latency_s` is how much audio may wait in front of the device; it
    is raised to what the device's block needs, and `latency_s` then says what it really is.

    When the ring runs dry the sound fades out in 5 ms, an underrun is counted, and new audio fades in; nothing is
    repeated. When the audio server dies or the card is pulled out, the child is ended, writes keep time by the
    monotonic clock, and a new child is tried for in the background until the same device plays again: the writer
    never waits longer than 1 s.
    """

    def __init__(
        self,
        device: str | int | None = None,
        sample_rate_hz: int | None = None,
        channels: int | None = None,
        latency_s: float = 0.02,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz or 0
        self.channels = channels or 0
        self._request: dict[str, Any] = {
            "device": device,
            "sample_rate_hz": sample_rate_hz,
            "channels": channels,
            "latency_s": latency_s,
        }
        self._child: _Child | None = None
        self._timer: NullSink | None = None
        self._reopening: threading.Thread | None = None
        self._closing = threading.Event()
        self._past_underruns = 0
        self._latency_s = latency_s

    def __enter__(self) -> Self:
        child = _Child(self._request)
        self.sample_rate_hz = child.opened["sample_rate_hz"]
        self.channels = child.opened["channels"]
        # should it be lost, it is this device that is to come back, not whatever is there by then
        self._request |= {key: child.opened[key] for key in ("device", "sample_rate_hz", "channels")}
        self._latency_s = child.latency_s
        self._child = child
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        if self._reopening is not None:
            self._reopening.join()
        if self._child is not None:
            self._child.close(CLOSE_GRACE_S + self._latency_s)
            self._past_underruns += self._child.underruns
            self._child = None

    def write(self, audio: np.ndarray) -> None:
        """Queue float32 `audio` (channels, samples); waits while more than the latency is queued."""
        child = self._child
        if child is None:
            self._keep_time(audio)
            return
        done = child.ring.write(audio)
        while done < audio.shape[1]:
            if child.is_lost():
                self._lose(child)
                self._keep_time(audio[:, done:])
                return
            time.sleep(POLL_S)
            done += child.ring.write(audio[:, done:])

    @property
    def latency_s(self) -> float:
        child = self._child
        return child.latency_s if child is not None else self._latency_s

    @property
    def underruns(self) -> int:
        """How often the ring ran dry, the device's callback was late, or the device was lost."""
        child = self._child
        return self._past_underruns + (child.underruns if child is not None else 0)

    def describe(self) -> str:
        state = "" if self._child is not None else ", lost: waiting for it to come back"
        return f"{self._request['device']}, {self.sample_rate_hz} Hz, {self.channels} channels{state}"

    def _keep_time(self, audio: np.ndarray) -> None:
        if self._timer is None:
            self._timer = NullSink(self.sample_rate_hz, self.channels, self._latency_s)
        self._timer.write(audio)

    def _lose(self, child: _Child) -> None:
        """End a dead child and look for a new one in the background. Called by the writer, so no write is under way."""
        self._child = None
        child.close(grace_s=0.0)
        self._past_underruns += child.underruns + 1
        self._timer = None
        self._reopening = threading.Thread(target=self._reopen, name="audio-reopen", daemon=True)
        self._reopening.start()

    def _reopen(self) -> None:
        while not self._closing.wait(RETRY_S):
            # a device that is still away is what is to be expected here, so its error is not news
            with contextlib.suppress(LatentoneError):
                self._child = _Child(self._request, REOPEN_DEADLINE_S)
                return


class _Child:
    """One life of the audio process, with the ring that feeds it."""

    def __init__(self, request: dict[str, Any], deadline_s: float | None = None) -> None:
        self._process, self.opened = launch(request, deadline_s) if deadline_s else launch(request)
        self.ring = SharedRing.create(
            self.opened["ring_frames"], self.opened["channels"], self.opened["capacity_frames"]
        )
        self._played_frames = 0
        self._progress_at_s = time.monotonic()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self.ring.name + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            self.close(grace_s=0.0)
            raise AudioUnavailable(f"the audio process ended after opening {self.opened['device']}") from error

    def is_lost(self) -> bool:
        """Whether the process has ended or the device has stopped taking audio."""
        played_frames, now_s = self.ring[PLAYED], time.monotonic()
        if played_frames != self._played_frames:
            self._played_frames, self._progress_at_s = played_frames, now_s
        return self._process.poll() is not None or now_s - self._progress_at_s > STALL_S

    @property
    def underruns(self) -> int:
        return self.ring[UNDERRUNS] + self.ring[DEVICE_UNDERFLOWS]

    @property
    def latency_s(self) -> float:
        waiting_s = self.ring[CAPACITY] / self.opened["sample_rate_hz"]
        return waiting_s + self.opened["device_latency_s"]

    def close(self, grace_s: float) -> None:
        """Let the child play out what it has for at most `grace_s`, then end it and free the ring."""
        self.ring[STOP] = 1
        end(self._process, grace_s)
        self.ring.close(unlink=True)
