"""Where everything lies for the CUDA kernel: in the packed weights, in a voice's row of device memory, in a block's shared memory.

A plan is a tuple of whole numbers, so that the kernel is compiled for exactly one and every size in it is a constant.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from ....models.levels import LEVELS
from ....models.wavenet_vae.hyperparameters import Hyperparameters
from ..fused.tensors import NotFusable, outputs_of, synthesis_taps

THREADS = 256
"""Threads a block, that is, a voice: eight warps, each with several 8-byte loads under way, hide what a weight takes from L2."""
SHARED_BYTES = 48 * 1024
"""Shared memory that a block has on every device, without asking for more."""
CHUNKS = 16
"""A softmax's codes are summed in so many chunks at once."""
QUAD = 4
"""Columns whose weights are packed and read together; see `pack`."""


class Plan(NamedTuple):
    """Sizes, then places. Names end in `_words` (8 bytes) and `_numbers` (float32) for places in the two arrays of weights;
    `row_` is a place in a voice's row and `s_` one in shared memory, both in float32. `_groups`: see `groups`."""

    half: int
    """Whether weights are float16; biases, calibration and synthesis are float32 in any case."""
    threads: int
    bands: int
    latents: int
    steps_per_frame: int
    frames_back: int
    conditioning: int
    """Padded to whole quads."""
    residual: int
    gate: int
    skip: int
    layers: int
    layers_per_stack: int
    outputs: int
    pieces: int
    """The head's matrix is multiplied in so many runs of whole bands."""
    taps: int
    logistic: int

    condition_groups: int
    project_groups: int
    input_groups: int
    gate_groups: int
    mix_groups: int
    hidden_groups: int
    output_groups: int
    synthesis_groups: int

    condition_words: int
    project_words: int
    input_words: int
    layers_words: int
    hidden_words: int
    output_words: int
    synthesis_words: int
    words: int

    matrix_numbers: int
    offset_numbers: int
    condition_numbers: int
    project_numbers: int
    input_numbers: int
    skip_numbers: int
    hidden_numbers: int
    output_numbers: int
    gains_numbers: int
    levels_numbers: int
    zeros_numbers: int
    numbers: int

    row_past: int
    row_previous: int
    row_history: int
    row_rings: int
    row_newest: int
    row_shares: int
    row: int

    s_present: int
    s_skipped: int
    s_gated: int
    s_hidden: int
    s_previous: int
    s_read: int
    s_uniform: int
    s_history: int
    s_scratch: int
    """Three things that are never needed at once: a frame's conditioning, all layers' pasts, the head's outputs."""
    s_partial: int
    shared: int

    @property
    def step_words(self) -> int:
        """Words of weights that a step of one voice reads."""
        return self.words - self.input_words


def plan_of(h: Hyperparameters, half: bool = True, threads: int = THREADS) -> Plan:
    """The plan for a network.

    Raises NotFusable where a voice takes more shared memory than a block has.
    """
    layers, gated, outputs, taps = len(h.dilations), h.gate // 2, outputs_of(h), synthesis_taps(h)
    conditioning = -(-h.conditioning // QUAD) * QUAD
    sound = -(-h.bands // QUAD) * QUAD
    pieces = next(p for p in range(1, h.bands + 1) if p == h.bands or _fits(h.bands * outputs, p, h.bands, threads))
    products = {  # rows that one thread group shares out, columns
        "condition": (3 * h.latents, conditioning),
        "project": (conditioning, h.gate),
        "input": (h.bands, h.residual),
        "gate": (h.residual, h.gate),
        "mix": (gated, h.residual + h.skip),
        "hidden": (h.skip, h.skip),
        "output": (h.skip, h.bands * outputs // pieces),
        "synthesis": (taps * h.bands, sound),
    }
    split = {f"{name}_groups": groups(rows, columns, threads) for name, (rows, columns) in products.items()}
    partial = max(split[f"{name}_groups"] * columns for name, (_, columns) in products.items())
    wide = 1 if half else 2
    words = {
        "condition_words": 3 * h.latents * conditioning // QUAD * wide,
        "project_words": layers * conditioning * h.gate // QUAD * wide,
        "input_words": h.bands * h.residual // QUAD * wide,
        "layers_words": layers * (2 * h.residual * h.gate + gated * (h.residual + h.skip)) // QUAD * wide,
        "hidden_words": h.skip * h.skip // QUAD * wide,
        "output_words": h.skip * h.bands * outputs // QUAD * wide,
        "synthesis_words": taps * h.bands * sound // QUAD * 2,
    }
    numbers = {
        "matrix_numbers": h.latents * h.latents,
        "offset_numbers": h.latents,
        "condition_numbers": conditioning,
        "project_numbers": layers * h.gate,
        "input_numbers": h.residual,
        "skip_numbers": h.skip,
        "hidden_numbers": h.skip,
        "output_numbers": h.bands * outputs,
        "gains_numbers": h.bands,
        "levels_numbers": LEVELS,
        "zeros_numbers": sound,
    }
    row = {
        "row_past": 2 * h.frames_per_latent * h.latents,
        "row_previous": h.bands,
        "row_history": taps * h.bands,
        "row_rings": sum(h.dilations) * h.residual,
        "row_newest": h.latents,
        "row_shares": layers * h.gate,
    }
    shared = {
        "s_present": h.residual,
        "s_skipped": h.skip,  # beside s_present: one product adds to both
        "s_gated": gated,
        "s_hidden": h.skip,
        "s_previous": h.bands,
        "s_read": h.bands,
        "s_uniform": h.bands,
        "s_history": 2 * taps * h.bands,
        "s_scratch": max(3 * h.latents + conditioning, layers * h.residual, h.bands * outputs),
        "s_partial": max(partial, 2 * CHUNKS * h.bands),
    }
    places: dict[str, int] = {}
    for name, lengths in (("words", words), ("numbers", numbers), ("row", row), ("shared", shared)):
        total = 0
        for place, length in lengths.items():
            places[place] = total
            total += length
        places[name] = total
    if 4 * places["shared"] > SHARED_BYTES:
        raise NotFusable(
            f"a voice needs {4 * places['shared'] / 1024:.0f} KiB of a GPU's shared memory, and a block has {SHARED_BYTES // 1024}"
        )
    return Plan(
        half=int(half), threads=threads, bands=h.bands, latents=h.latents, steps_per_frame=h.steps_per_frame,
        frames_back=2 * h.frames_per_latent, conditioning=conditioning, residual=h.residual, gate=h.gate, skip=h.skip,
        layers=layers, layers_per_stack=h.layers_per_stack, outputs=outputs, pieces=pieces, taps=taps,
        logistic=int(h.head == "logistic"), **split, **places,
    )  # fmt: skip


def _fits(columns: int, pieces: int, bands: int, threads: int) -> bool:
    return bands % pieces == 0 and columns // pieces <= QUAD * threads


def groups(rows: int, columns: int, threads: int) -> int:
    """Groups that share out the rows of a matrix: as many as there are threads for, each with equally many rows.

    A group has a thread for every quad of columns.
    """
    most = max(1, threads // (columns // QUAD))
    return max(count for count in range(1, most + 1) if gcd(count, rows) == count)
