"""The decoder: latents condition a WaveNet that draws one sample a band and step, each from its own past."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..filterbank import FilterBank
from ..streaming import CausalConv1d, GatedLayer
from .heads import HEADS
from .hyperparameters import Hyperparameters

State = dict[str, Tensor]


class Decoder(nn.Module):
    """Causal throughout, conditioning included: what is trained on whole clips is what streams.

    Latents are held for `latent_hop_samples` in training. The conditioning convolution (kernel 3 over latents) runs at
    the finer control rate with its taps one latent apart, so held latents give exactly the same conditioning there, and
    in playing latents may move with every frame of `control_hop_samples`.
    """

    band_gains: Tensor

    def __init__(self, hyperparameters: Hyperparameters) -> None:
        super().__init__()
        h = self.hyperparameters = hyperparameters
        self.head = HEADS[h.head]
        self.filter_bank = FilterBank(h.bands)
        self.register_buffer("band_gains", torch.ones(h.bands, 1))
        self.speaker = nn.Embedding(len(h.speakers), h.conditioning) if h.speakers else None
        self.condition = CausalConv1d(h.latents, h.conditioning, kernel=3, dilation=h.frames_per_latent)
        self.project = nn.Linear(h.conditioning, len(h.dilations) * h.gate)
        self.input = nn.Linear(h.bands, h.residual)
        self.layers = nn.ModuleList([GatedLayer(h.residual, h.gate, dilation) for dilation in h.dilations])
        # Nothing follows the last layer's residual, so nothing can teach it.
        self.layers[-1].get_submodule("residual").requires_grad_(False)
        self.skip = nn.Linear(len(h.dilations) * h.gate // 2, h.skip)
        self.hidden = nn.Linear(h.skip, h.skip)
        self.output = nn.Linear(h.skip, h.bands * self.head.outputs)
        self.head.initialise(self.output)

    @property
    def latency_samples(self) -> int:
        """From a latent going in to the middle of its sound coming out: the synthesis filters' delay."""
        return self.filter_bank.latency_samples

    def codes(self, audio: Tensor) -> Tensor:
        """Audio (batch, samples) to the head's codes (batch, steps, bands)."""
        return self.head.encode(self.filter_bank.analyse(audio) * self.band_gains).transpose(1, 2)

    def synthesise(self, codes: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The head's codes (batch, steps, bands) to audio (batch, samples), and the filter bank's next past."""
        bands = self.head.amplitude(self.head.value(codes)).transpose(1, 2) / self.band_gains
        audio, next_past = self.filter_bank.synthesise(bands, past)
        return audio.clamp(-1.0, 1.0), next_past

    def conditioning(
        self, frames: Tensor, past: Tensor | None = None, speaker: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Latents at the control rate (batch, latents, frames) to every layer's share (batch, frames, layers × gate).

        speaker: indices (batch,), needed by a model trained with speakers.
        """
        hidden, next_past = self.condition(frames, past)
        if self.speaker is not None and speaker is not None:
            hidden = hidden + self.speaker(speaker)[:, :, None]
        return self.project(F.relu(hidden).transpose(1, 2)), next_past

    def network(
        self, previous: Tensor, conditioning: Tensor, state: State | None = None, wanted: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """previous: values of the step before (batch, steps, bands); conditioning: (batch, steps, layers × gate).

        wanted: indices of the steps whose outputs are, if not all. Returns what the head takes
        (batch, steps wanted, bands, outputs) and the layers' next state.
        """
        x = self.input(self.head.read(previous))
        gated, next_state = [], {}
        shares = conditioning.chunk(len(self.layers), dim=-1)
        for index, (layer, share) in enumerate(zip(self.layers, shares, strict=True)):
            name = f"layer_{index}"
            x, out, next_state[name] = layer(x, share, state[name] if state else None)
            gated.append(out if wanted is None else out[:, wanted])
        x = self.hidden(F.relu(self.skip(torch.cat(gated, dim=-1))))
        return self.output(F.relu(x)).unflatten(-1, (self.hyperparameters.bands, self.head.outputs)), next_state

    def teacher_forced(
        self,
        latents: Tensor,
        codes: Tensor,
        history: int,
        speaker: Tensor | None = None,
        wanted: Tensor | None = None,
        noise: Tensor | float = 0.0,
    ) -> Tensor:
        """What the head takes for every step of `codes`, or those of the indices `wanted`, given the true past.

        latents (batch, dim, history + n): `history` latents before the clip, then those of it; codes (batch, steps, bands).
        noise: what the past is heard with, as values (batch, steps, bands). Returns (batch, steps, bands, outputs).
        """
        h = self.hyperparameters
        shares, _ = self.conditioning(latents.repeat_interleave(h.frames_per_latent, dim=-1), speaker=speaker)
        shares = shares[:, history * h.frames_per_latent :].repeat_interleave(h.steps_per_frame, dim=1)
        past = (self.head.value(codes) + noise).clamp(-1.0, 1.0)
        previous = F.pad(past, (0, 0, 1, 0))[:, :-1]
        return self.network(previous, shares, wanted=wanted)[0]

    def initial_state(self, batch: int) -> State:
        """Silence before the start: every tensor zero."""
        h = self.hyperparameters
        shapes = {
            "condition": (h.latents, self.condition.past_frames),
            "previous": (h.bands,),
            **{f"layer_{i}": (dilation, h.residual) for i, dilation in enumerate(h.dilations)},
            "synthesis": (h.bands, self.filter_bank.synthesis.past_frames),
        }
        device = self.band_gains.device
        return {name: torch.zeros(batch, *shape, device=device) for name, shape in shapes.items()}

    @torch.inference_mode()
    def decode(
        self, latents: Tensor, noise: Tensor, temperature: Tensor, state: State, speaker: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """One block of sound: the reference that every runtime is compared with.

        latents (batch, dim, frames) at the control rate; noise (batch, frames × control_hop), uniform in [0, 1), one a
        sample; temperature (batch,). Returns audio (batch, 1, frames × control_hop) and the next state.
        """
        codes, state = self.draw(latents, noise, temperature, state, speaker)
        audio, synthesis = self.synthesise(codes, state["synthesis"])
        return audio[:, None, :], {**state, "synthesis": synthesis}

    @torch.inference_mode()
    def draw(
        self, latents: Tensor, noise: Tensor, temperature: Tensor, state: State, speaker: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """The codes of `decode` before the filter bank, (batch, steps, bands), and the next state."""
        h = self.hyperparameters
        shares, condition = self.conditioning(latents, state["condition"], speaker)
        state = {**state, "condition": condition}
        previous = state["previous"]
        drawn = []
        for step, uniform in enumerate(noise.unflatten(-1, (-1, h.bands)).unbind(1)):
            share = shares[:, step // h.steps_per_frame, None, :]
            outputs, layers = self.network(previous[:, None, :], share, state)
            state = {**state, **layers}
            codes = self.head.draw(outputs[:, 0], uniform, temperature)
            previous = self.head.value(codes)
            drawn.append(codes)
        return torch.stack(drawn, dim=1), {**state, "previous": previous}
