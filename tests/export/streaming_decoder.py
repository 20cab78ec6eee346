"""A decoder built as RAVE's streaming exports are: cached convolutions, upsampling, a noise branch; random weights."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CachedConv(nn.Module):
    """A convolution whose past is in a buffer, sized for `batch` rows."""

    cache: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, batch: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel)
        self.register_buffer("cache", torch.zeros(batch, inputs, kernel - 1))

    def forward(self, x: Tensor) -> Tensor:
        past = self.cache[: x.size(0)]
        joined = torch.cat([past, x], dim=2)
        past.copy_(joined[:, :, joined.size(2) - past.size(2) :])
        return self.conv(joined)


class StreamingDecoder(nn.Module):
    """latents (batch, dim, frames) to audio (batch, channels, frames × ratio) under nn~'s contract."""

    def __init__(self, dim: int = 16, factors: tuple[int, ...] = (4, 4, 4), channels: int = 1, batch: int = 4) -> None:
        super().__init__()
        width, ratio = 8, 1
        for factor in factors:
            ratio *= factor
        self.first = CachedConv(dim, width, 3, batch)
        self.stages = nn.ModuleList([CachedConv(width, width, 3, batch) for _ in factors])
        self.factors = list(factors)
        self.last = CachedConv(width, channels, 7, batch)
        self.register_buffer("decode_params", torch.tensor([dim, ratio, channels, 1]))
        self.decode_input_labels = [f"(signal) latent {index}" for index in range(dim)]
        self.decode_output_labels = ["(signal) output"] * channels

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["decode"]

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        x = self.first(latents)
        for index, stage in enumerate(self.stages):
            x = F.leaky_relu(stage(x.repeat_interleave(self.factors[index], dim=2)), 0.2)
        x = x + 0.02 * torch.randn_like(x)
        return torch.tanh(self.last(x))

    def forward(self, latents: Tensor) -> Tensor:
        return self.decode(latents)


class RatedDecoder(StreamingDecoder):
    """A newer one, which says its rate."""

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return 44100
