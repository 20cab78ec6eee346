"""Causal layers that stream: what was trained on whole clips plays in blocks, its past passed in and out by hand."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CausalConv1d(nn.Module):
    """Convolution over (batch, channels, time) that sees the present and the past only.

    `forward(x, past)` returns the output, as long as x, and the past for the next block. Feeding a signal in
    blocks of any size gives what one pass gives. No past means silence before the start.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, dilation: int = 1, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.dilation = dilation
        self.past_frames = (kernel - 1) * dilation
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        nn.init.kaiming_uniform_(self.weight, nonlinearity="linear")

    def forward(self, x: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (batch, in_channels, time), past (batch, in_channels, past_frames) or None."""
        if past is None:
            past = x.new_zeros(x.shape[0], x.shape[1], self.past_frames)
        joined = torch.cat([past, x], dim=-1)
        y = F.conv1d(joined, self.weight, self.bias, dilation=self.dilation)
        return y, joined[..., joined.shape[-1] - self.past_frames :]


class GatedLayer(nn.Module):
    """One WaveNet layer: dilated causal convolution of kernel 2, tanh × sigmoid gate, residual 1×1.

    Works on (batch, time, channels), where every convolution is one matrix product. The residual path has no bias:
    the next layer's bias can say the same.
    """

    def __init__(self, residual: int, gate: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.input = nn.Linear(2 * residual, gate)
        self.residual = nn.Linear(gate // 2, residual, bias=False)

    def forward(self, x: Tensor, conditioning: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """x (batch, time, residual), conditioning (batch, time, gate), past (batch, dilation, residual).

        Returns the residual output, the gate's output for the skip path (batch, time, gate / 2), and the next past.
        """
        if past is None:
            past = x.new_zeros(x.shape[0], self.dilation, x.shape[2])
        joined = torch.cat([past, x], dim=1)
        before = joined[:, : x.shape[1]]
        signal, gate = (self.input(torch.cat([before, x], dim=-1)) + conditioning).chunk(2, dim=-1)
        gated = torch.tanh(signal) * torch.sigmoid(gate)
        return x + self.residual(gated), gated, joined[:, joined.shape[1] - self.dilation :]
