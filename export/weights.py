"""Weights of less precision: rounded in PyTorch, so that every file and runtime has the very same numbers to agree about."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from .errors import LatentoneError
from .onnx.narrow import LARGEST_BYTE, SMALLEST

SPARE_BITS = 7
"""Of a scale's 24 bits, so that its products with a byte are exact, and the file's bytes can be told from the rounded weights."""
M = TypeVar("M", bound=nn.Module)


def rounded(module: M, kind: str) -> M:
    """A copy of `module` whose matrices hold what `kind`, float32, float16 or int8, can; for float32 the module itself.

    Only what is learned and is large is rounded: biases, statistics and filters cost little room. float16 rounds to the nearest;
    int8 is symmetric with a scale for each output channel, the first axis. Raises LatentoneError for weights out of range.
    """
    if kind == "float32":
        return module
    found = copy.deepcopy(module)
    tables = {id(part.weight) for part in found.modules() if isinstance(part, nn.Embedding)}
    with torch.no_grad():
        for name, weight in found.named_parameters():
            if weight.requires_grad and weight.dim() > 1 and weight.numel() >= SMALLEST and id(weight) not in tables:
                weight.copy_(as_half(weight, name) if kind == "float16" else as_bytes(weight))
    return found


def as_half(weight: Tensor, name: str) -> Tensor:
    """(any shape) to the nearest float16, as float32."""
    half = weight.half()
    if not torch.isfinite(half).all():
        raise LatentoneError(
            f"--weights float16: {name} holds {float(weight.abs().max()):.3g}, too large for it: use int8"
        )
    return half.float()


def as_bytes(weight: Tensor) -> Tensor:
    """(outputs, …) to whole multiples, -127 to 127, of each output's own scale."""
    rows = weight.reshape(len(weight), -1)
    scale = _spare(rows.abs().amax(dim=1, keepdim=True) / LARGEST_BYTE)
    scale = torch.where(scale > 0, scale, 1.0)
    return ((rows / scale).round().clamp(-LARGEST_BYTE, LARGEST_BYTE) * scale).view_as(weight)


def _spare(scale: Tensor) -> Tensor:
    """The nearest number of which the last SPARE_BITS of the mantissa are zero."""
    mantissa, exponent = torch.frexp(scale)
    steps = 2.0 ** (24 - SPARE_BITS)
    return torch.ldexp((mantissa * steps).round() / steps, exponent)
