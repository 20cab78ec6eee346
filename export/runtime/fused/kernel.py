"""The sample loop of a WaveNet decoder as one compiled function: frames, steps, layers and draws, with no call back to Python.

All voices that play take each step together, tile by tile, so that a weight comes from memory once for all of them. Sizes come in
`sizes`, weights in one flat array in the order in which the loop wants them (see `weights.pack`), and everything that moves on
in the arrays of a `stream.FusedStream`. Rows of those arrays are voices.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ....models.mulaw import MU
from ....models.wavenet_vae.heads import HALF_RANGE, MINIMUM_LOG_SCALE, MINIMUM_TEMPERATURE, MINIMUM_UNIFORM, MIXTURES
from .vectors import LANES, accumulate_1, accumulate_2, accumulate_4, exponentials, gate

# Where each number lies in `sizes`.
BANDS, LATENTS, FRAMES_BACK, STEPS_PER_FRAME, CONDITIONING = 0, 1, 2, 3, 4
RESIDUAL, GATE, SKIP, LAYERS, OUTPUTS, TAPS, LOGISTIC = 5, 6, 7, 8, 9, 10, 11
SIZES = 12

_LEVELS, _SILENCE = 256, 128
_LOG_LEVELS = math.log1p(MU)
_COMPILE = {"nogil": True, "cache": True, "fastmath": {"nnan", "nsz", "contract", "reassoc"}, "error_model": "numpy"}


@njit(**_COMPILE)
def padded(count: int) -> int:
    """`count` rounded up to whole vectors."""
    return (count + LANES - 1) // LANES * LANES


@njit(**_COMPILE)
def _multiply(sums, sums_at, x, x_at, voices, weights, at, rows, columns):  # noqa: ANN001, ANN202
    """For every voice, sums[voice, sums_at:] += W.T @ x[voice, x_at:]; returns where the next matrix starts.

    W (rows, padded columns) lies at weights[at:] in tiles of 64, then 32, then 16 columns; sums and x are (voices, n).
    """
    width_sums, width_x = sums.shape[1], x.shape[1]
    flat_sums, flat_x = sums.reshape(-1), x.reshape(-1)
    done, columns = 0, padded(columns)
    while done < columns:
        left = columns - done
        for voice in voices:
            to, source = voice * width_sums + sums_at + done, voice * width_x + x_at
            if left >= 4 * LANES:
                accumulate_4(flat_sums, to, flat_x, source, weights, at, rows)
            elif left >= 2 * LANES:
                accumulate_2(flat_sums, to, flat_x, source, weights, at, rows)
            else:
                accumulate_1(flat_sums, to, flat_x, source, weights, at, rows)
        tile = 4 * LANES if left >= 4 * LANES else 2 * LANES if left >= 2 * LANES else LANES
        at += rows * tile
        done += tile
    return at


@njit(**_COMPILE)
def _start(sums, sums_at, voices, weights, at, columns):  # noqa: ANN001, ANN202
    """For every voice, sums[voice, sums_at:] = the bias at weights[at:]; returns where the next matrix starts."""
    for voice in voices:
        for i in range(columns):
            sums[voice, sums_at + i] = weights[at + i]
    return at + padded(columns)


@njit(**_COMPILE)
def _rectify(sums, at, voices, count):  # noqa: ANN001, ANN202
    for voice in voices:
        for i in range(at, at + count):
            sums[voice, i] = max(sums[voice, i], np.float32(0.0))


@njit(**_COMPILE)
def condition(sizes, weights, voices, latents, column, frame_count, past, frames, hidden, shares):  # noqa: ANN001, ANN201
    """Every layer's share of the conditioning for one frame, into shares (voices, layers × gate).

    latents (voices, dim, frames): calibrated; `column` of them is turned into raw latents, the newest of the three taps in
    frames (voices, 3 × dim). past (voices, FRAMES_BACK, dim): rings of the raw latents before; frame_count (voices,): how many came before.
    """
    dim, back = sizes[LATENTS], sizes[FRAMES_BACK]
    width = padded(dim)
    # Knobs lie behind the taps; the bias of the calibration is where the newest tap's sum starts.
    for voice in voices:
        for i in range(dim):
            frames[voice, 3 * dim + width + i] = latents[voice, i, column]
    at = _start(frames, 3 * dim, voices, weights, 0, dim)
    at = _multiply(frames, 3 * dim, frames, 3 * dim + width, voices, weights, at, dim, dim)
    for voice in voices:
        oldest, middle = frame_count[voice] % back, (frame_count[voice] + back // 2) % back
        for i in range(dim):
            frames[voice, i] = past[voice, oldest, i]
            frames[voice, dim + i] = past[voice, middle, i]
            frames[voice, 2 * dim + i] = frames[voice, 3 * dim + i]
    at = _start(hidden, 0, voices, weights, at, sizes[CONDITIONING])
    at = _multiply(hidden, 0, frames, 0, voices, weights, at, 3 * dim, sizes[CONDITIONING])
    _rectify(hidden, 0, voices, sizes[CONDITIONING])
    at = _start(shares, 0, voices, weights, at, sizes[LAYERS] * sizes[GATE])
    _multiply(shares, 0, hidden, 0, voices, weights, at, sizes[CONDITIONING], sizes[LAYERS] * sizes[GATE])


@njit(**_COMPILE)
def network(sizes, weights, at, dilations, voices, shares, clock, rings, ring_at, work):  # noqa: ANN001, ANN201
    """One step of the WaveNet: what was read lies in work[voice, :bands]; returns where the head's inputs begin in work.

    work (voices, n): [read | past and present of a layer | skip | before the gate | gated | hidden | outputs]. rings
    (voices, n): each layer's past inputs, from ring_at[layer] on. clock (voices,): steps made so far. at: where this part's
    weights start.
    """
    residual, width, skip = sizes[RESIDUAL], sizes[GATE], sizes[SKIP]
    before = padded(sizes[BANDS])
    x = before + residual
    skips = x + residual
    pre = skips + skip
    gated = pre + width
    hidden = gated + width // 2
    outputs = hidden + skip
    at = _start(work, x, voices, weights, at, residual)
    at = _multiply(work, x, work, 0, voices, weights, at, sizes[BANDS], residual)
    at = _start(work, skips, voices, weights, at, skip)
    for layer in range(sizes[LAYERS]):
        for voice in voices:
            slot = ring_at[layer] + (clock[voice] & (dilations[layer] - 1)) * residual
            for i in range(residual):
                work[voice, before + i] = rings[voice, slot + i]
                rings[voice, slot + i] = work[voice, x + i]
            for i in range(width):
                work[voice, pre + i] = shares[voice, layer * width + i]
        at = _multiply(work, pre, work, before, voices, weights, at, 2 * residual, width)
        for voice in voices:
            row = voice * work.shape[1]
            gate(work.reshape(-1), row + pre, row + pre + width // 2, work.reshape(-1), row + gated, width // 2)
        # The residual path is summed into x and the skip path into skips, which lie side by side.
        last = layer == sizes[LAYERS] - 1
        to, columns = (skips, skip) if last else (x, residual + skip)
        at = _multiply(work, to, work, gated, voices, weights, at, width // 2, columns)
    _rectify(work, skips, voices, skip)
    at = _start(work, hidden, voices, weights, at, skip)
    at = _multiply(work, hidden, work, skips, voices, weights, at, skip, skip)
    _rectify(work, hidden, voices, skip)
    at = _start(work, outputs, voices, weights, at, sizes[BANDS] * sizes[OUTPUTS])
    _multiply(work, outputs, work, hidden, voices, weights, at, skip, sizes[BANDS] * sizes[OUTPUTS])
    return outputs


@njit(**_COMPILE)
def draw_softmax(work, voice, at, uniform, temperature):  # noqa: ANN001, ANN201
    """The first µ-law code whose cumulative probability exceeds `uniform`, as a companded value; logits at work[voice, at:]."""
    largest = work[voice, at]
    for i in range(1, _LEVELS):
        largest = max(largest, work[voice, at + i])
    scale = np.float32(1.0) / max(temperature, np.float32(MINIMUM_TEMPERATURE))
    exponentials(work.reshape(-1), voice * work.shape[1] + at, largest, scale, _LEVELS)
    total = np.float32(0.0)
    for i in range(_LEVELS):
        total += work[voice, at + i]
    wanted, cumulative, code = uniform * total, np.float32(0.0), 0
    while code < _LEVELS - 1:
        cumulative += work[voice, at + code]
        if cumulative > wanted:
            break
        code += 1
    return np.float32((code - _SILENCE) / (_LEVELS // 2))


@njit(**_COMPILE)
def draw_logistic(work, voice, at, uniform, temperature):  # noqa: ANN001, ANN201
    """A 16-bit sample from the mixture whose logits, means and log scales lie at work[voice, at:]."""
    warmth = max(temperature, np.float32(MINIMUM_TEMPERATURE))
    largest = work[voice, at]
    for k in range(1, MIXTURES):
        largest = max(largest, work[voice, at + k])
    total = np.float32(0.0)
    for k in range(MIXTURES):
        work[voice, at + k] = np.float32(math.exp((work[voice, at + k] - largest) / warmth))
        total += work[voice, at + k]
    which, below, share = 0, np.float32(0.0), work[voice, at] / total
    cumulative = share
    for k in range(1, MIXTURES):
        if cumulative > uniform:
            break
        which, below, share = k, cumulative, work[voice, at + k] / total
        cumulative += share
    within = (uniform - below) / share
    within = min(max(within, np.float32(MINIMUM_UNIFORM)), np.float32(1.0 - MINIMUM_UNIFORM))
    logit = np.float32(math.log(within / (np.float32(1.0) - within)))
    log_scale = max(work[voice, at + 2 * MIXTURES + which], np.float32(MINIMUM_LOG_SCALE))
    sample = work[voice, at + MIXTURES + which] + np.float32(math.exp(log_scale)) * temperature * logit
    code = min(max(np.rint(sample * np.float32(HALF_RANGE)), np.float32(-HALF_RANGE)), np.float32(HALF_RANGE - 1))
    return code / np.float32(HALF_RANGE)


@njit(**_COMPILE)
def companded(value):  # noqa: ANN001, ANN201
    """µ-law companding of an amplitude, as `mulaw.compand`."""
    return np.float32(math.copysign(math.log(1.0 + MU * abs(value)) / _LOG_LEVELS, value))


@njit(**_COMPILE)
def expanded(value):  # noqa: ANN001, ANN201
    """Amplitude of a companded value, as `mulaw.expand`."""
    return np.float32(math.copysign((math.exp(abs(value) * _LOG_LEVELS) - 1.0) / MU, value))


@njit(**_COMPILE)
def play(  # noqa: ANN201, PLR0913
    sizes, frame_weights, step_weights, synthesis_weights, gains, dilations, ring_at,  # noqa: ANN001
    voices, position, clock, frame_count, latents, noise, temperature,  # noqa: ANN001
    past, frames, hidden, shares, rings, previous, work, history, mixed, audio, drawn,  # noqa: ANN001
):  # fmt: skip
    """A block for the voices whose indices are in `voices`; returns the position inside the frame where it ends, in steps.

    position: the same where it begins. audio (voices, 1, samples); drawn (voices, steps, bands) gets the values before
    synthesis when it is as long as the block. history (voices, 2 × TAPS × bands): the synthesis filter's past, kept twice
    so that a window over it never wraps. previous (voices, bands). mixed (voices, n): one step of synthesis.
    """
    bands, taps, per_frame, dim = sizes[BANDS], sizes[TAPS], sizes[STEPS_PER_FRAME], sizes[LATENTS]
    steps = audio.shape[2] // bands
    keep_drawn = drawn.shape[1] >= steps
    step, column = 0, 0
    while step < steps:
        condition(sizes, frame_weights, voices, latents, column, frame_count, past, frames, hidden, shares)
        until = min(steps, step + per_frame - position)
        position += until - step
        while step < until:
            for voice in voices:
                for band in range(bands):
                    value = previous[voice, band]
                    work[voice, band] = companded(value) if sizes[LOGISTIC] else value
            outputs = network(sizes, step_weights, 0, dilations, voices, shares, clock, rings, ring_at, work)
            for voice in voices:
                row = clock[voice] % taps
                for band in range(bands):
                    uniform = noise[voice, step * bands + band]
                    at = outputs + band * sizes[OUTPUTS]
                    if sizes[LOGISTIC]:
                        value = draw_logistic(work, voice, at, uniform, temperature[voice])
                        amplitude = value
                    else:
                        value = draw_softmax(work, voice, at, uniform, temperature[voice])
                        amplitude = expanded(value)
                    previous[voice, band] = value
                    if keep_drawn:
                        drawn[voice, step, band] = value
                    history[voice, row * bands + band] = amplitude * gains[band]
                    history[voice, (row + taps) * bands + band] = amplitude * gains[band]
                for i in range(bands):
                    mixed[voice, i] = 0.0
                clock[voice] += 1
                # The window ends with what was just written: it begins one row after it, a whole turn earlier.
                _synthesise(synthesis_weights, history, (row + 1) * bands, voice, taps * bands, bands, mixed)
                for i in range(bands):
                    audio[voice, 0, step * bands + i] = min(max(mixed[voice, i], np.float32(-1.0)), np.float32(1.0))
            step += 1
        if position == per_frame:
            position = 0
            column += 1
            for voice in voices:
                slot = frame_count[voice] % sizes[FRAMES_BACK]
                for i in range(dim):
                    past[voice, slot, i] = frames[voice, 2 * dim + i]
                frame_count[voice] += 1
    return position


@njit(**_COMPILE)
def _synthesise(weights, history, at, voice, rows, bands, mixed):  # noqa: ANN001, ANN202
    flat_mixed, flat_history = mixed.reshape(-1), history.reshape(-1)
    # At most 16 bands, so one vector of outputs.
    accumulate_1(flat_mixed, voice * mixed.shape[1], flat_history, voice * history.shape[1] + at, weights, 0, rows)
