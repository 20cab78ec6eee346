"""Where everything lies in a voice's memory: one row of floats a voice, so that the kernel needs one array and few numbers."""

from __future__ import annotations

from itertools import count

import numpy as np

from ....models.wavenet_vae.hyperparameters import Hyperparameters
from .vectors import LANES

_places = count()
# Sizes in the plan, by index.
BANDS, LATENTS, STEPS_PER_FRAME, FRAMES_BACK, CONDITIONING = (next(_places) for _ in range(5))
RESIDUAL, GATE, SKIP, LAYERS, OUTPUTS, TAPS, LOGISTIC = (next(_places) for _ in range(7))
# Offsets in a voice's row. Scratch of a step, in the order in which sums run over neighbours:
READ, BEFORE, PRESENT, SKIPPED, PRE_GATE, GATED, HIDDEN, OUTPUT, MIXED = (next(_places) for _ in range(9))
# Scratch of a frame, and of several steps:
KNOBS, NEWEST, FRAME_TAPS, FRAME_HIDDEN, SHARES, AHEAD_SUMS = (next(_places) for _ in range(6))
# State:
FRAME_PAST, PREVIOUS, HISTORY, RINGS, ROW = (next(_places) for _ in range(5))
PLAN = next(_places)
"""Length of a plan. Its layers' dilations and the offsets of their rings follow, in two arrays."""

AHEAD = 4
"""Steps for which a layer's past is taken at once, where it reaches back so far: as many as a micro-kernel takes."""

CACHE_LINE_BYTES = 64


def padded(floats: int) -> int:
    """Rounded up to whole vectors."""
    return -(-floats // LANES) * LANES


def aligned(floats: int) -> np.ndarray:
    """Zeros (floats,), float32, that begin with a cache line: loading a vector that lies across two of them takes twice as long."""
    raw = np.zeros(4 * floats + CACHE_LINE_BYTES, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE_BYTES
    return raw[start : start + 4 * floats].view(np.float32)


def plan(h: Hyperparameters, outputs: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes and offsets (PLAN,), dilations (layers,) and ring offsets (layers,), all int64.

    outputs: of the head, for a band; taps: of the synthesis filter, in steps.
    """
    numbers = np.zeros(PLAN, np.int64)
    layers = len(h.dilations)
    numbers[[BANDS, LATENTS, STEPS_PER_FRAME, FRAMES_BACK]] = (
        h.bands,
        h.latents,
        h.steps_per_frame,
        2 * h.frames_per_latent,
    )
    numbers[[CONDITIONING, RESIDUAL, GATE, SKIP, LAYERS]] = h.conditioning, h.residual, h.gate, h.skip, layers
    numbers[[OUTPUTS, TAPS, LOGISTIC]] = outputs, taps, h.head == "logistic"
    lengths = {
        READ: h.bands, BEFORE: h.residual, PRESENT: h.residual, SKIPPED: h.skip,
        PRE_GATE: h.gate, GATED: h.gate // 2, HIDDEN: h.skip, OUTPUT: h.bands * outputs, MIXED: h.bands,
        KNOBS: h.latents, NEWEST: h.latents, FRAME_TAPS: 3 * h.latents, FRAME_HIDDEN: h.conditioning,
        SHARES: layers * h.gate,
        # Before a block also fewer than AHEAD slots of a ring, which are no larger than `residual`; see `rings`.
        AHEAD_SUMS: AHEAD * max(h.residual, h.gate * sum(dilation >= AHEAD for dilation in h.dilations)),
        FRAME_PAST: 2 * h.frames_per_latent * h.latents, PREVIOUS: h.bands, HISTORY: 2 * taps * h.bands,
        RINGS: sum(h.dilations) * h.residual,
    }  # fmt: skip
    offset = 0
    for place, length in lengths.items():
        numbers[place] = offset
        offset += padded(length)
    numbers[ROW] = offset
    dilations = np.array(h.dilations, np.int64)
    rings = numbers[RINGS] + np.concatenate([[0], np.cumsum(dilations * h.residual)[:-1]])
    return numbers, dilations, rings.astype(np.int64)
