"""Voices that the CUDA kernel plays: their state stays on the device and moves on in place."""

# pyright: reportArgumentType=false
# numba takes every dtype, where its signatures give one as the default.
from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import cuda

from .. import POSITION, State
from .plan import Plan

KEPT_SHAPES = 32
"""Shapes of block (voices at once, samples, frames) whose buffers are kept; the one unused for longest makes room."""


@dataclass(frozen=True)
class DeviceModel:
    """A decoder on the device: `words` and `numbers` as `pack` makes them, and the kernel for its plan."""

    plan: Plan
    kernel: Any
    words: Any
    numbers: Any


class _Block:
    """Pinned buffers on the host and their like on the device, for one shape of block; see `kernel.compiled` for shapes."""

    def __init__(self, playing: int, samples: int, latents: int, frames: int, stream: Any) -> None:
        self._stream = stream
        self.places = cuda.pinned_array((playing, 3), np.int32)
        self.inputs = cuda.pinned_array((playing, 1 + samples + latents * frames), np.float32)
        self.audio = cuda.pinned_array((playing, samples), np.float32)
        self.temperature, self.noise = self.inputs[:, 0], self.inputs[:, 1 : 1 + samples]
        self.latents = self.inputs[:, 1 + samples :].reshape(playing, latents, frames)
        self._device_places = cuda.device_array((playing, 3), np.int32)
        self._device_inputs = cuda.device_array(self.inputs.shape, np.float32)
        self._device_audio = cuda.device_array((playing, samples), np.float32)
        self._device_drawn = cuda.device_array((playing, samples), np.float32)

    def run(self, model: DeviceModel, memory: Any, position: int) -> None:
        """From what is in the buffers of the host to `audio`, in one launch; returns when it is there."""
        stream = self._stream
        self._device_places.copy_to_device(self.places, stream=stream)
        self._device_inputs.copy_to_device(self.inputs, stream=stream)
        model.kernel[len(self.places), model.plan.threads, stream](
            model.words, model.numbers, memory, self._device_places, self._device_inputs,
            self._device_audio, self._device_drawn, position,
        )  # fmt: skip
        self._device_audio.copy_to_host(self.audio, stream=stream)
        stream.synchronize()

    def drawn(self) -> np.ndarray:
        """The values drawn by the last run, (playing, samples)."""
        return self._device_drawn.copy_to_host()


class CudaStream:
    """A Stream (see `runtime.Stream`) whose voices are blocks of one launch.

    How far a voice is in its rings is counted on the host, so a launch is told and nothing but audio has to come back.
    """

    def __init__(self, model: DeviceModel, voices: int) -> None:
        p = model.plan
        self.voices = voices
        self._model = model
        self._stream = cuda.stream()
        self._nothing = np.zeros(p.row, np.float32)
        self._memory = cuda.to_device(np.zeros(voices * p.row, np.float32))
        self._clocks = np.zeros(voices, np.int64)
        self._frame_counts = np.zeros(voices, np.int64)
        self._position = 0
        self._blocks: OrderedDict[tuple[int, int, int], _Block] = OrderedDict()
        # Past this many steps a voice's rings, whose lengths are powers of two, stand as they stood.
        self._round_steps = max(1 << (p.layers_per_stack - 1), p.taps)

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        """See `runtime.Stream`. The first block of a shape allocates, and the first of all compiles: warm up, then reset."""
        playing = np.flatnonzero(active)
        if len(playing):
            self._play(playing, latents, noise, temperature, audio)
        else:
            self._count(playing, audio.shape[2])

    def advance_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, audio: np.ndarray
    ) -> np.ndarray:
        """`advance` of all voices for those who compare runtimes: also the values drawn, (voices, steps, bands)."""
        block = self._play(np.arange(self.voices), latents, noise, temperature, audio)
        return block.drawn().reshape(self.voices, -1, self._model.plan.bands)

    def _play(
        self, playing: np.ndarray, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, audio: np.ndarray
    ) -> _Block:
        block = self._block(len(playing), audio.shape[2], latents.shape[2])
        for row, voice in enumerate(playing):
            block.places[row] = voice, self._clocks[voice], self._frame_counts[voice]
            block.temperature[row] = temperature[voice]
            block.noise[row] = noise[voice]
            block.latents[row] = latents[voice]
        block.run(self._model, self._memory, self._position)
        self._count(playing, audio.shape[2])
        for row, voice in enumerate(playing):
            audio[voice, 0] = block.audio[row]
        return block

    def _count(self, playing: np.ndarray, samples: int) -> None:
        """Count a block: its steps and the frames that it ends."""
        p = self._model.plan
        steps = samples // p.bands
        frames, self._position = divmod(self._position + steps, p.steps_per_frame)
        self._clocks[playing] = (self._clocks[playing] + steps) % self._round_steps
        self._frame_counts[playing] = (self._frame_counts[playing] + frames) % p.frames_back

    def _block(self, playing: int, samples: int, frames: int) -> _Block:
        shape = (playing, samples, frames)
        block = self._blocks.get(shape)
        if block is None:
            if len(self._blocks) == KEPT_SHAPES:
                self._blocks.popitem(last=False)
            block = _Block(playing, samples, self._model.plan.latents, frames, self._stream)
            self._blocks[shape] = block
        self._blocks.move_to_end(shape)
        return block

    def reset(self, voice: int) -> None:
        row = self._model.plan.row
        self._memory[voice * row : (voice + 1) * row].copy_to_device(self._nothing)
        self._clocks[voice] = self._frame_counts[voice] = 0

    def save(self) -> State:
        p = self._model.plan
        rows = self._memory.copy_to_host().reshape(self.voices, p.row)
        past = _rolled(_part(rows, p.row_past, p.frames_back, p.latents), self._frame_counts % p.frames_back)
        history = _rolled(_part(rows, p.row_history, p.taps, p.bands), self._clocks % p.taps)[:, 1:]
        state = {
            "condition": np.ascontiguousarray(past.transpose(0, 2, 1)),
            "previous": _part(rows, p.row_previous, p.bands).copy(),
        }
        for layer in range(p.layers):
            ring = _part(rows, *_ring(p, layer))
            state[f"layer_{layer}"] = _rolled(ring, self._clocks % ring.shape[1])
        state["synthesis"] = np.ascontiguousarray(history.transpose(0, 2, 1))
        return {**state, POSITION: np.full(self.voices, self._position)} if self._position else state

    def load(self, state: State) -> None:
        p = self._model.plan
        self._clocks[:] = 0
        self._frame_counts[:] = 0
        self._position = int(state[POSITION][0]) if POSITION in state else 0
        rows = np.zeros((self.voices, p.row), np.float32)
        _part(rows, p.row_past, p.frames_back, p.latents)[:] = state["condition"].transpose(0, 2, 1)
        _part(rows, p.row_previous, p.bands)[:] = state["previous"]
        for layer in range(p.layers):
            _part(rows, *_ring(p, layer))[:] = state[f"layer_{layer}"]
        # Row 0 is written before it is read.
        _part(rows, p.row_history, p.taps, p.bands)[:, 1:] = state["synthesis"].transpose(0, 2, 1)
        self._memory.copy_to_device(rows.reshape(-1))


def _ring(p: Plan, layer: int) -> tuple[int, int, int]:
    """Where a layer's past lies in a voice's row, its slots and their length; see `kernel._ring`."""
    stack, position = divmod(layer, p.layers_per_stack)
    before = stack * ((1 << p.layers_per_stack) - 1) + (1 << position) - 1
    return p.row_rings + before * p.residual, 1 << position, p.residual


def _part(rows: np.ndarray, start: int, *shape: int) -> np.ndarray:
    """A view of one thing of every voice, (voices, *shape)."""
    return rows[:, start : start + int(np.prod(shape))].reshape(len(rows), *shape)


def _rolled(rings: np.ndarray, oldest: np.ndarray) -> np.ndarray:
    """Rings (voices, slots, n) with the slot `oldest` (voices,) of each brought to the front; a copy."""
    return np.stack([np.roll(ring, -int(first), axis=0) for ring, first in zip(rings, oldest, strict=True)])
