"""From the model's sample rate to the output's: late by a millisecond or two, and the same in blocks of any size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

TAPS = 48
"""Input samples behind one output sample when the rate goes up; half of them lie ahead of it."""
BETA = 7.0
"""Of the Kaiser window: what lies outside the band is 70 dB down."""
PASSED = 0.94
"""Where the filter is half way down, as a share of the lower rate's band: flat to 0.85 of it, silent where images begin
to be heard, at 1.04."""


class Resampler:
    """Rows of samples, resampled by a windowed sinc, one phase of it for each place between two input samples.

    Output sample n lies exactly at input sample n × from_hz / to_hz: the filter's delay is taken out by making input ahead of it,
    `ahead_samples` of it. Every output sample is one sum in one order, so blocks of any size give the same bits.
    Equal rates pass through untouched. The state is what `save` says; nothing is allocated while playing.

    J. O. Smith, "Digital Audio Resampling Home Page", CCRMA 2002: bandlimited interpolation, here with a table for every
    phase instead of interpolated coefficients, since the ratio of two rates is rational.
    """

    def __init__(self, from_hz: int, to_hz: int, rows: int, most_input_samples: int) -> None:
        """most_input_samples: as many are put at most between two calls of `take`."""
        common = math.gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        self._table = _table(self._up, self._down)  # (phases, taps)
        taps = self._table.shape[1]
        self.ahead_samples = taps // 2
        self._held = np.zeros((rows, taps + 2 + most_input_samples), np.float32)
        self._first = -max(taps // 2 - 1, 0)  # the input sample in column 0: silence before the first one
        self._count = -self._first  # columns in use
        # Compiled, or read from the cache, here and not while something plays.
        _drop(self._held, 0, 0)
        _resample(self._held, self._first, 0, self._table, self._up, self._down, np.zeros((rows, 0), np.float32))

    def needs(self, output_samples: int) -> int:
        """How many input samples there must have been for so many output samples; both counted from the beginning."""
        if output_samples <= 0:
            return 0
        return (output_samples - 1) * self._down // self._up + 1 + self.ahead_samples

    def input_sample(self, output_sample: int) -> int:
        """The input sample that lies at an output sample, or last before it."""
        return output_sample * self._down // self._up

    def output_sample(self, input_sample: int) -> int:
        """The first output sample that does not lie before an input sample."""
        return -(-input_sample * self._up // self._down)

    def put(self, audio: np.ndarray) -> None:
        """Take the next input samples, float32 (rows, samples)."""
        samples = audio.shape[1]
        self._held[:, self._count : self._count + samples] = audio
        self._count += samples

    def take(self, first_output: int, out: np.ndarray) -> None:
        """Write the output samples from `first_output` on into float32 `out` (rows, samples); then forget what is behind them."""
        _resample(self._held, self._first, first_output, self._table, self._up, self._down, out)
        # What the next output sample begins with.
        done = (first_output + out.shape[1]) * self._down // self._up - max(self.ahead_samples - 1, 0) - self._first
        done = min(max(done, 0), self._count)
        _drop(self._held, done, self._count)
        self._first += done
        self._count -= done

    def save(self) -> dict[str, Any]:
        """All that the next samples depend on."""
        return {"held": self._held[:, : self._count].copy(), "first": self._first}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` of the same rates and rows gave."""
        held = state["held"]
        self._first, self._count = int(state["first"]), held.shape[1]
        self._held[:, : self._count] = held


def _table(up: int, down: int) -> np.ndarray:
    """Coefficients float32 (phases, taps); those of each phase add up to 1."""
    if up == down:
        return np.ones((1, 1), np.float32)
    stretch = max(1.0, down / up)  # of the filter, where the output's band is the narrower one
    half = math.ceil(TAPS / 2 * stretch)
    phase = np.arange(up)[:, None] / up
    place = np.arange(1 - half, half + 1)[None, :] - phase  # input samples from the output sample
    inside = np.clip(1.0 - (place / half) ** 2, 0.0, None)
    window = np.i0(BETA * np.sqrt(inside)) / np.i0(BETA)
    table = np.sinc(place * PASSED / stretch) * window
    return (table / table.sum(axis=1, keepdims=True)).astype(np.float32)


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _resample(
    held: np.ndarray, first: int, first_output: int, table: np.ndarray, up: int, down: int, out: np.ndarray
) -> None:
    taps = table.shape[1]
    for n in range(out.shape[1]):
        at = (first_output + n) * down
        column = at // up - max(taps // 2 - 1, 0) - first
        weights = table[at % up]
        for row in range(out.shape[0]):
            total = np.float32(0.0)
            for tap in range(taps):
                total += weights[tap] * held[row, column + tap]
            out[row, n] = total


@njit(nogil=True, cache=True)
def _drop(held: np.ndarray, done: int, count: int) -> None:
    for row in range(held.shape[0]):
        for column in range(count - done):
            held[row, column] = held[row, column + done]
