"""The sample loop of a WaveNet decoder as one CUDA kernel: a thread block is a voice, a launch is a block of samples.

Weights are streamed from L2, where all voices share them. A step of the `live` network (64 residual, 128 gate and 128 skip
channels, 20 layers, one band, 256 codes) reads 1,245,328 bytes of them in half precision, and some 20 KiB of its own past and
conditioning; sums are float32, in 11 KiB of shared memory. State stays in device memory from launch to launch; nothing is
allocated. Compiled for compute capability 9.0, a thread has 160 to 240 registers, by network, and spills none: a
multiprocessor holds one voice at a time, and voices beyond the multiprocessors wait for a free one.

The arithmetic was verified against the CPU kernel in numba's CUDA simulator. No GPU has run it, so nothing is said here about
its speed.

Only this file waits at barriers. `plan` (see `plan`) is a constant of the compilation, `mine` the start of the voice's row in
`memory`, `s` the shared memory of its block.
"""

# pyright: reportCallIssue=false, reportArgumentType=false, reportOptionalSubscript=false
# What numba calls a stub of the device is, to Python's types, something else.
from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import cuda

from . import heads
from .plan import Plan
from .products import product, product_of_two, total

_ONE, _ZERO = np.float32(1.0), np.float32(0.0)
_LARGEST_SIGNAL, _LARGEST_GATE = np.float32(15.0), np.float32(30.0)
"""Where tanh and sigmoid are held, as in the CPU kernel: beyond them float32 knows no value but ± 1, or 1 and nearly 0."""


@cuda.jit(device=True)
def _ring(plan, mine, layer, clock):
    """Where the layer's past holds what lies its dilation, a power of two, behind; the present takes that place."""
    position = layer % plan.layers_per_stack
    dilation = 1 << position
    before = layer // plan.layers_per_stack * ((1 << plan.layers_per_stack) - 1) + dilation - 1
    return mine + plan.row_rings + (before + (clock & (dilation - 1))) * plan.residual


@cuda.jit(device=True)
def _condition(plan, words, numbers, memory, mine, inputs, block, latents_at, frames, column, frame_count, s, thread):
    """Every layer's share of the conditioning for one frame, to the voice's row.

    Knobs become raw latents, and these the newest of the three taps of a convolution; the other two lie `frames_back` and
    half as many frames back.
    """
    dim, back = plan.latents, plan.frames_back
    oldest, middle = frame_count % back, (frame_count + back // 2) % back
    for i in range(thread, dim, plan.threads):
        newest = numbers[plan.offset_numbers + i]
        for j in range(dim):
            newest += numbers[plan.matrix_numbers + i * dim + j] * inputs[block, latents_at + j * frames + column]
        memory[mine + plan.row_newest + i] = newest
        s[plan.s_scratch + i] = memory[mine + plan.row_past + oldest * dim + i]
        s[plan.s_scratch + dim + i] = memory[mine + plan.row_past + middle * dim + i]
        s[plan.s_scratch + 2 * dim + i] = newest
    cuda.syncthreads()
    columns, groups, hidden = plan.conditioning, plan.condition_groups, plan.s_scratch + 3 * dim
    product(
        plan.half, words, plan.condition_words, numbers, plan.condition_numbers, s, plan.s_scratch,
        3 * dim, columns, groups, plan.s_partial, thread, plan.threads,
    )  # fmt: skip
    cuda.syncthreads()
    for i in range(thread, columns, plan.threads):
        s[hidden + i] = max(total(s, plan.s_partial, i, columns, groups), _ZERO)
    cuda.syncthreads()
    rows, columns, groups = plan.conditioning, plan.gate, plan.project_groups
    layer_words = rows * columns // 4 * (1 if plan.half else 2)
    for layer in range(plan.layers):
        product(
            plan.half, words, plan.project_words + layer * layer_words, numbers, plan.project_numbers + layer * columns,
            s, hidden, rows, columns, groups, plan.s_partial, thread, plan.threads,
        )  # fmt: skip
        cuda.syncthreads()
        for i in range(thread, columns, plan.threads):
            share = total(s, plan.s_partial, i, columns, groups)
            memory[mine + plan.row_shares + layer * columns + i] = share
        cuda.syncthreads()


@cuda.jit(device=True)
def _begin(plan, words, numbers, memory, mine, clock, inputs, block, noise_at, s, thread):
    """The input layer, and all that the step takes from device memory besides weights, asked for at once."""
    for band in range(thread, plan.bands, plan.threads):
        value = s[plan.s_previous + band]
        s[plan.s_read + band] = heads.companded(value) if plan.logistic else value
        s[plan.s_uniform + band] = inputs[block, noise_at + band]
    for i in range(thread, plan.layers * plan.residual, plan.threads):
        layer = i // plan.residual
        s[plan.s_scratch + i] = memory[_ring(plan, mine, layer, clock) + i - layer * plan.residual]
    for i in range(thread, plan.skip, plan.threads):
        s[plan.s_skipped + i] = numbers[plan.skip_numbers + i]
    cuda.syncthreads()
    product(
        plan.half, words, plan.input_words, numbers, plan.input_numbers, s, plan.s_read,
        plan.bands, plan.residual, plan.input_groups, plan.s_partial, thread, plan.threads,
    )  # fmt: skip
    cuda.syncthreads()
    for i in range(thread, plan.residual, plan.threads):
        s[plan.s_present + i] = total(s, plan.s_partial, i, plan.residual, plan.input_groups)
    cuda.syncthreads()


@cuda.jit(device=True)
def _layer(plan, layer, words, memory, mine, clock, s, thread):
    """One gated layer: the present enters its past, and its residual and skip paths are added to what lies side by side."""
    rows, columns, gated, wide = plan.residual, plan.gate, plan.gate // 2, 1 if plan.half else 2
    mixed = plan.residual + plan.skip
    at = plan.layers_words + layer * (2 * rows * columns + gated * mixed) // 4 * wide
    ring = _ring(plan, mine, layer, clock)
    for i in range(thread, rows, plan.threads):
        memory[ring + i] = s[plan.s_present + i]
    product_of_two(
        plan.half, words, at, memory, mine + plan.row_shares + layer * columns, s, plan.s_scratch + layer * rows,
        plan.s_present, rows, columns, plan.gate_groups, plan.s_partial, thread, plan.threads,
    )  # fmt: skip
    cuda.syncthreads()
    for i in range(thread, gated, plan.threads):
        a = total(s, plan.s_partial, i, columns, plan.gate_groups)
        b = total(s, plan.s_partial, gated + i, columns, plan.gate_groups)
        # tanh(a) × sigmoid(b) with p = exp(-2 a) and q = exp(-b): two exponentials and one division.
        p = math.exp(np.float32(-2.0) * min(max(a, -_LARGEST_SIGNAL), _LARGEST_SIGNAL))
        q = math.exp(-min(max(b, -_LARGEST_GATE), _LARGEST_GATE))
        s[plan.s_gated + i] = (_ONE - p) / ((_ONE + p) * (_ONE + q))
    cuda.syncthreads()
    product(
        plan.half, words, at + 2 * rows * columns // 4 * wide, s, plan.s_present, s, plan.s_gated,
        gated, mixed, plan.mix_groups, plan.s_partial, thread, plan.threads,
    )  # fmt: skip
    cuda.syncthreads()
    for i in range(thread, mixed, plan.threads):
        s[plan.s_present + i] = total(s, plan.s_partial, i, mixed, plan.mix_groups)
    cuda.syncthreads()


@cuda.jit(device=True)
def _outputs(plan, words, numbers, s, thread):
    """From the skip path to what the head takes, to the scratch memory."""
    for i in range(thread, plan.skip, plan.threads):
        s[plan.s_skipped + i] = max(s[plan.s_skipped + i], _ZERO)
    cuda.syncthreads()
    product(
        plan.half, words, plan.hidden_words, numbers, plan.hidden_numbers, s, plan.s_skipped,
        plan.skip, plan.skip, plan.hidden_groups, plan.s_partial, thread, plan.threads,
    )  # fmt: skip
    cuda.syncthreads()
    for i in range(thread, plan.skip, plan.threads):
        s[plan.s_hidden + i] = max(total(s, plan.s_partial, i, plan.skip, plan.hidden_groups), _ZERO)
    cuda.syncthreads()
    columns = plan.bands * plan.outputs // plan.pieces
    piece_words = plan.skip * columns // 4 * (1 if plan.half else 2)
    for piece in range(plan.pieces):
        product(
            plan.half, words, plan.output_words + piece * piece_words, numbers, plan.output_numbers + piece * columns,
            s, plan.s_hidden, plan.skip, columns, plan.output_groups, plan.s_partial, thread, plan.threads,
        )  # fmt: skip
        cuda.syncthreads()
        for i in range(thread, columns, plan.threads):
            s[plan.s_scratch + piece * columns + i] = total(s, plan.s_partial, i, columns, plan.output_groups)
        cuda.syncthreads()


@cuda.jit(device=True)
def _sound(plan, words, numbers, s, temperature, slot, audio, drawn, block, first, thread):
    """Draw a value for every band, and turn them into as many samples from `first` on."""
    if plan.logistic:
        heads.draw_mixtures(plan, numbers, s, temperature, slot, drawn, block, first, thread)
    else:
        heads.chunk_maxima(plan, s, thread)
        cuda.syncthreads()
        heads.chunk_sums(plan, s, temperature, thread)
        cuda.syncthreads()
        heads.claim_codes(plan, numbers, s, slot, drawn, block, first, thread)
    cuda.syncthreads()
    columns = (plan.bands + 3) // 4 * 4
    product(
        0, words, plan.synthesis_words, numbers, plan.zeros_numbers, s, plan.s_history + (slot + 1) * plan.bands,
        plan.taps * plan.bands, columns, plan.synthesis_groups, plan.s_partial, thread, plan.threads,
    )  # fmt: skip
    cuda.syncthreads()
    for i in range(thread, plan.bands, plan.threads):
        value = total(s, plan.s_partial, i, columns, plan.synthesis_groups)
        audio[block, first + i] = min(max(value, -_ONE), _ONE)
    # No barrier: nothing writes to the sums again before the next step's, or frame's, first.


@cache
def compiled(plan: Plan) -> Any:
    """The kernel for a plan, launched as [voices that play, plan.threads]; compiled at its first launch.

    play(words, numbers, memory, places, inputs, audio, drawn, position): words and numbers as `pack` gives them; memory
    float32 (voices × plan.row,); places int32 (playing, 3): a voice, its steps made and its frames over; inputs float32
    (playing, 1 + samples + latents × frames): temperature, noise and latents; audio and drawn float32 (playing, samples), both
    filled; position: steps of the frame that are over where the block begins.
    """
    shared = plan.shared

    @cuda.jit
    def play(words, numbers, memory, places, inputs, audio, drawn, position):
        s = cuda.shared.array(shared, np.float32)
        thread, block = cuda.threadIdx.x, cuda.blockIdx.x
        mine, clock, frame_count = places[block, 0] * plan.row, places[block, 1], places[block, 2]
        samples, bands = audio.shape[1], plan.bands
        frames = (inputs.shape[1] - 1 - samples) // plan.latents
        temperature = inputs[block, 0]
        for i in range(thread, bands, plan.threads):
            s[plan.s_previous + i] = memory[mine + plan.row_previous + i]
        window = plan.taps * bands
        for i in range(thread, window, plan.threads):
            s[plan.s_history + i] = s[plan.s_history + window + i] = memory[mine + plan.row_history + i]
        cuda.syncthreads()
        step, column, steps = 0, 0, samples // bands
        while step < steps:
            _condition(
                plan, words, numbers, memory, mine, inputs, block, 1 + samples, frames, column, frame_count, s, thread
            )
            until = min(steps, step + plan.steps_per_frame - position)
            position += until - step
            while step < until:
                _begin(plan, words, numbers, memory, mine, clock, inputs, block, 1 + step * bands, s, thread)
                for layer in range(plan.layers):
                    _layer(plan, layer, words, memory, mine, clock, s, thread)
                _outputs(plan, words, numbers, s, thread)
                slot = clock % plan.taps
                _sound(plan, words, numbers, s, temperature, slot, audio, drawn, block, step * bands, thread)
                clock += 1
                step += 1
            if position == plan.steps_per_frame:
                position = 0
                column += 1
                for i in range(thread, plan.latents, plan.threads):
                    newest = memory[mine + plan.row_newest + i]
                    memory[mine + plan.row_past + frame_count % plan.frames_back * plan.latents + i] = newest
                frame_count += 1
        for i in range(thread, bands, plan.threads):
            memory[mine + plan.row_previous + i] = s[plan.s_previous + i]
        for i in range(thread, window, plan.threads):
            memory[mine + plan.row_history + i] = s[plan.s_history + i]

    return play
