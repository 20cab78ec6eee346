"""A streaming decoder as wide and deep as those of RAVE's first version, with random weights: to measure where there is no file."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SAMPLE_RATE_HZ = 44100
LATENTS, BANDS, WIDTH = 16, 16, 64
RATIOS = (4, 4, 4, 2)
DILATIONS = (1, 3, 5)
VOICES = 1
"""Rows that there is state for."""


class CachedConv(nn.Module):
    """A convolution whose past is in a buffer."""

    past: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)
        self.register_buffer("past", torch.zeros(VOICES, inputs, (kernel - 1) * dilation))

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, inputs, frames) to (batch, outputs, frames)."""
        past = self.past[: x.size(0)]
        joined = torch.cat([past, x], dim=2)
        past.copy_(joined[:, :, joined.size(2) - past.size(2) :])
        return self.conv(joined)


class CachedUpsampling(nn.Module):
    """A transposed convolution of stride `ratio` and twice that kernel, whose last half is in a buffer until the next block."""

    rest: Tensor

    def __init__(self, inputs: int, outputs: int, ratio: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(inputs, outputs, 2 * ratio, stride=ratio, bias=False)
        self.register_buffer("rest", torch.zeros(VOICES, outputs, ratio))

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, inputs, frames) to (batch, outputs, frames × ratio)."""
        rest = self.rest[: x.size(0)]
        out = self.conv(x)
        out[:, :, : rest.size(2)] += rest
        rest.copy_(out[:, :, out.size(2) - rest.size(2) :])
        return out[:, :, : out.size(2) - rest.size(2)]


class Residual(nn.Module):
    """RAVE's unit: two convolutions around which the signal goes."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first, self.second = CachedConv(width, width, 3, dilation), CachedConv(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, width, frames) to the same shape."""
        return x + self.second(F.leaky_relu(self.first(F.leaky_relu(x, 0.2)), 0.2))


class RaveLike(nn.Module):
    """latents (1, 16, frames) to audio (1, 1, frames × 2048) under nn~'s contract."""

    def __init__(self) -> None:
        super().__init__()
        width = WIDTH * 2 ** len(RATIOS)
        stages: list[nn.Module] = [CachedConv(LATENTS, width, 7)]
        ratio = BANDS
        for factor in RATIOS:
            stages += [CachedUpsampling(width, width // 2, factor)]
            width, ratio = width // 2, ratio * factor
            stages += [Residual(width, dilation) for dilation in DILATIONS]
        self.stages = nn.Sequential(*stages)
        self.wave, self.loudness = CachedConv(width, BANDS, 7), CachedConv(width, 1, 3)
        self.synthesis = CachedConv(BANDS, BANDS, 33)
        self.register_buffer("decode_params", torch.tensor([LATENTS, ratio, 1, 1]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["decode"]

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return 44100

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        x = F.leaky_relu(self.stages(latents), 0.2)
        bands = torch.tanh(self.wave(x)) * torch.sigmoid(self.loudness(x))
        bands = bands + 0.01 * (2.0 * torch.rand_like(bands) - 1.0)
        return self.synthesis(bands).transpose(1, 2).reshape(latents.size(0), 1, -1)

    def forward(self, latents: Tensor) -> Tensor:
        return self.decode(latents)


def write(folder: Path) -> Path:
    """One, as `rave-like.ts` in `folder`."""
    torch.manual_seed(0)
    path = folder / "rave-like.ts"
    script = torch.jit.script(RaveLike().eval())
    torch.jit.save(script, path)
    return path
