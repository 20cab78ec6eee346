"""The model that plays, and while one fades over to the next, both."""

from __future__ import annotations

from collections import deque

import numpy as np

from .layer import Layer
from .mixer import Mixer
from .ramp import Ramp

SWAP_S = 0.1
"""One model fades over to the next in this time."""


class Layers:
    """A layer, and the one that it takes the place of, equal in power: two models' sounds have nothing to do with each other.

    Any thread may call `swap`, `swapping` and `free_retired`; the rest belongs to the engine's.
    """

    def __init__(self, first: Layer, sample_rate_hz: int, most_samples: int) -> None:
        self.playing = first
        self._leaving: Layer | None = None
        self._swaps: deque[tuple[int, Layer]] = deque()
        self._retired: deque[Layer] = deque()
        self._fade = Ramp(np.zeros(1), max(1, round(SWAP_S * sample_rate_hz)))
        self._nothing, self._all = np.zeros(1), np.ones(1)
        self._coming = np.zeros((1, most_samples), np.float32)
        self._going = np.zeros((1, most_samples), np.float32)

    def swap(self, layer: Layer, at_sample: int = 0) -> None:
        """Fade over to `layer` with the next block, or at a sample of the stream that is still to come."""
        self._swaps.append((at_sample, layer))

    @property
    def swapping(self) -> bool:
        """While one model fades over to another, or is about to."""
        return bool(self._swaps) or self._leaving is not None

    def free_retired(self) -> None:
        """Let go of what has faded out: on the caller's thread, as freeing a model takes a while."""
        self._retired.clear()

    def next_swap(self, before_sample: int) -> int:
        """The sample at which the next swap is due, or `before_sample` when that comes first."""
        return min(self._swaps[0][0], before_sample) if self._swaps and self._leaving is None else before_sample

    def begin_swap(self, sample: int) -> Layer | None:
        """Begin the swap that is due at `sample`, if there is one; returns the layer that comes."""
        if self._leaving is not None or not self._swaps or self._swaps[0][0] > sample:
            return None
        layer = self._swaps.popleft()[1]
        layer.take_over(self.playing, sample)
        self._leaving, self.playing = self.playing, layer
        self._fade.jump(self._nothing)
        self._fade.turn(self._all)
        return layer

    def play(self, first: int, out: np.ndarray, mixer: Mixer) -> None:
        """Add the output samples from `first` on of all that sounds to `out` (channels, samples); raises what a decoder raised."""
        samples = out.shape[1]
        if self._leaving is None:
            mixer.add(self.playing.play(first, samples), None, out)
            return
        coming, going = self._coming[:, :samples], self._going[:, :samples]
        self._fade.fill(coming)
        coming *= np.float32(np.pi / 2)
        np.cos(coming, out=going)
        np.sin(coming, out=coming)
        mixer.add(self.playing.play(first, samples), coming[0], out)
        mixer.add(self._leaving.play(first, samples), going[0], out)
        if self._fade.left_samples == 0:
            self._retired.append(self._leaving)
            self._leaving = None
