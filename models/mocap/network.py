"""The VAE of movement: causal convolutions over half a second to a latent vector a frame, and back to that half second."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import vae
from ..record import load_record
from ..streaming import CausalConv1d
from .pose import INPUTS, LIMBS, ROOT

FAMILY = "mocap"
KERNEL = 3
PRESENT_SHARE = 0.5
"""Of the reconstruction: what the present frame counts; the earlier ones of the window share the rest."""
ROOT_WEIGHT = 0.1
"""Of a squared leg length a second, beside squared errors of the six numbers of a limb."""
SMALLEST_SPREAD = 0.1
"""Channels that hardly move in training are not blown up: what a joint of one skeleton cannot do, another's may."""


@dataclass(frozen=True)
class Hyperparameters:
    """Sizes of the network; `latents` is what a player sees."""

    frame_rate_hz: float = 30.0
    layers: int = 3
    """Of the encoder; the window doubles with each: 3, 7, 15, 31 frames."""
    channels: int = 96
    latents: int = 32
    decoder_channels: int = 256

    @property
    def window_frames(self) -> int:
        return 1 + (KERNEL - 1) * (2**self.layers - 1)

    @property
    def taps(self) -> list[int]:
        """Frames before the present that a latent is decoded to: none, a third, two thirds and all of the window."""
        last = self.window_frames - 1
        return sorted({0, round(last / 3), round(2 * last / 3), last})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Posterior(NamedTuple):
    """Of each frame: (batch, latents, frames) both."""

    mean: Tensor
    log_variance: Tensor


class Block(nn.Module):
    """One layer: a dilated causal convolution, then a mix of channels, added to what came in."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.convolution = CausalConv1d(channels, channels, KERNEL, dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (batch, channels, frames), past (batch, channels, 2 × dilation) to the same and the next past."""
        y, following = self.convolution(x, past)
        return x + self.mix(F.silu(y)), following


class Encoder(nn.Module):
    """Canonical poses to posteriors, with explicit state: a past a layer, zero at the start."""

    def __init__(self, h: Hyperparameters) -> None:
        super().__init__()
        self.latents = h.latents
        self.register_buffer("centre", torch.zeros(len(INPUTS), 1))
        self.register_buffer("spread", torch.ones(len(INPUTS), 1))
        self.first = nn.Conv1d(len(INPUTS), h.channels, 1)
        self.blocks = nn.ModuleList(Block(h.channels, 2**layer) for layer in range(h.layers))
        self.last = nn.Conv1d(h.channels, 2 * h.latents, 1)

    def fit(self, values: Tensor) -> None:
        """Learn the channels' means and spreads from values (inputs, frames)."""
        self.get_buffer("centre").copy_(values.mean(dim=1, keepdim=True))
        self.get_buffer("spread").copy_(values.std(dim=1, keepdim=True).clamp(min=SMALLEST_SPREAD))

    def initial_state(self, batch: int) -> list[Tensor]:
        """Zeros, (batch, channels, frames) a layer: what a clip begins with, in training too."""
        convolutions = [block.convolution for block in self.blocks if isinstance(block, Block)]
        return [torch.zeros(batch, layer.weight.shape[1], layer.past_frames) for layer in convolutions]

    def forward(self, values: Tensor, state: list[Tensor] | None = None) -> tuple[Posterior, list[Tensor]]:
        """values (batch, inputs, frames) to the posterior of each frame, and the next state."""
        x = self.first((values - self.get_buffer("centre")) / self.get_buffer("spread"))
        following = []
        for index, block in enumerate(self.blocks):
            x, past = block(x, None if state is None else state[index])
            following.append(past)
        mean, log_variance = self.last(x).chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(-10.0, 4.0)), following


class MotionVAE(nn.Module):
    """Encoder, and a decoder of each latent vector by itself to poses now and before, over the window."""

    reconstruction_unit = "degrees a limb"

    def __init__(self, hyperparameters: Hyperparameters) -> None:
        super().__init__()
        self.hyperparameters = h = hyperparameters
        self.encoder = Encoder(h)
        self.line = nn.Conv1d(h.latents, len(h.taps) * len(INPUTS), 1)
        self.decoder = nn.Sequential(
            nn.Conv1d(h.latents, h.decoder_channels, 1),
            nn.SiLU(),
            nn.Conv1d(h.decoder_channels, h.decoder_channels, 1),
            nn.SiLU(),
            nn.Conv1d(h.decoder_channels, len(h.taps) * len(INPUTS), 1),
        )
        weights = torch.ones(len(INPUTS), 1)
        weights[: len(ROOT)] = ROOT_WEIGHT
        self.register_buffer("weights", weights, persistent=False)
        shares = torch.full((len(h.taps), 1, 1), (1 - PRESENT_SHARE) / max(1, len(h.taps) - 1))
        shares[0] = PRESENT_SHARE
        self.register_buffer("shares", shares, persistent=False)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (batch, latents, frames) to values (batch, taps, inputs, frames); a tap's are those so many frames before."""
        h = self.hyperparameters
        scaled = (self.line(latents) + self.decoder(latents)).unflatten(1, (len(h.taps), len(INPUTS)))
        return scaled * self.encoder.get_buffer("spread") + self.encoder.get_buffer("centre")

    def targets(self, values: Tensor) -> Tensor:
        """Values (batch, inputs, frames) to what each tap is to give, (batch, taps, inputs, frames); the first frame lasts."""
        present = torch.arange(values.shape[-1], device=values.device)
        return torch.stack([values[..., (present - tap).clamp(min=0)] for tap in self.hyperparameters.taps], dim=1)

    def losses(self, batch: Tensor, kl_multiplier: float) -> vae.Losses:
        """batch: values (batch, inputs, frames). Reconstruction is in degrees a limb, at the present frame."""
        posterior, _ = self.encoder(batch)
        latents = vae.sample(*posterior) if self.training else posterior.mean
        decoded = self.decode(latents)
        squares = (decoded - self.targets(batch)).square() * self.get_buffer("weights") * self.get_buffer("shares")
        error = squares.sum(dim=(1, 2)).mean()
        kl = vae.kl_nats(*posterior).sum(dim=1).mean()
        with torch.no_grad():
            degrees = limb_degrees(decoded[:, 0], batch).mean()
        return vae.Losses(error + kl_multiplier * kl, degrees, kl, posterior.mean.transpose(1, 2).flatten(0, 1))

    def record(self) -> dict[str, Any]:
        return {"family": FAMILY, "hyperparameters": self.hyperparameters.to_dict()}


def limb_degrees(decoded: Tensor, values: Tensor) -> Tensor:
    """Angle between the limbs' rotations of two poses (…, inputs, frames): degrees (…, limbs, frames)."""
    chord = (_matrices(decoded) - _matrices(values)).square().sum(dim=(-2, -1)).sqrt() / 8**0.5
    return torch.rad2deg(2 * torch.arcsin(chord.clamp(max=1.0)))


def _matrices(values: Tensor) -> Tensor:
    """(…, inputs, frames) to rotations (…, limbs, frames, 3, 3), as `rotations.from_six`."""
    six = values[..., len(ROOT) :, :].unflatten(-2, (len(LIMBS), 6)).transpose(-1, -2)
    x = F.normalize(six[..., :3], dim=-1)
    y = F.normalize(six[..., 3:] - (x * six[..., 3:]).sum(dim=-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def load(path: Path) -> tuple[MotionVAE, dict[str, Any]]:
    """The network of a checkpoint, in evaluation mode, and all else that it holds. Raises LatentoneError, one line."""
    record = load_record(path, FAMILY, "mocap")
    model = MotionVAE(Hyperparameters(**record["hyperparameters"]))
    prefix = "model."
    weights = {
        key.removeprefix(prefix): value.float() for key, value in record["state_dict"].items() if key.startswith(prefix)
    }
    model.load_state_dict(weights)
    return model.eval(), record


def save(path: Path, model: MotionVAE, data_record: dict[str, Any]) -> None:
    """Weights alone, as 16-bit floats, and what they were learned from: enough to export, or to begin a new run with."""
    weights = {f"model.{key}": value.half() for key, value in model.state_dict().items()}
    torch.save({**model.record(), "state_dict": weights, "data": data_record}, path)
