"""What is played: frames from the shared ring while there are some, a fade and silence when there are none."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ring as words
from .ring import SharedRing

FADE_S = 0.005
LATENESS_S = 0.002
"""How late the audio process may wake up without a hole in the sound: its poll of 1 ms, and as much again."""


def low_frames(block_frames: int, sample_rate_hz: float) -> int:
    """Frames that must always lie ready for a device that takes blocks of `block_frames`."""
    return block_frames + round(LATENESS_S * sample_rate_hz)


class Feeder:
    """Moves frames from the shared ring to the C callback's queue, and fades where there are none.

    When the ring runs dry, the last frame played decays to zero along half a cosine in 5 ms, one underrun is counted,
    silence follows, and new audio fades in over 5 ms once the buffer is half full again. No frame is ever played twice.
    """

    def __init__(self, ring: SharedRing, mixer: Any, queue: Any, block_frames: int) -> None:
        self._ring = ring
        self._mixer = mixer
        self._queue = queue
        self._action = None
        self._stats = None
        channels = mixer.channels
        self._low_frames = low_frames(block_frames, mixer.samplerate)
        self._fade_in = np.linspace(0.0, 1.0, round(FADE_S * mixer.samplerate), dtype=np.float32)[:, None]
        self._fade_out = (0.5 + 0.5 * np.cos(np.pi * self._fade_in)).astype(np.float32)
        self._scratch = np.zeros((len(queue), channels), np.float32)
        self._last = np.zeros(channels, np.float32)
        self._faded_frames = 0
        self._fed_frames = 0
        self._sounding = False

    def step(self) -> bool:
        """Do what is due now; False once everything has been played after the parent said stop."""
        ring, queued = self._ring, self._queue.read_available
        stopping = ring[words.STOP] != 0
        waiting = ring.waiting
        if not self._sounding and waiting:
            half_full = (ring[words.CAPACITY] + self._low_frames) // 2
            self._sounding = stopping or waiting + queued >= half_full
            self._faded_frames = 0
        if self._sounding and waiting:
            count = min(waiting, len(self._queue) - queued)
            ring[words.QUEUED] = queued + count  # before they leave the ring, so that the parent never sees too few
            self._take(count)
        elif self._sounding and (stopping or queued < self._low_frames):
            ring[words.UNDERRUNS] += not stopping
            self._decay()
        elif not self._sounding and not stopping and queued < self._low_frames:
            self._silence(self._low_frames - queued)
        return self._keep_playing(stopping)

    def _take(self, count: int) -> None:
        audio = self._scratch[:count]
        self._ring.read(audio)
        ramp = self._fade_in[self._faded_frames : self._faded_frames + count]
        audio[: len(ramp)] *= ramp
        self._faded_frames += len(ramp)
        if count:
            self._last[:] = audio[-1]
        self._feed(audio)

    def _decay(self) -> None:
        audio = self._scratch[: len(self._fade_out)]
        np.multiply(self._fade_out, self._last, out=audio)
        self._sounding = False
        self._feed(audio)

    def _silence(self, count: int) -> None:
        audio = self._scratch[:count]
        audio[:] = 0.0
        self._feed(audio)

    def _feed(self, audio: np.ndarray) -> None:
        self._fed_frames += self._queue.write(audio)

    def _keep_playing(self, stopping: bool) -> bool:
        """Publish how far the device is, collect its underflows, and start it again where it ran dry."""
        queued = self._queue.read_available
        self._ring[words.QUEUED] = queued
        self._ring[words.PLAYED] = self._fed_frames - queued
        actions = self._mixer.actions
        if self._action not in actions:
            if stopping and not queued:
                return False
            # the callback drops an empty queue: this process woke up too late, and what was cut off is an underrun
            if self._action is not None and not stopping:
                self._ring[words.UNDERRUNS] += self._sounding
                self._sounding = False
                self._silence(self._low_frames)
            self._action = self._mixer.play_ringbuffer(self._queue)
        if self._stats not in actions:
            if self._stats is not None:
                stats = self._stats.stats
                if self._sounding:  # opening a stream often costs one, in silence, which nobody hears
                    self._ring[words.DEVICE_UNDERFLOWS] += stats.output_underflows
                self._grow(stats.max_blocksize)
            self._stats = self._mixer.fetch_and_reset_stats()
        return True

    def _grow(self, block_frames: int) -> None:
        """Follow a device that now takes larger blocks, as JACK does when its period is changed while it runs."""
        self._low_frames = max(self._low_frames, low_frames(block_frames, self._mixer.samplerate))
        self._ring[words.CAPACITY] = max(self._ring[words.CAPACITY], min(2 * self._low_frames, self._ring.frames))
