"""Matrix products of every voice that plays, and where their sums start."""

# pyright: reportCallIssue=false
# An intrinsic is written with a typing context first, which those who call it do not give.
from __future__ import annotations

from numba import njit

from .compiled import COMPILE_INLINE
from .elementwise import copy
from .elementwise import rectify as rectify_vectors
from .micro_kernels import (
    FOUR_COLUMNS,
    PAIR_COLUMNS,
    accumulate_1,
    accumulate_2,
    accumulate_4,
    four_of_tile,
    pair_1,
    pair_2,
    pair_of_tile,
)
from .vectors import LANES, TILE


@njit(**COMPILE_INLINE)
def multiply(memory, row, sums_at, x_at, voices, weights, at, rows, columns):
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


@njit(**COMPILE_INLINE)
def start(memory, row, sums_at, voices, weights, at, columns):
    """For every voice, memory[sums_at:] = the bias at weights[at:]; returns where the next matrix starts."""
    columns = (columns + LANES - 1) // LANES * LANES
    for voice in voices:
        copy(memory, voice * row + sums_at, weights, at, columns)
    return at + columns


@njit(**COMPILE_INLINE)
def rectify(memory, row, at, voices, count):
    for voice in voices:
        rectify_vectors(
            memory, voice * row + at, voice * row + at, voice * row + at, (count + LANES - 1) // LANES * LANES
        )
