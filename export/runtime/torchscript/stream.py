"""Voices of a TorchScript decoder in motion, each a module of its own, and their state as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .. import State, need_frame
from .attributes import Value
from .nn_file import state_of

if TYPE_CHECKING:
    from .decoder import TorchscriptDecoder


class TorchscriptStream:
    """A Stream (see `runtime.Stream`); frames and blocks begin together, since `control_samples` is `hop_samples`.

    Attributes are those of all voices; set between two blocks, on the thread that calls `advance`.
    """

    def __init__(self, decoder: TorchscriptDecoder, voices: int) -> None:
        self.voices = voices
        self._decoder = decoder
        self._modules = [decoder.voice() for _ in range(voices)]

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        play = self._decoder.play
        for voice, module in enumerate(self._modules):
            if active[voice]:
                play(module, latents[voice], noise[voice], temperature[voice], audio[voice])

    def reset(self, voice: int) -> None:
        self._decoder.rest(self._modules[voice])

    def save(self) -> State:
        state = self._decoder.initial_state(self.voices)
        for voice, module in enumerate(self._modules):
            take(module, state, voice)
        return state

    def load(self, state: State) -> None:
        for voice, module in enumerate(self._modules):
            put(module, state, voice)

    def attributes(self) -> dict[str, tuple[list[str], list[Value]]]:
        """Of each attribute the kinds of its values, and what they are."""
        known = self._decoder.attributes
        return {name: (known.kinds(name), known.get(self._modules[0], name)) for name in known.names()}

    def set_attribute(self, name: str, values: Sequence[Value]) -> None:
        """Raises LatentoneError, one line, for what the model does not have or take."""
        self._decoder.attributes.set(self._modules, name, values)


@torch.inference_mode()
def put(module: Any, state: State, row: int) -> None:
    """Row `row` of every tensor of `state` into the module's buffers. Raises LatentoneError for a state from inside a frame."""
    need_frame(state, "TorchScript")
    for name, buffer in state_of(module).items():
        buffer.copy_(torch.from_numpy(np.asarray(state[name][row])))


@torch.inference_mode()
def take(module: Any, state: State, row: int) -> None:
    """The module's buffers into row `row` of every tensor of `state`."""
    for name, buffer in state_of(module).items():
        state[name][row] = buffer.cpu().numpy()
