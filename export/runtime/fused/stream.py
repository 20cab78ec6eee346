"""Voices that the fused kernel plays: their memory is made once and moves on in place."""

from __future__ import annotations

import numpy as np

from .. import POSITION, State
from . import kernel
from .crew import Crew
from .layout import BANDS, FRAME_PAST, FRAMES_BACK, HISTORY, LATENTS, PREVIOUS, RESIDUAL, RINGS, ROW, TAPS, aligned
from .weights import Weights

VOICES_A_THREAD = 2
"""Two voices cost little more than one, since they share the weights' way from memory: fewer are not worth a thread."""


class FusedStream:
    """A Stream (see `runtime.Stream`); several voices are spread over `threads` threads at most."""

    def __init__(self, weights: Weights, voices: int, threads: int = 1) -> None:
        self.voices = voices
        self._crew = Crew(min(threads, max(1, voices // VOICES_A_THREAD)))
        self._weights = weights
        self._bands = int(weights.plan[BANDS])
        self._memory = aligned(voices * int(weights.plan[ROW]))
        self._clocks = np.zeros(voices, np.int64)
        self._frame_counts = np.zeros(voices, np.int64)
        self._position = 0
        self._playing = np.arange(voices)
        self._undrawn = np.zeros((voices, 0, self._bands), np.float32)

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        """See `runtime.Stream`; allocates nothing that grows."""
        count = 0
        for voice in range(self.voices):
            if active[voice]:
                self._playing[count] = voice
                count += 1
        self._play(self._playing[:count], latents, noise, temperature, audio, self._undrawn)

    def advance_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, audio: np.ndarray
    ) -> np.ndarray:
        """`advance` of all voices for those who compare runtimes: also the values drawn, (voices, steps, bands)."""
        drawn = np.zeros((self.voices, audio.shape[2] // self._bands, self._bands), np.float32)
        self._play(np.arange(self.voices), latents, noise, temperature, audio, drawn)
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
        w, begins_at = self._weights, self._position
        parts = min(self._crew.size, max(1, len(playing) // VOICES_A_THREAD))

        def play_part(part: int) -> None:
            first, end = part * len(playing) // parts, (part + 1) * len(playing) // parts
            self._position = kernel.play(
                w.plan, w.dilations, w.rings, w.frame, w.ahead, w.step, w.synthesis, w.gains,
                self._memory, playing[first:end], begins_at, self._clocks, self._frame_counts,
                latents, noise, temperature, audio, drawn,
            )  # fmt: skip

        self._crew.share(play_part, parts)

    def reset(self, voice: int) -> None:
        self._memory.reshape(self.voices, -1)[voice] = 0
        self._clocks[voice] = self._frame_counts[voice] = 0

    def save(self) -> State:
        p = self._weights.plan
        rings = {
            f"layer_{layer}": _rolled(self._ring(layer), self._clocks % dilation)
            for layer, dilation in enumerate(self._weights.dilations)
        }
        taps = int(p[TAPS])
        history = _rolled(self._part(HISTORY, 2 * taps, self._bands)[:, :taps], self._clocks % taps)[:, 1:]
        past = _rolled(self._frame_past(), self._frame_counts % int(p[FRAMES_BACK]))
        state = {
            "condition": np.ascontiguousarray(past.transpose(0, 2, 1)),
            "previous": self._part(PREVIOUS, self._bands).copy(),
            **rings,
            "synthesis": np.ascontiguousarray(history.transpose(0, 2, 1)),
        }
        return {**state, POSITION: np.full(self.voices, self._position)} if self._position else state

    def load(self, state: State) -> None:
        self._clocks[:] = 0
        self._frame_counts[:] = 0
        self._position = int(state[POSITION][0]) if POSITION in state else 0
        self._frame_past()[:] = state["condition"].transpose(0, 2, 1)
        self._part(PREVIOUS, self._bands)[:] = state["previous"]
        for layer in range(len(self._weights.dilations)):
            self._ring(layer)[:] = state[f"layer_{layer}"]
        # Row 0 of each half is written before it is read.
        halves = self._part(HISTORY, 2, int(self._weights.plan[TAPS]), self._bands)
        halves[:, :, 1:] = state["synthesis"].transpose(0, 2, 1)[:, None]

    def _part(self, place: int, *shape: int, offset: int | None = None) -> np.ndarray:
        """A view of one thing of every voice, (voices, *shape), at `offset` or at the plan's place."""
        rows = self._memory.reshape(self.voices, -1)
        start = int(self._weights.plan[place]) if offset is None else offset
        return rows[:, start : start + int(np.prod(shape))].reshape(self.voices, *shape)

    def _frame_past(self) -> np.ndarray:
        p = self._weights.plan
        return self._part(FRAME_PAST, int(p[FRAMES_BACK]), int(p[LATENTS]))

    def _ring(self, layer: int) -> np.ndarray:
        w = self._weights
        return self._part(RINGS, int(w.dilations[layer]), int(w.plan[RESIDUAL]), offset=int(w.rings[layer]))


def _rolled(rings: np.ndarray, oldest: np.ndarray) -> np.ndarray:
    """Rings (voices, slots, n) with the slot `oldest` (voices,) of each brought to the front; a copy."""
    return np.stack([np.roll(ring, -int(first), axis=0) for ring, first in zip(rings, oldest, strict=True)])
