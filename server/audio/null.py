"""The null sink: no sound, but the pace of a sound card, kept by the monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

import numpy as np


class NullSink:
    """Behaves like a device with a buffer of `latency_s` that plays into nothing.

    `write` sleeps until its audio would have room in that buffer. Playing begins when the buffer is half full, as the
    device sink does, so the small first pieces that a resampler gives are no underrun. A writer that comes after the
    buffer would have run dry is one: it is counted, and the buffer fills anew from now, so a stall is never followed by
    a rush to catch up. `clock_s` and `sleep_s` exist so that tests need not wait.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        channels: int,
        latency_s: float,
        clock_s: Callable[[], float] = time.monotonic,
        sleep_s: Callable[[float], None] = time.sleep,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._latency_s = latency_s
        self._clock_s = clock_s
        self._sleep_s = sleep_s
        self._started_at_s: float | None = None  # None while the buffer fills
        self._written_samples = 0  # since it began to fill; an integer, so that hours of blocks add up without drift
        self._anchor: tuple[int, float] | None = None  # samples before it began to fill, and when it began to play
        self._past_samples = 0
        self._underruns = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._started_at_s is None:
            self._started_at_s = self._clock_s()
        self._sleep_until(self._dry_at_s())

    def write(self, audio: np.ndarray) -> None:
        """Wait until float32 `audio` (channels, samples) would fit into the buffer."""
        now_s = self._clock_s()
        if self._started_at_s is not None and now_s > self._dry_at_s():
            self._underruns += 1
            self._past_samples += self._written_samples
            self._started_at_s, self._written_samples = None, 0
        self._written_samples += audio.shape[1]
        if self._started_at_s is None and self._written_samples >= self._latency_s / 2 * self.sample_rate_hz:
            self._started_at_s = now_s
            self._anchor = (self._past_samples, now_s)
        if self._started_at_s is not None:
            self._sleep_until(self._dry_at_s() - self._latency_s)

    def played(self) -> tuple[int, float] | None:
        """As `DeviceSink.played`: a sample's number, and the clock's reading when it would have been heard.

        Exact, as the clock is the system's own; None while the buffer fills for the first time. From any thread.
        """
        anchor = self._anchor
        if anchor is None:
            return None
        past_samples, began_s = anchor
        samples = int((self._clock_s() - began_s) * self.sample_rate_hz)
        return past_samples + samples, began_s + samples / self.sample_rate_hz

    @property
    def latency_s(self) -> float:
        return self._latency_s

    @property
    def underruns(self) -> int:
        return self._underruns

    def describe(self) -> str:
        return f"null, {self.sample_rate_hz} Hz, timed"

    def _dry_at_s(self) -> float:
        """The clock's reading at which everything written so far would have been played."""
        return (self._started_at_s or 0.0) + self._written_samples / self.sample_rate_hz

    def _sleep_until(self, at_s: float) -> None:
        wait_s = at_s - self._clock_s()
        if wait_s > 0:
            self._sleep_s(wait_s)
