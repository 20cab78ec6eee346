"""The sample loop of a WaveNet decoder as one compiled function: frames, steps, layers and draws, with no call back to Python.

All voices that play take each step together, tile by tile, so that a weight comes from memory once for all of them. A voice's
state and scratch lie in one row of `memory`, at the offsets of `plan` (see `layout`); weights are flat arrays in the order in which
the loop wants them (see `weights`). `voices` holds the indices of those who play.
"""

# pyright: reportCallIssue=false
# An intrinsic is written with a typing context first, which those who call it do not give.
from __future__ import annotations

import numpy as np
from numba import njit

from .compiled import COMPILE
from .draws import companded, draw_logistic, draw_softmax, expanded
from .elementwise import clear, copy, gate
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
from .micro_kernels import FOUR_COLUMNS, accumulate_1, four_of_tile, pair_2
from .products import multiply, rectify, start
from .rings import fall_in
from .vectors import LANES, TILE


@njit(**COMPILE)
def condition(plan, weights, memory, voices, latents, column, frame_counts):
    """Every layer's share of the conditioning for one frame, from column `column` of latents (voices, dim, frames).

    Knobs become raw latents, and these the newest of the three taps of a convolution; the other two lie FRAMES_BACK and
    half as many frames back. frame_counts (voices,): frames that are over.
    """
    row, dim, back = plan[ROW], plan[LATENTS], plan[FRAMES_BACK]
    for voice in voices:
        for i in range(dim):
            memory[voice * row + plan[KNOBS] + i] = latents[voice, i, column]
    at = start(memory, row, plan[NEWEST], voices, weights, 0, dim)
    at = multiply(memory, row, plan[NEWEST], plan[KNOBS], voices, weights, at, dim, dim)
    for voice in voices:
        taps, past = voice * row + plan[FRAME_TAPS], voice * row + plan[FRAME_PAST]
        oldest, middle = frame_counts[voice] % back, (frame_counts[voice] + back // 2) % back
        for i in range(dim):
            memory[taps + i] = memory[past + oldest * dim + i]
            memory[taps + dim + i] = memory[past + middle * dim + i]
            memory[taps + 2 * dim + i] = memory[voice * row + plan[NEWEST] + i]
    shares = plan[LAYERS] * plan[GATE]
    at = start(memory, row, plan[FRAME_HIDDEN], voices, weights, at, plan[CONDITIONING])
    at = multiply(memory, row, plan[FRAME_HIDDEN], plan[FRAME_TAPS], voices, weights, at, 3 * dim, plan[CONDITIONING])
    rectify(memory, row, plan[FRAME_HIDDEN], voices, plan[CONDITIONING])
    at = start(memory, row, plan[SHARES], voices, weights, at, shares)
    multiply(memory, row, plan[SHARES], plan[FRAME_HIDDEN], voices, weights, at, plan[CONDITIONING], shares)


@njit(**COMPILE)
def _look_ahead(plan, dilations, rings, weights, memory, voice, clock):
    """What enters the gates of the layers that reach back far enough, but for the present, into AHEAD_SUMS.

    That is their share of the conditioning and of their past, for AHEAD steps from the last multiple of AHEAD on: this past is
    known already, and taking several steps at once reads their weights only once. Due whenever clock is a multiple of AHEAD,
    and when the conditioning has changed.
    """
    residual, width = plan[RESIDUAL], plan[GATE]
    columns = (width + LANES - 1) // LANES * LANES
    sums, at = voice * plan[ROW] + plan[AHEAD_SUMS], 0
    for layer in range(plan[LAYERS]):
        if dilations[layer] < AHEAD:
            continue
        past = voice * plan[ROW] + rings[layer] + (clock & (dilations[layer] - AHEAD)) * residual
        share = voice * plan[ROW] + plan[SHARES] + layer * width
        for step in range(AHEAD):
            copy(memory, sums + step * width, memory, share, width)
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


@njit(**COMPILE)
def network(plan, dilations, rings, weights, memory, voices, clocks):
    """One step of the WaveNet, from what lies at READ to what the head takes at OUTPUT.

    clocks (voices,): which slot of each ring is the oldest, see `rings`; all equally far from a multiple of AHEAD.
    """
    row, residual, width, skip = plan[ROW], plan[RESIDUAL], plan[GATE], plan[SKIP]
    before, present, skipped, gated = plan[BEFORE], plan[PRESENT], plan[SKIPPED], plan[GATED]
    at = start(memory, row, present, voices, weights, 0, residual)
    at = multiply(memory, row, present, plan[READ], voices, weights, at, plan[BANDS], residual)
    at = start(memory, row, skipped, voices, weights, at, skip)
    ahead = plan[AHEAD_SUMS] + (clocks[voices[0]] & (AHEAD - 1)) * width
    for layer in range(plan[LAYERS]):
        far = dilations[layer] >= AHEAD
        pre = ahead if far else plan[PRE_GATE]
        for voice in voices:
            mine = voice * row
            slot = mine + rings[layer] + (clocks[voice] & (dilations[layer] - 1)) * residual
            if not far:
                copy(memory, mine + before, memory, slot, residual)
                copy(memory, mine + pre, memory, mine + plan[SHARES] + layer * width, width)
            copy(memory, slot, memory, mine + present, residual)
        if far:
            at = multiply(memory, row, pre, present, voices, weights, at, residual, width)
            ahead += AHEAD * width
        else:
            at = multiply(memory, row, pre, before, voices, weights, at, 2 * residual, width)
        for voice in voices:
            mine = voice * row
            gate(memory, mine + pre, mine + pre + width // 2, mine + gated, width // 2)
        # The residual and the skip path are summed side by side; the last layer has only the latter.
        if layer < plan[LAYERS] - 1:
            at = multiply(memory, row, present, gated, voices, weights, at, width // 2, residual + skip)
        else:
            at = multiply(memory, row, skipped, gated, voices, weights, at, width // 2, skip)
    rectify(memory, row, skipped, voices, skip)
    at = start(memory, row, plan[HIDDEN], voices, weights, at, skip)
    at = multiply(memory, row, plan[HIDDEN], skipped, voices, weights, at, skip, skip)
    rectify(memory, row, plan[HIDDEN], voices, skip)
    at = start(memory, row, plan[OUTPUT], voices, weights, at, plan[BANDS] * plan[OUTPUTS])
    multiply(memory, row, plan[OUTPUT], plan[HIDDEN], voices, weights, at, skip, plan[BANDS] * plan[OUTPUTS])


@njit(**COMPILE)
def _read(plan, memory, voices):
    """Show the network the values drawn last."""
    for voice in voices:
        mine = voice * plan[ROW]
        for band in range(plan[BANDS]):
            value = memory[mine + plan[PREVIOUS] + band]
            memory[mine + plan[READ] + band] = companded(value) if plan[LOGISTIC] else value


@njit(**COMPILE)
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


@njit(**COMPILE)
def play(
    plan, dilations, rings, frame_weights, ahead_weights, step_weights, synthesis_weights, gains,
    memory, voices, position, clocks, frame_counts, latents, noise, temperature, audio, drawn,
):  # fmt: skip
    """A block; returns how many steps of a frame are over where it ends, as `position` says where it begins.

    latents (voices, dim, frames), noise (voices, samples), temperature (voices,), audio (voices, 1, samples); drawn (voices,
    steps or 0, bands) gets the values before synthesis. memory: (voices × row,); clocks, frame_counts (voices,), see `network`
    and `condition`.
    """
    row, dim, per_frame = plan[ROW], plan[LATENTS], plan[STEPS_PER_FRAME]
    steps = audio.shape[2] // plan[BANDS]
    if len(voices) == 0:
        return (position + steps) % per_frame
    step, column = 0, 0
    fall_in(plan, dilations, rings, memory, voices, position, clocks)
    while step < steps:
        condition(plan, frame_weights, memory, voices, latents, column, frame_counts)
        until = min(steps, step + per_frame - position)
        position += until - step
        looked = False
        while step < until:
            _read(plan, memory, voices)
            if not looked or clocks[voices[0]] & (AHEAD - 1) == 0:
                for voice in voices:
                    _look_ahead(plan, dilations, rings, ahead_weights, memory, voice, clocks[voice])
            looked = True
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
