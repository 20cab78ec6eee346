"""What was trained on whole clips streams in blocks of any size: a failure would be heard as a click at every block."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from latentone.models.filterbank import FilterBank
from latentone.models.streaming import CausalConv1d, GatedLayer

STEPS = 240
Streamed = Callable[[torch.Tensor, torch.Tensor | None], tuple[torch.Tensor, torch.Tensor]]


def layer(kind: str) -> tuple[Streamed, torch.Tensor]:
    """A causal layer as f(x, past) -> (y, past) with time last, and a signal for it."""
    torch.manual_seed(0)
    if kind.startswith("conv"):
        dilation = int(kind[4:])
        return CausalConv1d(3, 5, kernel=3, dilation=dilation), torch.randn(2, 3, STEPS)
    if kind.startswith("gated"):
        gated = GatedLayer(residual=4, gate=8, dilation=int(kind[5:]))
        share = torch.randn(2, 1, 8)

        def stream(x: torch.Tensor, past: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
            out, skip, following = gated(x.transpose(1, 2), share, past)
            return torch.cat([out, skip], dim=-1).transpose(1, 2), following

        return stream, torch.randn(2, 4, STEPS)
    bank = FilterBank(int(kind[4:]))
    return bank.synthesise, torch.randn(2, bank.bands, STEPS)


@pytest.mark.parametrize(
    "kind", ["conv1", "conv5", "gated1", "gated16", "gated300", "bank1", "bank4", "bank8", "bank16"]
)
@pytest.mark.parametrize("sizes", [[1], [7, 1, 32], [64], [STEPS]])
def test_streamed_equals_whole(kind: str, sizes: list[int]) -> None:
    stream, signal = layer(kind)
    with torch.inference_mode():
        whole, _ = stream(signal, None)
        parts, past, start, turn = [], None, 0, 0
        while start < STEPS:
            size = sizes[turn % len(sizes)]
            part, past = stream(signal[..., start : start + size], past)
            parts.append(part)
            start, turn = start + size, turn + 1
    torch.testing.assert_close(torch.cat(parts, dim=-1), whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["conv3", "gated4", "bank4"])
def test_the_future_is_not_heard(kind: str) -> None:
    stream, signal = layer(kind)
    changed = signal.clone()
    changed[..., STEPS // 2 :] += 1.0
    with torch.inference_mode():
        before, after = stream(signal, None)[0], stream(changed, None)[0]
    until = before.shape[-1] // 2
    assert torch.equal(before[..., :until], after[..., :until])
    assert not torch.equal(before[..., until:], after[..., until:])
