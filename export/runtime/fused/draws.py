"""Draws of the fused kernel: what the heads' `draw` is in `models.wavenet_vae.heads`, for one band."""

# pyright: reportCallIssue=false
# An intrinsic is written with a typing context first, which those who call it do not give.
from __future__ import annotations

import math

import numpy as np
from numba import njit

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
from .compiled import COMPILE
from .elementwise import exponentials, largest_of, sum_of
from .vectors import LANES

_LOG_LEVELS = math.log1p(MU)


@njit(**COMPILE)
def draw_softmax(memory, at, uniform, temperature):
    """The first µ-law code whose cumulative probability exceeds `uniform`, as a companded value; logits at memory[at:]."""
    heat = max(temperature, np.float32(MINIMUM_TEMPERATURE))
    exponentials(memory, at, largest_of(memory, at, LEVELS), np.float32(1.0) / heat, LEVELS)
    wanted, below, code = uniform * sum_of(memory, at, LEVELS), np.float32(0.0), 0
    # By whole vectors first: one addition after another is slow.
    while code < LEVELS - LANES:
        here = below + sum_of(memory, at + code, LANES)
        if here > wanted:
            break
        below, code = here, code + LANES
    last = code + LANES - 1
    while code < last:
        below += memory[at + code]
        if below > wanted:
            break
        code += 1
    return np.float32((code - SILENCE) / (LEVELS // 2))


@njit(**COMPILE)
def draw_logistic(memory, at, uniform, temperature):
    """A 16-bit sample from the mixture whose logits, means and log scales lie at memory[at:]."""
    warmth = max(temperature, np.float32(MINIMUM_TEMPERATURE))
    largest = memory[at]
    for k in range(1, MIXTURES):
        largest = max(largest, memory[at + k])
    total = np.float32(0.0)
    for k in range(MIXTURES):
        memory[at + k] = math.exp((memory[at + k] - largest) / warmth)
        total += memory[at + k]
    which, below, share = 0, np.float32(0.0), memory[at] / total
    cumulative = share
    for k in range(1, MIXTURES):
        if cumulative > uniform:
            break
        which, below, share = k, cumulative, memory[at + k] / total
        cumulative += share
    within = (uniform - below) / share
    within = min(max(within, np.float32(MINIMUM_UNIFORM)), np.float32(1.0 - MINIMUM_UNIFORM))
    logit = np.float32(math.log(within / (np.float32(1.0) - within)))
    log_scale = max(memory[at + 2 * MIXTURES + which], np.float32(MINIMUM_LOG_SCALE))
    sample = memory[at + MIXTURES + which] + np.float32(math.exp(log_scale)) * temperature * logit
    code = min(max(np.rint(sample * np.float32(HALF_RANGE)), np.float32(-HALF_RANGE)), np.float32(HALF_RANGE - 1))
    return code / np.float32(HALF_RANGE)


@njit(**COMPILE)
def companded(value):
    """µ-law companding of an amplitude, as `mulaw.compand`."""
    return np.float32(math.copysign(math.log(1.0 + MU * abs(value)) / _LOG_LEVELS, value))


@njit(**COMPILE)
def expanded(value):
    """Amplitude of a companded value, as `mulaw.expand`."""
    return np.float32(math.copysign((math.exp(abs(value) * _LOG_LEVELS) - 1.0) / MU, value))
