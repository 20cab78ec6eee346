"""Runtimes: an artefact becomes a Decoder, and a Decoder's voices play in a Stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from ..errors import LatentoneError
from ..manifest import Manifest

State = dict[str, np.ndarray]
"""Named tensors, each (batch, …) as the manifest's `state` says. Never a hidden buffer: a block can be replayed."""

POSITION = "position"
"""A state saved inside a frame has this besides what the manifest lists: steps of the frame that are over, (batch,)."""


def need_frame(state: State, runtime: str) -> None:
    """Raises LatentoneError for a state from inside a frame, where `runtime` begins with frames only."""
    if POSITION in state:
        steps = int(state[POSITION][0])
        raise LatentoneError(f"this state was saved {steps} steps into a frame, and {runtime} begins where frames do")


class Stream(Protocol):
    """Voices in motion: owns their state, on whatever device it lives. One thread uses it; `advance` does no I/O.

    What `Decoder.decode` is to a block that may be replayed, this is to a concert: state moves on in place, and after the
    first block of a size `advance` allocates nothing that grows.
    """

    voices: int

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        """The next samples of every voice that is `active`.

        audio: float32 (voices, channels, samples), filled where active and untouched elsewhere; samples is a multiple of
        the decoder's `control_samples`. noise: float32 (voices, samples × noise_per_frame / hop_samples), uniform in
        [0, 1). temperature: float32 (voices,). active: bool (voices,); the state of others stands still and costs nothing.
        latents: float32 (voices, dim, frames), a column for every frame of `hop_samples` that the block touches. Frames
        lie on a grid that starts with the stream; where a block begins inside a frame, its first column takes over there
        and then, for the rest of that frame. A call that raises has moved on along the grid all the same.
        """
        ...

    def reset(self, voice: int) -> None:
        """Back to the state before anything was played, for one voice; the grid of frames stays."""
        ...

    def save(self) -> State:
        """A copy of the state of all voices, as `Decoder.decode` takes it.

        Between frames any runtime of the same model goes on from it; inside a frame (see POSITION) those with kernels of ours.
        """
        ...

    def load(self, state: State) -> None:
        """Go on from a state that `save` or `Decoder.decode` of any runtime of the same model gave.

        Raises LatentoneError for one from inside a frame where this runtime begins with frames only; nothing has changed then.
        """
        ...


@runtime_checkable
class HasAttributes(Protocol):
    """A Stream of a model with attributes, as nn~'s hosts set them. On the thread that calls `advance`."""

    def attributes(self) -> dict[str, tuple[list[str], list[float | int | str]]]:
        """Of each the kinds of its values, and what they are."""
        ...

    def set_attribute(self, name: str, values: Sequence[float | int | str]) -> None:
        """In every voice. Raises LatentoneError, one line, for what the model does not have or take."""
        ...


class Decoder(Protocol):
    """Latent frames in, audio out. Called by one thread at a time; `decode` never blocks on I/O."""

    manifest: Manifest
    runtime: str
    """Which runtime this is and on what, for people: `fused on 1 core`."""
    control_samples: int
    """A stream's block is a multiple of so many samples, and latents can change there: divides `hop_samples`."""

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

    def stream(self, voices: int) -> Stream:
        """`voices` voices, each in its initial state."""
        ...
