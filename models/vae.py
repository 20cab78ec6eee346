"""What every VAE here shares: how many latents are in use, what it costs to use one, and which weights a file holds."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor, nn

ACTIVE_VARIANCE = 0.01
"""A latent is active when the variance of its posterior mean over the data exceeds this (Burda et al. 2016)."""


class Losses(NamedTuple):
    """What one batch of rows or poses costs."""

    objective: Tensor
    """What is minimised."""
    reconstruction: Tensor
    """In the network's own unit, without the KL divergence."""
    kl_nats: Tensor
    """Of one latent vector, all dimensions together."""
    mean: Tensor
    """Posterior means (vectors, latents)."""


def kl_nats(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, exp(log_variance)) from N(0, 1), in nats, element by element (eq. 10 of arXiv 1312.6114)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def sample(mean: Tensor, log_variance: Tensor) -> Tensor:
    """A draw from N(mean, exp(log_variance)) that gradients pass through."""
    return mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)


def active_units(means: Tensor) -> int:
    """How many latents are in use; means (frames, latents)."""
    return int((means.var(dim=0) > ACTIVE_VARIANCE).sum())


def fingerprint(model: nn.Module) -> str:
    """SHA-256 of all weights: which model an export was made of."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode())
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()
