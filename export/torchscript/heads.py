"""What `models.wavenet_vae.heads` draws, in the words that TorchScript knows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ...models.levels import (
    HALF_RANGE,
    LEVELS,
    MINIMUM_LOG_SCALE,
    MINIMUM_TEMPERATURE,
    MINIMUM_UNIFORM,
    MIXTURES,
    MU,
    SILENCE,
)


class ScriptedSoftmaxHead(nn.Module):
    """`heads.SoftmaxHead`: µ-law codes."""

    def __init__(self) -> None:
        super().__init__()
        self.mu, self.log_mu = float(MU), math.log1p(MU)
        self.levels, self.silence, self.coldest = LEVELS, SILENCE, MINIMUM_TEMPERATURE

    @torch.jit.export
    def read(self, values: Tensor) -> Tensor:
        """Values to what the network is shown of its past, any shape."""
        return values

    @torch.jit.export
    def amplitude(self, values: Tensor) -> Tensor:
        """Values to amplitude, any shape."""
        return torch.sign(values) * torch.expm1(values.abs() * self.log_mu) / self.mu

    def forward(self, outputs: Tensor, uniform: Tensor, temperature: Tensor) -> Tensor:
        """Values (batch, bands) from outputs (batch, bands, 256), uniform (batch, bands) and temperature (batch,)."""
        scaled = outputs / temperature.clamp(min=self.coldest)[:, None, None]
        cumulative = torch.softmax(scaled, dim=-1).cumsum(dim=-1)
        codes = (cumulative <= uniform[:, :, None]).sum(dim=-1).clamp_(max=self.levels - 1)
        return (codes - self.silence).float() / (self.levels // 2)


class ScriptedLogisticHead(nn.Module):
    """`heads.LogisticHead`: 16-bit samples from a mixture of logistics."""

    def __init__(self) -> None:
        super().__init__()
        self.mu, self.log_mu = float(MU), math.log1p(MU)
        self.mixtures, self.half_range = MIXTURES, float(HALF_RANGE)
        self.narrowest, self.coldest, self.margin = MINIMUM_LOG_SCALE, MINIMUM_TEMPERATURE, MINIMUM_UNIFORM

    @torch.jit.export
    def read(self, values: Tensor) -> Tensor:
        """Values to what the network is shown of its past, any shape."""
        return torch.sign(values) * torch.log1p(self.mu * values.abs().clamp(max=1.0)) / self.log_mu

    @torch.jit.export
    def amplitude(self, values: Tensor) -> Tensor:
        """Values to amplitude, any shape."""
        return values

    def forward(self, outputs: Tensor, uniform: Tensor, temperature: Tensor) -> Tensor:
        """Values (batch, bands) from outputs (batch, bands, 3 × mixtures), uniform (batch, bands), temperature (batch,)."""
        logits, means, log_scales = outputs.chunk(3, dim=-1)
        share = torch.softmax(logits / temperature.clamp(min=self.coldest)[:, None, None], dim=-1)
        below = share.cumsum(dim=-1) - share
        which = ((below <= uniform[:, :, None]).sum(dim=-1, keepdim=True) - 1).clamp_(min=0)
        within = (uniform - below.gather(-1, which)[:, :, 0]) / share.gather(-1, which)[:, :, 0]
        within = within.clamp_(self.margin, 1.0 - self.margin)
        scale = log_scales.gather(-1, which)[:, :, 0].clamp(min=self.narrowest).exp_() * temperature[:, None]
        samples = means.gather(-1, which)[:, :, 0] + scale * torch.log(within / (1.0 - within))
        codes = torch.round(samples * self.half_range).clamp_(-self.half_range, self.half_range - 1.0)
        return codes / self.half_range


SCRIPTED_HEADS: dict[str, type[nn.Module]] = {"softmax": ScriptedSoftmaxHead, "logistic": ScriptedLogisticHead}
