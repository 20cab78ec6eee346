"""Voices that the fused kernel plays: their state in arrays that are made once, and moves on in place."""

from __future__ import annotations

import numpy as np

from .. import State
from . import kernel
from .kernel import BANDS, CONDITIONING, FRAMES_BACK, GATE, LATENTS, LAYERS, OUTPUTS, RESIDUAL, SKIP, STEPS_PER_FRAME, TAPS
from .vectors import LANES
from .weights import Weights

POSITION = "position"
"""A state saved inside a frame has this besides what the manifest lists: steps of the frame that are over, (batch,)."""


def _padded(count: int) -> int:
    return -(-int(count) // LANES) * LANES


class FusedStream:
    """A Stream (see `runtime.Stream`). Rows of every array are voices."""

    def __init__(self, weights: Weights, voices: int) -> None:
        self.voices = voices
        self._weights = weights
        z = weights.sizes
        f32 = np.float32
        bands, dim, layers = int(z[BANDS]), int(z[LATENTS]), int(z[LAYERS])
        self._ring_at = np.concatenate([[0], np.cumsum(weights.dilations * z[RESIDUAL])[:-1]]).astype(np.int64)
        self._rings = np.zeros((voices, int(weights.dilations.sum() * z[RESIDUAL])), f32)
        self._past = np.zeros((voices, int(z[FRAMES_BACK]), dim), f32)
        self._previous = np.zeros((voices, bands), f32)
        self._history = np.zeros((voices, 2 * int(z[TAPS]) * bands), f32)
        self._clock = np.zeros(voices, np.int64)
        self._frame_count = np.zeros(voices, np.int64)
        self._position = 0

        self._frames = np.zeros((voices, 3 * dim + 2 * _padded(dim)), f32)
        self._hidden = np.zeros((voices, _padded(z[CONDITIONING])), f32)
        self._shares = np.zeros((voices, layers * int(z[GATE])), f32)
        width = _padded(bands) + 2 * z[RESIDUAL] + 2 * z[SKIP] + z[GATE] + z[GATE] // 2 + _padded(bands * z[OUTPUTS])
        self._work = np.zeros((voices, int(width)), f32)
        self._mixed = np.zeros((voices, LANES), f32)
        self._undrawn = np.zeros((voices, 0, bands), f32)
        self._everyone = np.arange(voices)
        self._playing = np.arange(voices)

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        """See `runtime.Stream`; allocates nothing."""
        count = 0
        for voice in range(self.voices):
            if active[voice]:
                self._playing[count] = voice
                count += 1
        self._play(self._playing[:count], latents, noise, temperature, audio, self._undrawn)

    def advance_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, audio: np.ndarray
    ) -> np.ndarray:
        """`advance` of all voices for those who compare runtimes: also what was drawn, (voices, steps, bands)."""
        bands = int(self._weights.sizes[BANDS])
        drawn = np.zeros((self.voices, audio.shape[2] // bands, bands), np.float32)
        self._play(self._everyone, latents, noise, temperature, audio, drawn)
        return drawn

    def _play(
        self,
        playing: np.ndarray,
        latents: np.ndarray,
        noise: np.ndarray,
        temperature: np.ndarray,
        audio: np.ndarray,
        drawn: np.ndarray,
    ) -> None:
        w = self._weights
        self._position = kernel.play(
            w.sizes, w.frame, w.step, w.synthesis, w.gains, w.dilations, self._ring_at,
            playing, self._position, self._clock, self._frame_count, latents, noise, temperature,
            self._past, self._frames, self._hidden, self._shares, self._rings, self._previous, self._work,
            self._history, self._mixed, audio, drawn,
        )  # fmt: skip

    def reset(self, voice: int) -> None:
        for array in (self._rings, self._past, self._previous, self._history, self._clock, self._frame_count):
            array[voice] = 0

    def save(self) -> State:
        z = self._weights.sizes
        back, taps, bands = int(z[FRAMES_BACK]), int(z[TAPS]), int(z[BANDS])
        rings = {
            f"layer_{layer}": _rolled(self._ring(layer), self._clock % dilation)
            for layer, dilation in enumerate(self._weights.dilations)
        }
        window = self._history.reshape(self.voices, 2 * taps, bands)[:, :taps]
        history = _rolled(window, self._clock % taps)[:, 1:]
        state = {
            "condition": _rolled(self._past, self._frame_count % back).transpose(0, 2, 1).copy(),
            "previous": self._previous.copy(),
            **rings,
            "synthesis": history.transpose(0, 2, 1).copy(),
        }
        return {**state, POSITION: np.full(self.voices, self._position)} if self._position else state

    def load(self, state: State) -> None:
        taps, bands = int(self._weights.sizes[TAPS]), int(self._weights.sizes[BANDS])
        self._clock[:] = 0
        self._frame_count[:] = 0
        self._position = int(state[POSITION][0]) if POSITION in state else 0
        self._past[:] = state["condition"].transpose(0, 2, 1)
        self._previous[:] = state["previous"]
        for layer in range(len(self._weights.dilations)):
            self._ring(layer)[:] = state[f"layer_{layer}"]
        halves = self._history.reshape(self.voices, 2, taps, bands)
        halves[:, :, 1:] = state["synthesis"].transpose(0, 2, 1)[:, None]

    def _ring(self, layer: int) -> np.ndarray:
        """A view of one layer's past inputs, (voices, dilation, residual)."""
        residual, dilation = int(self._weights.sizes[RESIDUAL]), int(self._weights.dilations[layer])
        start = int(self._ring_at[layer])
        return self._rings[:, start : start + dilation * residual].reshape(self.voices, dilation, residual)


def _rolled(rings: np.ndarray, oldest: np.ndarray) -> np.ndarray:
    """Rings (voices, slots, n) with the slot `oldest` (voices,) of each brought to the front; a copy."""
    return np.stack([np.roll(ring, -int(first), axis=0) for ring, first in zip(rings, oldest, strict=True)])
