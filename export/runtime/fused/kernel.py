"""The sample loop of a WaveNet decoder as one compiled function: frames, steps, layers and draws, with no call back to Python.

All voices that play take each step together, tile by tile, so that a weight comes from memory once for all of them. A voice's
state and scratch lie in one row of `memory`, at the offsets of `plan` (see `layout`); weights are flat arrays in the order in which
the loop wants them (see `weights`). `voices` holds the indices of those who play.
"""

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
from .layout import (
    AHEAD,
    AHEAD_SUMS,
    BANDS,
    BEFORE,
    CONDITIONING,
    FRAME_HIDDEN,
    FRAME_PAST,
    FRAME_TAPS,
    FRAMES_BACK,
    GATE,
    GATED,
    HIDDEN,
    HISTORY,
    KNOBS,
    LATENTS,
    LAYERS,
    LOGISTIC,
    MIXED,
    NEWEST,
    OUTPUT,
    OUTPUTS,
    PRE_GATE,
    PRESENT,
    PREVIOUS,
    READ,
    RESIDUAL,
    ROW,
    SHARES,
    SKIP,
    SKIPPED,
    STEPS_PER_FRAME,
    TAPS,
)
from .vectors import (
    FOUR_COLUMNS,
    LANES,
    PAIR_COLUMNS,
    TILE,
    accumulate_1,
    accumulate_2,
    accumulate_4,
    add,
    clear,
    copy,
    exponentials,
    four_of_tile,
    gate,
    pair_1,
    pair_2,
    pair_of_tile,
    rectify,
)

_LOG_LEVELS = math.log1p(MU)
_COMPILE = {"nogil": True, "cache": True, "fastmath": {"nnan", "nsz", "contract", "reassoc"}, "error_model": "numpy"}


@njit(**_COMPILE)
def _multiply(memory, row, sums_at, x_at, voices, weights, at, rows, columns):
    """For every voice, memory[sums_at:] += memory[x_at:] @ W; returns where the next matrix starts.

    W (rows, columns padded to vectors) lies at weights[at:] in tiles of 64, then 32, then 16 columns. Voices go through a
    tile four or two at a time, so that all use a weight while it is in a register; four when they lie equally far apart.
    """
    done, columns, count = 0, (columns + LANES - 1) // LANES * LANES, len(voices)
    while done < columns:
        left = columns - done
        tile = TILE if left >= TILE else 2 * LANES if left >= 2 * LANES else LANES
        i = 0
        while i + 1 < count:
            to, x, apart = voices[i] * row + sums_at + done, voices[i] * row + x_at, (voices[i + 1] - voices[i]) * row
            even = i + 3 < count and voices[i + 3] - voices[i] == 3 * (voices[i + 1] - voices[i])
            if tile == TILE and even and voices[i + 2] - voices[i + 1] == voices[i + 1] - voices[i]:
                for part in range(0, TILE, FOUR_COLUMNS):
                    four_of_tile(memory, to + part, x, apart, apart, weights, at + part, rows)
                i += 4
                continue
            if tile == TILE:
                for part in range(0, TILE, PAIR_COLUMNS):
                    pair_of_tile(memory, to + part, x, apart, apart, weights, at + part, rows)
            elif tile == 2 * LANES:
                pair_2(memory, to, x, apart, apart, weights, at, rows)
            else:
                pair_1(memory, to, x, apart, apart, weights, at, rows)
            i += 2
        if i < count:
            to, x = voices[i] * row + sums_at + done, voices[i] * row + x_at
            if tile == TILE:
                accumulate_4(memory, to, x, 0, 0, weights, at, rows)
            elif tile == 2 * LANES:
                accumulate_2(memory, to, x, 0, 0, weights, at, rows)
            else:
                accumulate_1(memory, to, x, 0, 0, weights, at, rows)
        at += rows * tile
        done += tile
    return at


@njit(**_COMPILE)
def _start(memory, row, sums_at, voices, weights, at, columns):
    """For every voice, memory[sums_at:] = the bias at weights[at:]; returns where the next matrix starts."""
    columns = (columns + LANES - 1) // LANES * LANES
    for voice in voices:
        copy(memory, voice * row + sums_at, weights, at, columns)
    return at + columns


@njit(**_COMPILE)
def _rectify(memory, row, at, voices, count):
    for voice in voices:
        rectify(memory, voice * row + at, voice * row + at, voice * row + at, (count + LANES - 1) // LANES * LANES)


@njit(**_COMPILE)
def condition(plan, weights, memory, voices, latents, column, frame_counts):
    """Every layer's share of the conditioning for one frame, from column `column` of latents (voices, dim, frames).

    Knobs become raw latents, and these the newest of the three taps of a convolution; the other two lie FRAMES_BACK and
    half as many frames back. frame_counts (voices,): frames that are over.
    """
    row, dim, back = plan[ROW], plan[LATENTS], plan[FRAMES_BACK]
    for voice in voices:
        for i in range(dim):
            memory[voice * row + plan[KNOBS] + i] = latents[voice, i, column]
    at = _start(memory, row, plan[NEWEST], voices, weights, 0, dim)
    at = _multiply(memory, row, plan[NEWEST], plan[KNOBS], voices, weights, at, dim, dim)
    for voice in voices:
        taps, past = voice * row + plan[FRAME_TAPS], voice * row + plan[FRAME_PAST]
        oldest, middle = frame_counts[voice] % back, (frame_counts[voice] + back // 2) % back
        for i in range(dim):
            memory[taps + i] = memory[past + oldest * dim + i]
            memory[taps + dim + i] = memory[past + middle * dim + i]
            memory[taps + 2 * dim + i] = memory[voice * row + plan[NEWEST] + i]
    shares = plan[LAYERS] * plan[GATE]
    at = _start(memory, row, plan[FRAME_HIDDEN], voices, weights, at, plan[CONDITIONING])
    at = _multiply(memory, row, plan[FRAME_HIDDEN], plan[FRAME_TAPS], voices, weights, at, 3 * dim, plan[CONDITIONING])
    _rectify(memory, row, plan[FRAME_HIDDEN], voices, plan[CONDITIONING])
    at = _start(memory, row, plan[SHARES], voices, weights, at, shares)
    _multiply(memory, row, plan[SHARES], plan[FRAME_HIDDEN], voices, weights, at, plan[CONDITIONING], shares)


@njit(**_COMPILE)
def _look_ahead(plan, dilations, rings, weights, memory, voice, clock):
    """What the layers that reach back far enough will add from their past in the next AHEAD steps, into AHEAD_SUMS.

    That past is known already, and taking several steps at once reads their weights only once. Due whenever clock is a
    multiple of AHEAD.
    """
    residual, width = plan[RESIDUAL], plan[GATE]
    columns = (width + LANES - 1) // LANES * LANES
    sums, at = voice * plan[ROW] + plan[AHEAD_SUMS], 0
    for layer in range(plan[LAYERS]):
        if dilations[layer] < AHEAD:
            continue
        past = voice * plan[ROW] + rings[layer] + (clock & (dilations[layer] - 1)) * residual
        clear(memory, sums, sums, sums, AHEAD * width)
        done = 0
        while done < columns:
            left = columns - done
            tile = TILE if left >= TILE else 2 * LANES
            to = sums + done
            if tile == TILE:
                for part in range(0, TILE, FOUR_COLUMNS):
                    four_of_tile(memory, to + part, past, width, residual, weights, at + part, residual)
            else:
                pair_2(memory, to, past, width, residual, weights, at, residual)
                pair_2(memory, to + 2 * width, past + 2 * residual, width, residual, weights, at, residual)
            at += residual * tile
            done += tile
        sums += AHEAD * width


@njit(**_COMPILE)
def network(plan, dilations, rings, weights, memory, voices, clocks):
    """One step of the WaveNet, from what lies at READ to what the head takes at OUTPUT. clocks (voices,): steps made so far."""
    row, residual, width, skip = plan[ROW], plan[RESIDUAL], plan[GATE], plan[SKIP]
    before, present, skipped, pre, gated = plan[BEFORE], plan[PRESENT], plan[SKIPPED], plan[PRE_GATE], plan[GATED]
    at = _start(memory, row, present, voices, weights, 0, residual)
    at = _multiply(memory, row, present, plan[READ], voices, weights, at, plan[BANDS], residual)
    at = _start(memory, row, skipped, voices, weights, at, skip)
    looked = 0
    for layer in range(plan[LAYERS]):
        far = dilations[layer] >= AHEAD
        for voice in voices:
            mine = voice * row
            slot = mine + rings[layer] + (clocks[voice] & (dilations[layer] - 1)) * residual
            share = mine + plan[SHARES] + layer * width
            if far:
                ahead = mine + plan[AHEAD_SUMS] + (looked * AHEAD + (clocks[voice] & (AHEAD - 1))) * width
                add(memory, mine + pre, share, ahead, width)
            else:
                copy(memory, mine + before, memory, slot, residual)
                copy(memory, mine + pre, memory, share, width)
            copy(memory, slot, memory, mine + present, residual)
        if far:
            at = _multiply(memory, row, pre, present, voices, weights, at, residual, width)
            looked += 1
        else:
            at = _multiply(memory, row, pre, before, voices, weights, at, 2 * residual, width)
        for voice in voices:
            mine = voice * row
            gate(memory, mine + pre, mine + pre + width // 2, mine + gated, width // 2)
        # The residual and the skip path are summed side by side; the last layer has only the latter.
        if layer < plan[LAYERS] - 1:
            at = _multiply(memory, row, present, gated, voices, weights, at, width // 2, residual + skip)
        else:
            at = _multiply(memory, row, skipped, gated, voices, weights, at, width // 2, skip)
    _rectify(memory, row, skipped, voices, skip)
    at = _start(memory, row, plan[HIDDEN], voices, weights, at, skip)
    at = _multiply(memory, row, plan[HIDDEN], skipped, voices, weights, at, skip, skip)
    _rectify(memory, row, plan[HIDDEN], voices, skip)
    at = _start(memory, row, plan[OUTPUT], voices, weights, at, plan[BANDS] * plan[OUTPUTS])
    _multiply(memory, row, plan[OUTPUT], plan[HIDDEN], voices, weights, at, skip, plan[BANDS] * plan[OUTPUTS])


@njit(**_COMPILE)
def draw_softmax(memory, at, uniform, temperature):
    """The first µ-law code whose cumulative probability exceeds `uniform`, as a companded value; logits at memory[at:]."""
    largest = memory[at]
    for i in range(1, LEVELS):
        largest = max(largest, memory[at + i])
    exponentials(memory, at, largest, np.float32(1.0) / max(temperature, np.float32(MINIMUM_TEMPERATURE)), LEVELS)
    total = np.float32(0.0)
    for i in range(LEVELS):
        total += memory[at + i]
    wanted, cumulative, code = uniform * total, np.float32(0.0), 0
    while code < LEVELS - 1:
        cumulative += memory[at + code]
        if cumulative > wanted:
            break
        code += 1
    return np.float32((code - SILENCE) / (LEVELS // 2))


@njit(**_COMPILE)
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


@njit(**_COMPILE)
def companded(value):
    """µ-law companding of an amplitude, as `mulaw.compand`."""
    return np.float32(math.copysign(math.log(1.0 + MU * abs(value)) / _LOG_LEVELS, value))


@njit(**_COMPILE)
def expanded(value):
    """Amplitude of a companded value, as `mulaw.expand`."""
    return np.float32(math.copysign((math.exp(abs(value) * _LOG_LEVELS) - 1.0) / MU, value))


@njit(**_COMPILE)
def _read(plan, memory, voices):
    """Show the network the values drawn last."""
    for voice in voices:
        mine = voice * plan[ROW]
        for band in range(plan[BANDS]):
            value = memory[mine + plan[PREVIOUS] + band]
            memory[mine + plan[READ] + band] = companded(value) if plan[LOGISTIC] else value


@njit(**_COMPILE)
def _sound(plan, gains, weights, memory, voice, clock, step, noise, temperature, audio, drawn):
    """Draw a value for every band, and turn them into as many samples."""
    bands, taps = plan[BANDS], plan[TAPS]
    mine = voice * plan[ROW]
    history, mixed = mine + plan[HISTORY], mine + plan[MIXED]
    slot = clock % taps
    for band in range(bands):
        uniform, at = noise[voice, step * bands + band], mine + plan[OUTPUT] + band * plan[OUTPUTS]
        if plan[LOGISTIC]:
            value = draw_logistic(memory, at, uniform, temperature[voice])
            amplitude = value
        else:
            value = draw_softmax(memory, at, uniform, temperature[voice])
            amplitude = expanded(value)
        memory[mine + plan[PREVIOUS] + band] = value
        if step < drawn.shape[1]:
            drawn[voice, step, band] = value
        # Kept twice, so that the window over the last `taps` steps never wraps.
        memory[history + slot * bands + band] = amplitude * gains[band]
        memory[history + (slot + taps) * bands + band] = amplitude * gains[band]
    clear(memory, mixed, mixed, mixed, LANES)
    accumulate_1(memory, mixed, history + (slot + 1) * bands, 0, 0, weights, 0, taps * bands)
    for i in range(bands):
        audio[voice, 0, step * bands + i] = min(max(memory[mixed + i], np.float32(-1.0)), np.float32(1.0))


@njit(**_COMPILE)
def play(
    plan, dilations, rings, frame_weights, ahead_weights, step_weights, synthesis_weights, gains,
    memory, voices, position, clocks, frame_counts, latents, noise, temperature, audio, drawn,
):  # fmt: skip
    """A block; returns how many steps of a frame are over where it ends, as `position` says where it begins.

    latents (voices, dim, frames), noise (voices, samples), temperature (voices,), audio (voices, 1, samples); drawn (voices,
    steps or 0, bands) gets the values before synthesis. memory: (voices × row,); clocks, frame_counts (voices,).
    """
    row, dim, per_frame = plan[ROW], plan[LATENTS], plan[STEPS_PER_FRAME]
    steps = audio.shape[2] // plan[BANDS]
    step, column = 0, 0
    while step < steps:
        condition(plan, frame_weights, memory, voices, latents, column, frame_counts)
        until = min(steps, step + per_frame - position)
        position += until - step
        while step < until:
            _read(plan, memory, voices)
            for voice in voices:
                if clocks[voice] & (AHEAD - 1) == 0:
                    _look_ahead(plan, dilations, rings, ahead_weights, memory, voice, clocks[voice])
            network(plan, dilations, rings, step_weights, memory, voices, clocks)
            for voice in voices:
                _sound(
                    plan, gains, synthesis_weights, memory, voice, clocks[voice], step, noise, temperature, audio, drawn
                )
                clocks[voice] += 1
            step += 1
        if position == per_frame:
            position = 0
            column += 1
            for voice in voices:
                slot = frame_counts[voice] % plan[FRAMES_BACK]
                for i in range(dim):
                    newest = memory[voice * row + plan[NEWEST] + i]
                    memory[voice * row + plan[FRAME_PAST] + slot * dim + i] = newest
                frame_counts[voice] += 1
    return position
