"""What the decoders with a kernel of ours share: a block that may be replayed is a stream loaded, moved on, and saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np

from ..manifest import Manifest
from . import State, Stream


class DrawingStream(Stream, Protocol):
    """A Stream that also tells what it drew."""

    def advance_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, audio: np.ndarray
    ) -> np.ndarray:
        """`advance` of all voices; values drawn, (voices, steps, bands)."""
        ...


class KernelDecoder(ABC):
    """A Decoder (see `runtime.Decoder`), but for `runtime` and `control_samples`, made of a stream."""

    manifest: Manifest

    @abstractmethod
    def stream(self, voices: int) -> DrawingStream: ...

    def initial_state(self, batch: int) -> State:
        return {r.name: np.zeros((batch, *r.shape), dtype=r.dtype) for r in self.manifest.state}

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        _, audio, following = self.decode_and_draw(latents, noise, temperature, state)
        return audio, following

    def decode_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, np.ndarray, State]:
        """`decode` for those who compare runtimes: also the values drawn, (batch, steps, bands), before audio."""
        stream = self.stream(len(latents))
        stream.load(state)
        audio = np.zeros((len(latents), 1, latents.shape[2] * self.manifest.hop_samples), np.float32)
        drawn = stream.advance_and_draw(
            np.ascontiguousarray(latents), np.ascontiguousarray(noise), np.ascontiguousarray(temperature), audio
        )
        return drawn, audio, stream.save()
