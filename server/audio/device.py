"""The device sink: a sound card, played by a child process that can be lost and replaced while the engine goes on."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, NamedTuple, Self

import numpy as np

from ...export.errors import LatentoneError
from .child import Child
from .devices import AudioUnavailable
from .null import NullSink

__all__ = ["AudioUnavailable", "DeviceSink", "Underruns"]

CLOSE_GRACE_S = 1.0


class Underruns(NamedTuple):
    """How often the sound was broken since the sink opened, by cause."""

    ring_dry: int = 0
    """The engine was late: nothing lay ready."""
    device_late: int = 0
    """The device's own callback was late, as the device says: the sound server or the system is overloaded."""
    lost: int = 0
    """The device or its server went away."""


class DeviceSink:
    """Plays on a sound card through PortAudio, fed through shared memory.

    `device` is None (the preferred one), an index (digits as text will do), a part of `name, host API`, or a pattern with
    * and ?; `host_api`, a part of its name, and `exclusive` (WASAPI only) narrow the choice. `sample_rate_hz` and
    `channels` are what to ask for; None takes the device's own rate, and two channels or the one it has. After entering
    they are what was opened. `latency_s` is how much audio may wait in front of the device; it is raised to one block of
    the device and 1 ms, and `latency_s` then says what it really is.

    When the ring runs dry the sound fades out in 5 ms, an underrun is counted, and new audio fades in; nothing is
    repeated. When the audio server dies or the card is pulled out, the child is ended, writes keep time by the
    monotonic clock, and a new child waits in the background for the same device: the writer never waits longer than
    1 s.
    """

    def __init__(
        self,
        device: str | int | None = None,
        sample_rate_hz: int | None = None,
        channels: int | None = None,
        latency_s: float = 0.02,
        host_api: str | None = None,
        exclusive: bool = False,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz or 0
        self.channels = channels or 0
        self._request: dict[str, Any] = {
            "device": device,
            "host_api": host_api,
            "exclusive": exclusive,
            "sample_rate_hz": sample_rate_hz,
            "channels": channels,
            "latency_s": latency_s,
        }
        self._child: Child | None = None
        self._timer: NullSink | None = None
        self._timer_began = 0
        self._reopening: threading.Thread | None = None
        self._closing = threading.Event()
        self._past = Underruns()
        self._latency_s = latency_s
        self._written_samples = 0

    def __enter__(self) -> Self:
        child = Child(self._request)
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
            self._past = self._underruns_with(self._child)
            self._child = None

    def write(self, audio: np.ndarray) -> None:
        """Queue float32 `audio` (channels, samples); waits while more than the latency is queued."""
        samples = audio.shape[1]
        child = self._child
        if child is None:
            self._keep_time(audio)
        else:
            if child.first_sample is None:
                child.first_sample = self._written_samples
            done = child.ring.write(audio)
            while done < samples:
                if child.is_lost():
                    self._lose(child, self._written_samples + done)
                    self._keep_time(audio[:, done:])
                    break
                child.wait_for_room(samples - done)
                done += child.ring.write(audio[:, done:])
        self._written_samples += samples

    def played(self) -> tuple[int, float] | None:
        """Which of the samples written since opening is heard when: its number, and a reading of `time.monotonic`.

        The pair is a recent one, not of this very moment: the rest follows from the sample rate. Smoothed over some seconds,
        so that the jitter of the device's calls is not in it. After a gap the sound goes on with what comes next, at a later
        moment; while the device is lost, samples are counted as if it played. None while nothing is known yet. From any thread.
        """
        child, timer = self._child, self._timer
        if child is not None:
            return child.played()
        heard = timer.played() if timer is not None else None
        return (self._timer_began + heard[0], heard[1]) if heard is not None else None

    @property
    def latency_s(self) -> float:
        child = self._child
        return child.latency_s if child is not None else self._latency_s

    @property
    def device_latency_s(self) -> float:
        """The part of `latency_s` that lies behind the ring, as the device says; 0.0 while it is lost."""
        child = self._child
        return child.device_latency_s if child is not None else 0.0

    @property
    def block_samples(self) -> int:
        """How many samples the device took at a time when it was opened; 0 while it is lost."""
        child = self._child
        return child.opened["block_frames"] if child is not None else 0

    @property
    def underruns(self) -> int:
        """How often the sound was broken, for whatever cause."""
        return sum(self.underruns_by_cause)

    @property
    def underruns_by_cause(self) -> Underruns:
        child = self._child
        return self._past if child is None else self._underruns_with(child)

    def describe(self) -> str:
        state = "" if self._child is not None else ", lost: waiting for it to come back"
        return f"{self._request['device']}, {self.sample_rate_hz} Hz, {self.channels} channels{state}"

    def _underruns_with(self, child: Child) -> Underruns:
        ring_dry, device_late = child.underruns
        return self._past._replace(
            ring_dry=self._past.ring_dry + ring_dry, device_late=self._past.device_late + device_late
        )

    def _keep_time(self, audio: np.ndarray) -> None:
        if self._timer is None:
            self._timer = NullSink(self.sample_rate_hz, self.channels, self._latency_s)
        self._timer.write(audio)

    def _lose(self, child: Child, first_sample: int) -> None:
        """End a dead child and look for a new one in the background. Called by the writer, so no write is under way."""
        self._timer, self._timer_began = None, first_sample
        self._child = None
        child.close(grace_s=0.0)
        past = self._underruns_with(child)
        self._past = past._replace(lost=past.lost + 1)
        self._reopening = threading.Thread(target=self._reopen, name="audio-reopen", daemon=True)
        self._reopening.start()

    def _reopen(self) -> None:
        while not self._closing.is_set():
            # that a device is still away is what is to be expected here, so an error is not news
            with contextlib.suppress(LatentoneError):
                self._child = Child(self._request, self._closing)
                return
            self._closing.wait(0.3)
