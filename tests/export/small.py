"""A small WaveNet VAE with random weights."""

from __future__ import annotations

import torch
from latentone.models.wavenet_vae import network
from latentone.models.wavenet_vae.hyperparameters import Hyperparameters

LATENTS = 4


def small_model(bands: int = 4, latents: int = LATENTS, **others: object) -> network.WaveNetVAE:
    """Random weights, made livelier than at initialisation so that draws depend on past and latents."""
    torch.manual_seed(0)
    h = Hyperparameters.of_size("mini", bands=bands, latents=latents, **{"layers_per_stack": 5, **others})
    model = network.WaveNetVAE(h).eval()
    with torch.no_grad():
        model.decoder.output.weight.mul_(8.0)
        model.decoder.project.weight.mul_(3.0)
    return model
