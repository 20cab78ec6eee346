"""Eight-bit µ-law: amplitudes to 256 codes and back (ITU-T G.711's curve, with a code for exact silence)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .levels import LEVELS, MU, SILENCE

_HALF = LEVELS // 2


def compand(amplitude: Tensor) -> Tensor:
    """Amplitude in [-1, 1] to the perceptually even scale, [-1, 1]; any shape."""
    return torch.sign(amplitude) * torch.log1p(MU * amplitude.abs().clamp(max=1.0)) / math.log1p(MU)


def expand(companded: Tensor) -> Tensor:
    """Inverse of `compand`."""
    return torch.sign(companded) * torch.expm1(companded.abs() * math.log1p(MU)) / MU


def encode(amplitude: Tensor) -> Tensor:
    """Amplitude to codes 0..255 (int64); 128 is silence, so that a quiet passage holds no DC."""
    return (torch.round(compand(amplitude) * _HALF) + SILENCE).clamp(0, LEVELS - 1).long()


def companded_value(codes: Tensor) -> Tensor:
    """Codes 0..255 to the companded scale, [-1, 1): what the network reads of its own past."""
    return (codes.float() - SILENCE) / _HALF


def decode(codes: Tensor) -> Tensor:
    """Codes 0..255 to amplitude."""
    return expand(companded_value(codes))
