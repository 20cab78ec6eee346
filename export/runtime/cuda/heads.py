"""Drawing the next values from the head's outputs in shared memory, with the block's threads.

A softmax takes three turns with a barrier between: maxima of chunks, sums of chunks, and the chunk that holds the uniform number.
The logistic head's few numbers are one thread's work for each band.
"""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from ....models.levels import (
    HALF_RANGE,
    LEVELS,
    MINIMUM_LOG_SCALE,
    MINIMUM_TEMPERATURE,
    MINIMUM_UNIFORM,
    MIXTURES,
    MU,
    SILENCE,
)
from .plan import CHUNKS

_CHUNK = LEVELS // CHUNKS
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_MU, _LOG_LEVELS = np.float32(MU), np.float32(math.log1p(MU))
_COLDEST = np.float32(MINIMUM_TEMPERATURE)
_LOWEST, _HIGHEST = np.float32(MINIMUM_UNIFORM), np.float32(1.0 - MINIMUM_UNIFORM)
_NARROWEST = np.float32(MINIMUM_LOG_SCALE)
_CODES = np.float32(HALF_RANGE)
_ROUNDER = np.float32(12582912.0)  # 1.5 × 2^23: adding it leaves the nearest whole number
_STEP, _CENTRE = np.float32(2.0 / LEVELS), np.float32(SILENCE)


@cuda.jit(device=True)
def chunk_maxima(plan, s, thread):
    """Largest logit of every chunk of every band, to the scratch of products."""
    for item in range(thread, plan.bands * CHUNKS, plan.threads):
        at = plan.s_scratch + item * _CHUNK
        largest = s[at]
        for i in range(1, _CHUNK):
            largest = max(largest, s[at + i])
        s[plan.s_partial + item] = largest


@cuda.jit(device=True)
def chunk_sums(plan, s, temperature, thread):
    """Logits become exp((logit - largest) / temperature); their sum in every chunk goes behind the maxima."""
    scale = _ONE / max(temperature, _COLDEST)
    for item in range(thread, plan.bands * CHUNKS, plan.threads):
        maxima = plan.s_partial + item // CHUNKS * CHUNKS
        largest = s[maxima]
        for i in range(1, CHUNKS):
            largest = max(largest, s[maxima + i])
        at, total = plan.s_scratch + item * _CHUNK, _ZERO
        for i in range(_CHUNK):
            value = math.exp((s[at + i] - largest) * scale)
            s[at + i] = value
            total += value
        s[plan.s_partial + plan.bands * CHUNKS + item] = total


@cuda.jit(device=True)
def claim_codes(plan, numbers, s, slot, drawn, block, first, thread):
    """Whoever finds the uniform number in its chunk draws that band: the first code whose cumulative probability exceeds it.

    Neighbours add the chunks up in one order, so exactly one of them finds it.
    """
    for item in range(thread, plan.bands * CHUNKS, plan.threads):
        band, chunk = item // CHUNKS, item % CHUNKS
        sums = plan.s_partial + (plan.bands + band) * CHUNKS
        below, above, total = _ZERO, _ZERO, _ZERO
        for i in range(CHUNKS):
            if i == chunk:
                below = total
            total += s[sums + i]
            if i == chunk:
                above = total
        wanted = s[plan.s_uniform + band] * total
        if (chunk == 0 or below <= wanted) and (chunk == CHUNKS - 1 or wanted < above):
            code, at = chunk * _CHUNK, plan.s_scratch + band * LEVELS
            last = code + _CHUNK - 1
            cumulative = below + s[at + code]
            while cumulative <= wanted and code < last:
                code += 1
                cumulative += s[at + code]
            value = (np.float32(code) - _CENTRE) * _STEP
            _remember(plan, numbers, s, slot, drawn, block, first, band, value, numbers[plan.levels_numbers + code])


@cuda.jit(device=True)
def draw_mixtures(plan, numbers, s, temperature, slot, drawn, block, first, thread):
    """A 16-bit sample for every band, from the logits, means and log scales of its mixture."""
    warmth = max(temperature, _COLDEST)
    for band in range(thread, plan.bands, plan.threads):
        at, uniform = plan.s_scratch + band * plan.outputs, s[plan.s_uniform + band]
        largest = s[at]
        for k in range(1, MIXTURES):
            largest = max(largest, s[at + k])
        total = _ZERO
        for k in range(MIXTURES):
            s[at + k] = math.exp((s[at + k] - largest) / warmth)
            total += s[at + k]
        which, below, share = 0, _ZERO, s[at] / total
        cumulative = share
        for k in range(1, MIXTURES):
            if cumulative <= uniform:
                which, below, share = k, cumulative, s[at + k] / total
                cumulative += share
        within = min(max((uniform - below) / share, _LOWEST), _HIGHEST)
        logit = math.log(within / (_ONE - within))
        scale = math.exp(max(s[at + 2 * MIXTURES + which], _NARROWEST)) * temperature
        code = min(max((s[at + MIXTURES + which] + scale * logit) * _CODES, -_CODES), _CODES - _ONE)
        value = ((code + _ROUNDER) - _ROUNDER) / _CODES
        _remember(plan, numbers, s, slot, drawn, block, first, band, value, value)


@cuda.jit(device=True)
def companded(value):
    """µ-law companding of an amplitude, as `mulaw.compand`."""
    size = math.log(_ONE + _MU * abs(value)) / _LOG_LEVELS
    return np.float32(-size if value < _ZERO else size)


@cuda.jit(device=True)
def _remember(plan, numbers, s, slot, drawn, block, first, band, value, amplitude):
    """A band's value becomes what the network sees next, and its amplitude goes to the synthesis filter's window."""
    s[plan.s_previous + band] = value
    drawn[block, first + band] = value
    sound = amplitude * numbers[plan.gains_numbers + band]
    # Kept twice, so that the window over the last `taps` steps never wraps.
    s[plan.s_history + slot * plan.bands + band] = sound
    s[plan.s_history + (slot + plan.taps) * plan.bands + band] = sound
