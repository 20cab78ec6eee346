"""The rings in which a voice keeps its past: what a rest puts out of step with other voices, and how it falls in again."""

from __future__ import annotations

from numba import njit

from .compiled import COMPILE
from .layout import AHEAD, AHEAD_SUMS, BANDS, HISTORY, LAYERS, RESIDUAL, ROW, STEPS_PER_FRAME, TAPS


@njit(**COMPILE)
def fall_in(plan, dilations, rings, memory, voices, position, clocks):
    """Have all clocks as far from a multiple of AHEAD as `position` is: where they are not, turn the rings.

    A clock says no more than which slot of a ring is the oldest. After a rest that was no multiple of AHEAD it differs, once.
    A frame then begins with a multiple of AHEAD, so that no step is looked ahead to twice. Where frames are of another length
    the first voice leads.
    """
    leader = position if plan[STEPS_PER_FRAME] % AHEAD == 0 else clocks[voices[0]]
    for voice in voices:
        by = (leader - clocks[voice]) & (AHEAD - 1)
        if by == 0:
            continue
        mine, taps, bands = voice * plan[ROW], plan[TAPS], plan[BANDS]
        clocks[voice] += by
        for layer in range(plan[LAYERS]):
            _turn(memory, mine + rings[layer], dilations[layer], plan[RESIDUAL], by, mine + plan[AHEAD_SUMS])
        for half in range(2):
            _turn(memory, mine + plan[HISTORY] + half * taps * bands, taps, bands, by, mine + plan[AHEAD_SUMS])


@njit(**COMPILE)
def _turn(memory, ring, slots, size, by, scratch):
    """Have a ring's slots, of `size` each, lie `by` slots further on; those that fall off its end come to its beginning."""
    shift, length = by % slots * size, slots * size
    for i in range(shift):
        memory[scratch + i] = memory[ring + length - shift + i]
    for i in range(length - 1, shift - 1, -1):
        memory[ring + i] = memory[ring + i - shift]
    for i in range(shift):
        memory[ring + i] = memory[scratch + i]
