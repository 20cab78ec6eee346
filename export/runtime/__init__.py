"""Runtimes: an artefact becomes a Decoder."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..manifest import Manifest

State = dict[str, np.ndarray]
"""Named tensors, each (batch, …) as the manifest's `state` says. Never a hidden buffer: a block can be replayed."""


class Decoder(Protocol):
    """Latent frames in, audio out. Called by one thread at a time; `decode` never blocks on I/O."""

    manifest: Manifest
    runtime: str
    """Which runtime this is and on what, for people: `onnx (CPU)`."""

    def initial_state(self, batch: int) -> State:
        """The state before anything was played, for `batch` voices."""
        ...

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        """One block.

        latents: float32 (batch, dim, frames), calibrated. noise: float32 (batch, frames × noise_per_frame), uniform in
        [0, 1). temperature: float32 (batch,), 0 or more. Returns audio float32 (batch, channels, frames × hop_samples)
        in [-1, 1] and the next state; the arguments are left unchanged.
        """
        ...
