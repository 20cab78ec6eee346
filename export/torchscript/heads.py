"""What `models.wavenet_vae.heads` draws, in the words that TorchScript knows and without memory of its own for a draw.

A head's `room` is made once for a block. Constants are tensors in it, since a number would become a new tensor in every operation.
"""

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
        self.last, self.silence, self.half_levels = float(LEVELS - 1), float(SILENCE), float(LEVELS // 2)
        self.coldest = MINIMUM_TEMPERATURE

    @torch.jit.export
    def amplitude(self, values: Tensor) -> Tensor:
        """Values to amplitude, any shape."""
        return torch.sign(values) * torch.expm1(values.abs() * self.log_mu) / self.mu

    @torch.jit.export
    def room(self, outputs: Tensor, temperature: Tensor) -> dict[str, Tensor]:
        """For draws from outputs (batch, bands, 256), which are filled anew for each, at temperature (batch,)."""
        return {
            "outputs": outputs,
            "heat": temperature.clamp(min=self.coldest)[:, None, None],
            "chances": torch.empty_like(outputs),
            "cumulative": torch.empty_like(outputs),
            "counted": torch.empty_like(outputs),
            "passed": torch.empty(outputs.size(), dtype=torch.bool),
            "silence": torch.tensor(self.silence),
            "half": torch.tensor(self.half_levels),
        }

    @torch.jit.export
    def read(self, values: Tensor, room: dict[str, Tensor]) -> Tensor:
        """Values (batch, bands) to what the network is shown of its past."""
        return values

    def forward(self, room: dict[str, Tensor], uniform: Tensor, values: Tensor) -> None:
        """Fill values (batch, bands, 1) with a draw by uniform (batch, bands, 1)."""
        chances, cumulative, counted, passed = room["chances"], room["cumulative"], room["counted"], room["passed"]
        torch.div(room["outputs"], room["heat"], out=counted)
        torch.softmax(counted, -1, out=chances)
        torch.cumsum(chances, -1, out=cumulative)
        torch.le(cumulative, uniform, out=passed)
        counted.copy_(passed)
        torch.sum(counted, [-1], keepdim=True, out=values)
        values.clamp_(max=self.last).sub_(room["silence"]).div_(room["half"])


class ScriptedLogisticHead(nn.Module):
    """`heads.LogisticHead`: 16-bit samples from a mixture of logistics."""

    def __init__(self) -> None:
        super().__init__()
        self.mu, self.log_mu = float(MU), math.log1p(MU)
        self.mixtures, self.half_range = MIXTURES, float(HALF_RANGE)
        self.narrowest, self.coldest, self.margin = MINIMUM_LOG_SCALE, MINIMUM_TEMPERATURE, MINIMUM_UNIFORM

    @torch.jit.export
    def amplitude(self, values: Tensor) -> Tensor:
        """Values to amplitude, any shape."""
        return values

    @torch.jit.export
    def room(self, outputs: Tensor, temperature: Tensor) -> dict[str, Tensor]:
        """For draws from outputs (batch, bands, 3 × mixtures), which are filled anew for each, at temperature (batch,)."""
        logits, means, log_scales = outputs.chunk(3, dim=-1)
        one = torch.empty(logits.size(0), logits.size(1), 1)
        return {
            "logits": logits,
            "means": means,
            "log_scales": log_scales,
            "heat": temperature[:, None, None],
            "warmth": temperature.clamp(min=self.coldest)[:, None, None],
            "share": torch.empty(logits.size()),
            "below": torch.empty(logits.size()),
            "counted": torch.empty(logits.size()),
            "passed": torch.empty(logits.size(), dtype=torch.bool),
            "which": torch.empty(one.size(), dtype=torch.int64),
            "chosen": one,
            "within": torch.empty_like(one),
            "rest": torch.empty_like(one),
            "shown": torch.empty(logits.size(0), logits.size(1)),
            "one": torch.tensor(1.0),
            "mu": torch.tensor(self.mu),
            "log_mu": torch.tensor(self.log_mu),
            "half_range": torch.tensor(self.half_range),
        }

    @torch.jit.export
    def read(self, values: Tensor, room: dict[str, Tensor]) -> Tensor:
        """Values (batch, bands) to what the network is shown of its past: in the room's own memory."""
        shown = room["shown"]
        torch.abs(values, out=shown)
        shown.clamp_(max=1.0).mul_(room["mu"]).log1p_().div_(room["log_mu"])
        return torch.copysign(shown, values, out=shown)

    def forward(self, room: dict[str, Tensor], uniform: Tensor, values: Tensor) -> None:
        """Fill values (batch, bands, 1) with a draw by uniform (batch, bands, 1)."""
        share, below, counted, passed = room["share"], room["below"], room["counted"], room["passed"]
        which, chosen, within, rest = room["which"], room["chosen"], room["within"], room["rest"]
        torch.div(room["logits"], room["warmth"], out=counted)
        torch.softmax(counted, -1, out=share)
        torch.cumsum(share, -1, out=below)
        below.sub_(share)
        torch.le(below, uniform, out=passed)
        counted.copy_(passed)
        torch.sum(counted, [-1], keepdim=True, out=rest)
        which.copy_(rest.sub_(room["one"]).clamp_(min=0.0))
        torch.gather(below, -1, which, out=chosen)
        torch.sub(uniform, chosen, out=within)
        torch.gather(share, -1, which, out=chosen)
        within.div_(chosen).clamp_(self.margin, 1.0 - self.margin)
        torch.sub(room["one"], within, out=rest)
        torch.div(within, rest, out=rest)
        torch.gather(room["log_scales"], -1, which, out=chosen)
        rest.log_().mul_(chosen.clamp_(min=self.narrowest).exp_().mul_(room["heat"]))
        torch.gather(room["means"], -1, which, out=values)
        values.add_(rest).mul_(room["half_range"]).round_().clamp_(-self.half_range, self.half_range - 1.0)
        values.div_(room["half_range"])


SCRIPTED_HEADS: dict[str, type[nn.Module]] = {"softmax": ScriptedSoftmaxHead, "logistic": ScriptedLogisticHead}
