"""What the decoder draws: 8-bit µ-law codes from a softmax, or 16-bit samples from a mixture of logistics.

Each head knows three scales. A *code* is the integer that training predicts; a *value* is what a draw leaves in the decoder's
state and in an exported file's `drawn`; an *amplitude* is what the synthesis filters take.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import mulaw
from ..levels import HALF_RANGE, MINIMUM_LOG_SCALE, MINIMUM_TEMPERATURE, MINIMUM_UNIFORM, MIXTURES

INITIAL_LOG_SCALE = -3.0
TIE = 5e-6
"""How far float error may move a uniform number, a cumulative probability or a sample: 40 steps of float32 below 1. A draw that
differs without that is a fault."""


class Head(Protocol):
    """How one band's next sample is predicted, scored and drawn."""

    outputs: int
    """Network outputs for a band."""
    bits: int
    """Of a code."""
    silence: int
    """The code of amplitude 0."""

    def encode(self, amplitude: Tensor) -> Tensor:
        """Amplitude in [-1, 1] to codes (int64), any shape."""
        ...

    def value(self, codes: Tensor) -> Tensor:
        """Codes to values in [-1, 1], any shape."""
        ...

    def code_of(self, value: float) -> int:
        """The code that has this value."""
        ...

    def amplitude(self, values: Tensor) -> Tensor:
        """Values to amplitude, any shape."""
        ...

    def read(self, values: Tensor) -> Tensor:
        """Values to what the network is shown of its own past, any shape: the perceptually even scale."""
        ...

    def initialise(self, output: nn.Linear) -> None:
        """Set the last layer's bias, (bands × outputs,), so that training starts from a sensible spread."""
        ...

    def cross_entropy(self, outputs: Tensor, codes: Tensor) -> Tensor:
        """Mean nats a code, a scalar; outputs (…, self.outputs), codes (…)."""
        ...

    def draw(self, outputs: Tensor, uniform: Tensor, temperature: Tensor) -> Tensor:
        """Codes (batch, bands) by inverse-transform sampling: one uniform number each.

        outputs (batch, bands, self.outputs), uniform (batch, bands) in [0, 1), temperature (batch,).
        """
        ...

    def is_tie(self, outputs: Tensor, uniform: float, code: int, other: int) -> bool:
        """Whether draws within `TIE` of this one, from outputs (self.outputs,) at temperature 1, are `code` and `other` both."""
        ...

    def firm_uniform(self, outputs: Tensor) -> float:
        """A uniform number whose draw from outputs (self.outputs,) no float error can change."""
        ...


class SoftmaxHead:
    """A softmax over 256 µ-law codes, as in WaveNet (arXiv 1609.03499, section 2.2)."""

    outputs = mulaw.LEVELS
    bits = 8
    silence = mulaw.SILENCE

    def encode(self, amplitude: Tensor) -> Tensor:
        return mulaw.encode(amplitude)

    def value(self, codes: Tensor) -> Tensor:
        return mulaw.companded_value(codes)

    def code_of(self, value: float) -> int:
        return round(value * (mulaw.LEVELS // 2)) + mulaw.SILENCE

    def amplitude(self, values: Tensor) -> Tensor:
        return mulaw.expand(values)

    def read(self, values: Tensor) -> Tensor:
        return values

    def initialise(self, output: nn.Linear) -> None:
        pass  # PyTorch's own start is close to an even choice

    def cross_entropy(self, outputs: Tensor, codes: Tensor) -> Tensor:
        return F.cross_entropy(outputs.flatten(0, -2), codes.flatten())

    def draw(self, outputs: Tensor, uniform: Tensor, temperature: Tensor) -> Tensor:
        """The first code whose cumulative probability exceeds the uniform number."""
        scaled = outputs / temperature.clamp(min=MINIMUM_TEMPERATURE)[:, None, None]
        cumulative = torch.softmax(scaled, dim=-1).cumsum(dim=-1)
        return (cumulative <= uniform[..., None]).sum(dim=-1).clamp(max=mulaw.LEVELS - 1)

    def is_tie(self, outputs: Tensor, uniform: float, code: int, other: int) -> bool:
        edges = torch.softmax(outputs.double(), dim=-1).cumsum(dim=-1)[min(code, other) : max(code, other)]
        return bool(((edges - uniform).abs() < TIE).all())

    def firm_uniform(self, outputs: Tensor) -> float:
        probability = torch.softmax(outputs, dim=-1)
        code = int(probability.argmax())
        return float(probability.cumsum(dim=-1)[code] - probability[code] / 2)


class LogisticHead:
    """A mixture of logistics over 16-bit samples (arXiv 1701.05517, section 2.1), so no coarse codes and no hiss of theirs.

    Outputs are the components' logits, means and log scales, in this order. A sample's probability is the density times
    the width of one code, which is exact enough while scales stay many codes wide (`MINIMUM_LOG_SCALE`).
    """

    outputs = 3 * MIXTURES
    bits = 16
    silence = 0

    def encode(self, amplitude: Tensor) -> Tensor:
        return torch.round(amplitude * HALF_RANGE).clamp(-HALF_RANGE, HALF_RANGE - 1).long()

    def value(self, codes: Tensor) -> Tensor:
        return codes.float() / HALF_RANGE

    def code_of(self, value: float) -> int:
        return round(value * HALF_RANGE)

    def amplitude(self, values: Tensor) -> Tensor:
        return values

    def read(self, values: Tensor) -> Tensor:
        return mulaw.compand(values)

    def initialise(self, output: nn.Linear) -> None:
        with torch.no_grad():
            output.bias.view(-1, 3, MIXTURES)[:, 2] = INITIAL_LOG_SCALE

    def cross_entropy(self, outputs: Tensor, codes: Tensor) -> Tensor:
        logits, means, log_scales = outputs.float().chunk(3, dim=-1)
        log_scales = log_scales.clamp(min=MINIMUM_LOG_SCALE)
        z = (self.value(codes)[..., None] - means) * torch.exp(-log_scales)
        # log of the logistic density: -z - log s - 2 log(1 + exp(-z)), written so that neither end overflows
        log_density = F.logsigmoid(z) + F.logsigmoid(-z) - log_scales
        nats = -torch.logsumexp(F.log_softmax(logits, dim=-1) + log_density, dim=-1)
        return nats.mean() + math.log(HALF_RANGE)

    def draw(self, outputs: Tensor, uniform: Tensor, temperature: Tensor) -> Tensor:
        """The uniform number picks a component; where it falls within that one's share is uniform again and picks the sample.

        Temperature divides the logits and multiplies the scales.
        """
        warmth = temperature.clamp(min=MINIMUM_TEMPERATURE)[:, None, None]
        logits, means, log_scales = outputs.chunk(3, dim=-1)
        share = torch.softmax(logits / warmth, dim=-1)
        below = share.cumsum(dim=-1) - share
        # The last component that begins at or below the number; the first always does.
        which = ((below <= uniform[..., None]).sum(dim=-1, keepdim=True) - 1).clamp(min=0)
        within = (uniform - below.gather(-1, which)[..., 0]) / share.gather(-1, which)[..., 0]
        within = within.clamp(MINIMUM_UNIFORM, 1.0 - MINIMUM_UNIFORM)
        scale = torch.exp(log_scales.gather(-1, which)[..., 0].clamp(min=MINIMUM_LOG_SCALE)) * temperature[:, None]
        return self.encode(means.gather(-1, which)[..., 0] + scale * torch.log(within / (1.0 - within)))

    def is_tie(self, outputs: Tensor, uniform: float, code: int, other: int) -> bool:
        """Each code has to be what some component draws from a number, and rounds from a sample, no more than `TIE` away.

        So a neighbour is one only where the sample lies at the edge between both, and a farther code only in a logistic's
        tails, where samples lie many codes apart for numbers that float32 hardly tells apart.
        """
        logits, means, log_scales = outputs.double().chunk(3)
        share = torch.softmax(logits, dim=-1)
        end = share.cumsum(dim=-1)
        scale = torch.exp(log_scales.clamp(min=MINIMUM_LOG_SCALE))

        def edge(sign: int) -> Tensor:
            """How far down (-1) or up (1) each component's code may be moved, (components,)."""
            within = ((uniform + sign * TIE - (end - share)) / share).clamp(MINIMUM_UNIFORM, 1.0 - MINIMUM_UNIFORM)
            sample = means + scale * torch.log(within / (1.0 - within)) + sign * TIE
            return (sample * HALF_RANGE + sign * 0.5).clamp(-HALF_RANGE, HALF_RANGE - 1)

        possible = (end - share <= uniform + TIE) & (end >= uniform - TIE)
        low, high = edge(-1), edge(1)
        return all(bool((possible & (low <= drawn) & (drawn <= high)).any()) for drawn in (code, other))

    def firm_uniform(self, outputs: Tensor) -> float:
        """Of the likeliest component, the middle of the code at its mean: where a code is widest."""
        logits, means, log_scales = outputs.double().chunk(3)
        share = torch.softmax(logits, dim=-1)
        which = int(share.argmax())
        offset = torch.round(means[which] * HALF_RANGE) / HALF_RANGE - means[which]
        z = offset * torch.exp(-log_scales[which].clamp(min=MINIMUM_LOG_SCALE))
        return float(share.cumsum(dim=-1)[which] - share[which] + share[which] * torch.sigmoid(z))


HEADS: dict[str, Head] = {"softmax": SoftmaxHead(), "logistic": LogisticHead()}
