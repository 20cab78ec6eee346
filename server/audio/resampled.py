"""A sink in front of a sink: the model's sample rate and channels to those of the device or file."""

from __future__ import annotations

from typing import Self

import numpy as np
import soxr

from ...export.errors import LatentoneError
from . import Sink

PROBE_SAMPLES = 8192
"""Silence fed to a spare resampler to see how much it keeps: well past the point where its filters are full."""


class ResampledSink:
    """Takes audio at `sample_rate_hz` and plays it through `sink`, which it opens and closes.

    soxr runs in its variable-rate mode at a ratio that never changes. Its fixed-rate qualities work on long FFT
    blocks: from 16 to 48 kHz HQ, MQ and LQ answer in bursts, up to 37, 37 and 20 ms late, which would starve any
    short ring, and LQ, which is quick at some ratios (1.3 ms to 44.1 kHz), is 9 dB down at 0.85 of the band. The
    variable-rate mode gives its samples as steadily as it takes them, always 240 input samples late (15 ms at 16 kHz)
    when the rate goes up; it is flat to 0.9 of the band and its images lie 100 dB down. Mono goes to every channel of
    the sink. Equal rates pass through untouched.
    """

    def __init__(self, sink: Sink, sample_rate_hz: int, channels: int = 1) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._sink = sink
        self._stream: soxr.ResampleStream | None = None
        self._delay_s = 0.0

    def __enter__(self) -> Self:
        self._sink.__enter__()
        try:
            # only now are a device's own rate and channels known
            if self.channels not in (1, self._sink.channels):
                raise LatentoneError(
                    f"the sound has {self.channels} channels and {self._sink.describe()} has {self._sink.channels}: "
                    f"choose an output with {self.channels} channels (several voices make the sound stereo)"
                )
            if self.sample_rate_hz != self._sink.sample_rate_hz:
                self._delay_s = self._measure_delay_s()
                self._stream = self._new_stream(self.channels)
        except BaseException as error:
            self._sink.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, exc_type: object, *exc: object) -> None:
        try:
            if self._stream is not None and exc_type is None:
                self._send(self._stream, np.zeros((self.channels, 0), np.float32), last=True)
        finally:
            self._stream = None
            self._sink.__exit__(exc_type, *exc)

    def write(self, audio: np.ndarray) -> None:
        """Resample float32 `audio` (channels, samples) and pass on what is ready; blocks when the inner sink does."""
        if self._stream is None:
            self._pass_on(audio)
        else:
            self._send(self._stream, audio)

    @property
    def latency_s(self) -> float:
        return self._delay_s + self._sink.latency_s

    @property
    def delay_s(self) -> float:
        """The resampler's own part of `latency_s`."""
        return self._delay_s

    @property
    def underruns(self) -> int:
        return self._sink.underruns

    def describe(self) -> str:
        if self.sample_rate_hz == self._sink.sample_rate_hz:
            return self._sink.describe()
        return f"{self._sink.describe()}, resampled from {self.sample_rate_hz} Hz"

    def _send(self, stream: soxr.ResampleStream, audio: np.ndarray, last: bool = False) -> None:
        # soxr takes one channel as (samples,) and several as (samples, channels)
        given = audio[0] if self.channels == 1 else np.ascontiguousarray(audio.T)
        resampled = stream.resample_chunk(given, last=last)
        if len(resampled):
            self._pass_on(resampled[np.newaxis] if self.channels == 1 else resampled.T)

    def _pass_on(self, audio: np.ndarray) -> None:
        if audio.shape[0] != self._sink.channels:
            audio = np.broadcast_to(audio, (self._sink.channels, audio.shape[1]))  # a view: nothing is copied here
        self._sink.write(audio)

    def _new_stream(self, channels: int) -> soxr.ResampleStream:
        return soxr.ResampleStream(self.sample_rate_hz, self._sink.sample_rate_hz, channels, dtype="float32", vr=True)

    def _measure_delay_s(self) -> float:
        """How far the output stays behind the input; soxr's own `delay()` leaves a stage out in this mode."""
        given = np.zeros(PROBE_SAMPLES, np.float32)
        received_samples = len(self._new_stream(1).resample_chunk(given))
        return PROBE_SAMPLES / self.sample_rate_hz - received_samples / self._sink.sample_rate_hz
