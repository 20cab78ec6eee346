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


class DelayedDecoder(RatedDecoder):
    """Without noise, and so many samples late besides."""

    late: Tensor

    def __init__(self, delay_samples: int, dim: int = 4, ratio: int = 64) -> None:
        super().__init__(dim=dim, factors=(ratio,))
        self.delay_samples = delay_samples
        self.register_buffer("late", torch.zeros(1, 1, delay_samples))

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        audio = 0.5 * torch.tanh(latents.mean(dim=1, keepdim=True)).repeat_interleave(self.factors[0], dim=2)
        joined = torch.cat([self.late, audio], dim=2)
        self.late.copy_(joined[:, :, joined.size(2) - self.delay_samples :])
        return joined[:, :, : audio.size(2)]


class ForgetfulDecoder(RatedDecoder):
    """As an export without streaming is: its convolutions see zeros beyond the block."""

    def __init__(self, noise: float = 0.0) -> None:
        super().__init__(dim=4, factors=(64,))
        self.noise = noise
        self.smooth = nn.Conv1d(4, 1, 33, padding=16)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        audio = torch.tanh(self.smooth(latents.repeat_interleave(self.factors[0], dim=2)))
        return audio + self.noise * torch.randn_like(audio)


class Autoencoder(RatedDecoder):
    """With `encode`, which hears how each part of a frame sounds, and the attributes that such models have."""

    def __init__(self, dim: int = 4, factors: tuple[int, ...] = (4, 4, 4), channels: int = 1) -> None:
        super().__init__(dim=dim, factors=factors, channels=channels)
        self.ratio, self.dim = 1, dim
        for factor in factors:
            self.ratio *= factor
        self.hears = CachedConv(self.ratio, dim, 2, 4)
        self.register_buffer("encode_params", torch.tensor([1, 1, dim, self.ratio]))
        self.register_buffer("forward_params", torch.tensor([1, 1, channels, 1]))
        self.loudness, self.steps, self.bypass, self.mode = (1.0,), (3,), (False,), ("warm",)
        for name, kind in (("loudness", 2), ("steps", 1), ("bypass", 0), ("mode", 3), ("table", 4)):
            self.register_buffer(f"{name}_params", torch.tensor([kind]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["loudness", "steps", "bypass", "mode", "table"]

    @torch.jit.export
    def get_loudness(self) -> tuple[float]:
        return self.loudness

    @torch.jit.export
    def set_loudness(self, loudness: float) -> int:
        if loudness < 0.0:
            return 1
        self.loudness = (loudness,)
        return 0

    @torch.jit.export
    def get_steps(self) -> tuple[int]:
        return self.steps

    @torch.jit.export
    def set_steps(self, steps: int) -> int:
        self.steps = (steps,)
        return 0

    @torch.jit.export
    def get_bypass(self) -> tuple[bool]:
        return self.bypass

    @torch.jit.export
    def set_bypass(self, bypass: bool) -> int:
        self.bypass = (bypass,)
        return 0

    @torch.jit.export
    def get_mode(self) -> tuple[str]:
        return self.mode

    @torch.jit.export
    def set_mode(self, mode: str) -> int:
        self.mode = (mode,)
        return 0

    @torch.jit.export
    def get_table(self) -> tuple[Tensor]:
        return (torch.zeros(3),)

    @torch.jit.export
    def encode(self, audio: Tensor) -> Tensor:
        frames = audio.reshape(audio.size(0), -1, self.ratio).transpose(1, 2)
        return 3.0 * torch.tanh(self.hears(frames.abs()))

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        x = self.first(latents)
        for index, stage in enumerate(self.stages):
            x = F.leaky_relu(stage(x.repeat_interleave(self.factors[index], dim=2)), 0.2)
        return self.loudness[0] * torch.tanh(self.last(x))

    def forward(self, latents: Tensor) -> Tensor:
        """Of audio, in truth."""
        return self.decode(self.encode(latents))


class Echo(nn.Module):
    """Hears how loud a frame is, and plays that as a steady value: what goes in can be read off what comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.ratio, self.boost = 256, (1.0,)
        self.register_buffer("decode_params", torch.tensor([2, 256, 1, 1]))
        self.register_buffer("encode_params", torch.tensor([1, 1, 2, 256]))
        self.register_buffer("boost_params", torch.tensor([2]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["boost"]

    @torch.jit.export
    def get_boost(self) -> tuple[float]:
        return self.boost

    @torch.jit.export
    def set_boost(self, boost: float) -> int:
        self.boost = (boost,)
        return 0

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return 16000

    @torch.jit.export
    def encode(self, audio: Tensor) -> Tensor:
        level = audio.reshape(audio.size(0), 1, -1, self.ratio).abs().mean(dim=3)
        return torch.cat([level, torch.zeros_like(level)], dim=1)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        return self.boost[0] * 0.5 * torch.tanh(latents[:, :1]).repeat_interleave(self.ratio, dim=2)

    def forward(self, audio: Tensor) -> Tensor:
        return self.decode(self.encode(audio))
