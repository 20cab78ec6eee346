"""PyTorch as a runtime, to compare with: the model's own eager step, and one scripted step a call."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...models.streaming import GatedLayer
from ...models.wavenet_vae.decoder import Decoder
from . import models


class EagerStream:
    """As `runtime.Stream.advance`, by the model's own `decode`: the network runs step by step, all voices in a batch."""

    def __init__(self, decoder: Decoder, voices: int) -> None:
        self._decoder = decoder
        self._state = decoder.initial_state(voices)

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        sound, self._state = self._decoder.decode(
            torch.from_numpy(latents), torch.from_numpy(noise), torch.from_numpy(temperature), self._state
        )
        audio[:] = sound.numpy()


class ScriptedStream:
    """As `runtime.Stream.advance`, by one call of a frozen TorchScript module a step; conditioning and filters a block."""

    def __init__(self, decoder: Decoder, voices: int) -> None:
        self._decoder = decoder
        self._state = decoder.initial_state(voices)
        self._pasts = [self._state[f"layer_{i}"] for i in range(len(decoder.layers))]
        self._clock = 0
        self._step = _scripted_step(decoder, voices)

    @torch.inference_mode()
    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        decoder, state, h = self._decoder, self._state, self._decoder.hyperparameters
        warmth = torch.from_numpy(temperature)
        shares, state["condition"] = decoder.conditioning(torch.from_numpy(latents), state["condition"])
        previous, drawn = state["previous"], []
        for index, uniform in enumerate(torch.from_numpy(noise).unflatten(-1, (-1, h.bands)).unbind(1)):
            share = shares[:, index // h.steps_per_frame]
            codes, previous = self._step(previous, share, self._pasts, self._clock, uniform, warmth)
            self._clock += 1
            drawn.append(codes)
        state["previous"] = previous
        sound, state["synthesis"] = decoder.synthesise(torch.stack(drawn, dim=1), state["synthesis"])
        audio[:, 0] = sound.numpy()


class TorchDecoder:
    """A `measure.Measurable`."""

    def __init__(self, path: Path, kind: type[EagerStream] | type[ScriptedStream]) -> None:
        self._decoder, self.manifest = models.read(path)
        self._kind = kind

    def stream(self, voices: int) -> EagerStream | ScriptedStream:
        return self._kind(self._decoder, voices)


class _Step(nn.Module):
    """One step of the network; a layer's past is a ring that is written in place, so no queue is copied."""

    def __init__(self, decoder: Decoder, read: Any, draw: Any) -> None:
        """read, draw: the head's, as TorchScript."""
        super().__init__()
        layers = [layer for layer in decoder.layers if isinstance(layer, GatedLayer)]
        self.dilations: list[int] = [layer.dilation for layer in layers]
        self.input, self.skip, self.hidden, self.output = decoder.input, decoder.skip, decoder.hidden, decoder.output
        self.inputs = nn.ModuleList([layer.input for layer in layers])
        self.residuals = nn.ModuleList([layer.residual for layer in layers])
        self.bands = decoder.hyperparameters.bands
        self.read, self.draw = read, draw

    def forward(
        self, previous: Tensor, share: Tensor, pasts: list[Tensor], clock: int, uniform: Tensor, temperature: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Codes drawn, and their values, (voices, bands) both, from the values before them and uniform, (voices, bands).

        share: of the latents in all gates, (voices, layers × gate channels). pasts: a ring of each layer, (voices, dilation,
        channels), written at `clock`, in steps. temperature (voices,).
        """
        x = self.input(self.read(previous))
        shares = share.chunk(len(self.dilations), dim=-1)
        gated = []
        for i, (taps, residual) in enumerate(zip(self.inputs, self.residuals, strict=False)):
            past = pasts[i].select(1, clock % self.dilations[i])
            joined = torch.cat([past, x], dim=-1)
            past.copy_(x)
            signal, gate = (taps(joined) + shares[i]).chunk(2, dim=-1)
            out = torch.tanh(signal) * torch.sigmoid(gate)
            gated.append(out)
            x = x + residual(out)
        hidden = torch.relu(self.hidden(torch.relu(self.skip(torch.cat(gated, dim=-1)))))
        return self.draw(self.output(hidden).unflatten(-1, (self.bands, -1)), uniform, temperature)


def _scripted_step(decoder: Decoder, voices: int) -> torch.jit.ScriptModule:
    """A `_Step` scripted and frozen; the head, which is plain Python, is traced for so many voices."""
    head, bands = decoder.head, decoder.hyperparameters.bands

    def draw(outputs: Tensor, uniform: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        codes = head.draw(outputs, uniform, temperature)
        return codes, head.value(codes)

    uniform, temperature = torch.full((voices, bands), 0.5), torch.ones(voices)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = torch.jit.trace(head.read, uniform)
        drawn = torch.jit.trace(draw, (torch.randn(voices, bands, head.outputs), uniform, temperature))
        return torch.jit.freeze(torch.jit.script(_Step(decoder, read, drawn)).eval())
