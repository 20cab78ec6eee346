"""The encoder: features at 100 Hz to the mean and log-variance of latents at 50 Hz (section III-A of arXiv 1901.08810)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..features import COEFFICIENTS, Mfcc
from .hyperparameters import Hyperparameters


class Encoder(nn.Module):
    """Convolutions with residual connections, one of stride 2, four residual ReLU blocks, a linear layer.

    It looks both ways in time: encoding is done on recordings, where the future is known.
    """

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, hyperparameters: Hyperparameters) -> None:
        super().__init__()
        channels = hyperparameters.encoder
        features = 3 * COEFFICIENTS
        self.mfcc = Mfcc(hyperparameters.sample_rate_hz, hyperparameters.feature_hop_samples)
        self.register_buffer("feature_mean", torch.zeros(features, 1))
        self.register_buffer("feature_std", torch.ones(features, 1))
        self.first = nn.Conv1d(features, channels, 3, padding=1)
        self.second = nn.Conv1d(channels, channels, 3, padding=1)
        self.halve = nn.Conv1d(channels, channels, 4, stride=2, padding=1)
        self.local = nn.ModuleList([nn.Conv1d(channels, channels, 3, padding=1) for _ in range(2)])
        self.blocks = nn.ModuleList([nn.Conv1d(channels, channels, 1) for _ in range(4)])
        self.last = nn.Conv1d(channels, 2 * hyperparameters.latents, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features (batch, 39, 2 × frames) to mean and log-variance, each (batch, latents, frames)."""
        x = (features - self.feature_mean) / self.feature_std
        x = F.relu(self.first(x))
        x = x + F.relu(self.second(x))
        x = F.relu(self.halve(x))
        for layer in (*self.local, *self.blocks):
            x = x + F.relu(layer(x))
        mean, log_variance = self.last(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-10.0, 5.0)

    def encode(self, audio: Tensor) -> Tensor:
        """Audio (batch, samples) to posterior means (batch, latents, samples // latent_hop)."""
        return self(self.mfcc(audio))[0]
