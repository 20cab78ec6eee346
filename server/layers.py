"""The model that plays, and while one fades over to the next, both."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from .layer import Layer
from .mixer import Mixer

SWAP_S = 0.1
"""One model fades over to the next in this time."""


class Layers:
    """A layer, and the one that it takes the place of, equal in power: two models' sounds have nothing to do with each other.

    Any thread may call `swap`, `swapping` and `free_retired`; the rest belongs to the engine's.
    """

    def __init__(self, first: Layer, sample_rate_hz: int) -> None:
        self.playing = first
        self._leaving: Layer | None = None
        self._swaps: deque[tuple[int | None, Layer]] = deque()
        self._retired: deque[Layer] = deque()
        samples = max(1, round(SWAP_S * sample_rate_hz))
        quarter = np.arange(1, samples + 1) / samples * (np.pi / 2)
        self._coming, self._going = np.sin(quarter).astype(np.float32), np.cos(quarter).astype(np.float32)
        self._begun = 0  # the sample at which the swap under way did

    def swap(self, layer: Layer, at_sample: int | None = None) -> None:
        """Fade over to `layer` as soon as it can be, or at a sample of the stream that is still to come."""
        self._swaps.append((at_sample, layer))

    @property
    def swapping(self) -> bool:
        """While one model fades over to another, or is about to."""
        return bool(self._swaps) or self._leaving is not None

    def free_retired(self) -> None:
        """Let go of what has faded out: on the caller's thread, as freeing a model takes a while."""
        self._retired.clear()

    def next_turn(self, before_sample: int) -> int:
        """The sample at which a swap ends or the next one is due, or `before_sample` when that comes first."""
        if self._leaving is not None:
            return min(self._begun + len(self._going), before_sample)
        return int(min(self.swap_sample, before_sample))

    @property
    def swap_sample(self) -> float:
        """From here on, what is said is for the layer that comes next; endless while there is none."""
        at = self._swaps[0][0] if self._swaps else None
        return math.inf if at is None else at

    def begin_swap(self, sample: int) -> Layer | None:
        """Begin the swap that is due at `sample`, if there is one; returns the layer that comes."""
        if self._leaving is not None or not self._swaps:
            return None
        at, layer = self._swaps[0]
        if at is None:  # the first sample for which nothing has been settled with the layer that leaves
            at = self.playing.reaches(sample) + 1
            self._swaps[0] = (at, layer)
        if at > sample:
            return None
        self._swaps.popleft()
        layer.take_over(self.playing, sample)
        self._leaving, self.playing = self.playing, layer
        self._begun = sample
        return layer

    def play(self, first: int, out: np.ndarray, mixer: Mixer) -> None:
        """Add the output samples from `first` on of all that sounds to `out` (channels, samples); raises what a decoder raised."""
        samples = out.shape[1]
        if self._leaving is None:
            mixer.add(self.playing.play(first, samples), None, out)
            return
        now = slice(first - self._begun, first - self._begun + samples)
        mixer.add(self.playing.play(first, samples), self._coming[now], out)
        mixer.add(self._leaving.play(first, samples), self._going[now], out)
        if now.stop >= len(self._going):
            self._retired.append(self._leaving)
            self._leaving = None
