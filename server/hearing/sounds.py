"""Where live sound comes from: a file in real time, as if somebody played it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
import soxr

from ...export.errors import LatentoneError

LATE_S = 0.5
"""One who comes so much later goes on from now: a stall is not followed by a rush to catch up."""


class Sound(Protocol):
    """Live mono sound at any rate. One thread reads."""

    @property
    def latency_s(self) -> float:
        """From the sound to its being read, without what `read` waits for."""
        ...

    def use_rate(self, sample_rate_hz: int) -> None:
        """Be read at this rate from now on."""
        ...

    def read(self, samples: int) -> np.ndarray | None:
        """The next float32 (samples,), when they have sounded; None when there is nothing to be had now, after a while."""
        ...

    def describe(self) -> str: ...


class FileSound:
    """A recording that plays in real time, again and again or once; silence after that."""

    latency_s = 0.0

    def __init__(
        self,
        path: Path,
        *,
        loop: bool,
        clock_s: Callable[[], float] = time.monotonic,
        sleep_s: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises LatentoneError, one line, when the file cannot be read or holds no sound."""
        if not path.is_file():
            raise LatentoneError(f"{path}: no such file")
        try:
            audio, self._file_rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        except (OSError, RuntimeError) as error:
            raise LatentoneError(f"{path}: cannot be read as audio ({str(error).removesuffix('.')})") from None
        self._whole = audio.mean(axis=1)
        if not len(self._whole) or not np.isfinite(self._whole).all():
            raise LatentoneError(f"{path}: holds no sound")
        self._path, self._loop, self._clock_s, self._sleep_s = path, loop, clock_s, sleep_s
        self.use_rate(self._file_rate_hz)

    def use_rate(self, sample_rate_hz: int) -> None:
        self._rate_hz, self._at = sample_rate_hz, 0
        same = sample_rate_hz == self._file_rate_hz
        self._audio = self._whole if same else soxr.resample(self._whole, self._file_rate_hz, sample_rate_hz)
        self._began_s: float | None = None
        self._read = 0  # samples since it began

    def read(self, samples: int) -> np.ndarray:
        now_s = self._clock_s()
        if self._began_s is None or now_s > self._began_s + (self._read + samples) / self._rate_hz + LATE_S:
            self._began_s, self._read = now_s, 0
        self._read += samples
        wait_s = self._began_s + self._read / self._rate_hz - now_s
        if wait_s > 0:
            self._sleep_s(wait_s)
        places = self._at + np.arange(samples)
        self._at += samples
        if self._loop:
            self._at %= len(self._audio)
            return self._audio[places % len(self._audio)]
        out = np.zeros(samples, np.float32)
        left = self._audio[places[0] : places[0] + samples]
        out[: len(left)] = left
        return out

    def describe(self) -> str:
        return f"{self._path.name}{', again and again' * self._loop}"
