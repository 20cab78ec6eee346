"""Encoder, bottleneck and decoder together, with the loss that keeps every latent in use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import LatentoneError
from ..record import load_record
from ..vae import kl_nats, sample
from .decoder import Decoder
from .encoder import Encoder
from .hyperparameters import Hyperparameters

RECOMPUTED = "encoder.mfcc.mel."
"""Tensors that follow from the hyperparameters, which a checkpoint may hold all the same."""


@dataclass(frozen=True)
class Losses:
    """bits: a code's cross-entropy; kl_nats: of a latent frame; objective: what is minimised (nats)."""

    objective: Tensor
    bits: Tensor
    kl_nats: Tensor
    mean: Tensor
    """Posterior means (batch, latents, frames) of the clip and its margins."""


class WaveNetVAE(nn.Module):
    """The whole model of arXiv 1901.08810 with its VAE bottleneck."""

    def __init__(self, hyperparameters: Hyperparameters) -> None:
        super().__init__()
        self.hyperparameters = hyperparameters
        self.encoder = Encoder(hyperparameters)
        self.decoder = Decoder(hyperparameters)

    def losses(
        self,
        batch: dict[str, Tensor],
        margin: int,
        kl_multiplier: float,
        free_nats: float,
        *,
        shuffle: bool = False,
        scored: float = 1.0,
        past_noise: float = 0.0,
    ) -> Losses:
        """Cross-entropy over the positions past the receptive field, plus the KL divergence with free bits.

        batch: as `data.cut` makes it, with a leading batch axis; margin: latents around the clip. Free bits (eq. 15
        of Kingma et al. 2016, arXiv 1606.04934): a latent pays nothing until it carries `free_nats` a frame, averaged
        over the batch. An autoregressive decoder would otherwise do without. shuffle: permute latents in time, to
        see how much they are used. scored: share of the positions that count, drawn anew each time. past_noise: see `noise_like`.
        Clips have to be longer than the receptive field (`data.clip_latents`).
        """
        mean, log_variance = (part.float() for part in self.encoder(batch["features"]))
        latents = mean
        if self.training:
            latents = sample(mean, log_variance)
            latents = jittered(latents, self.hyperparameters.jitter)
        if shuffle:
            latents = latents[..., torch.randperm(latents.shape[-1], device=latents.device)]
        codes = batch["codes"]
        speaker = batch["speaker"] if self.hyperparameters.speakers else None
        latents = latents[..., : latents.shape[-1] - margin]
        first = self.hyperparameters.receptive_field_steps
        wanted = torch.arange(first, codes.shape[1], device=codes.device)
        if scored < 1.0:
            chosen = torch.randperm(len(wanted), device=codes.device)[: max(1, round(scored * len(wanted)))]
            wanted = wanted[chosen.sort().values]
        noise = noise_like(self.decoder.head.value(codes), past_noise) if past_noise else 0.0
        outputs = self.decoder.teacher_forced(latents, codes, margin, speaker, wanted, noise)
        cross_entropy = self.decoder.head.cross_entropy(outputs, codes[:, wanted])
        kl = kl_nats(mean, log_variance).mean(dim=(0, 2))
        objective = cross_entropy + kl_multiplier * kl.clamp(min=free_nats).sum()
        return Losses(objective, cross_entropy.detach() / math.log(2), kl.detach().sum(), mean.detach())


def noise_like(values: Tensor, most: float) -> Tensor:
    """White noise (batch, steps, bands) as loud as a share of each band of `values`: from `most` down to 60 dB less, by clip.

    A decoder that plays hears its own noise, which recordings of clean tones never taught it to overlook. One that heard its
    past through noise in training takes level, pitch and colour from the latents too, and leads a stray past back to them.
    """
    level = values.square().mean(dim=1, keepdim=True).sqrt()
    share = most * 10.0 ** (-3.0 * torch.rand(len(values), 1, 1, device=values.device))
    return torch.randn_like(values) * level * share


def jittered(latents: Tensor, probability: float) -> Tensor:
    """Replace each frame of (batch, dim, frames) by a neighbour with `probability` (section III-C of arXiv 1901.08810)."""
    batch, dim, frames = latents.shape
    draws = torch.rand(batch, frames, device=latents.device)
    shift = (draws < probability / 2).long() - (draws > 1 - probability / 2).long()
    index = (torch.arange(frames, device=latents.device) + shift).clamp(0, frames - 1)
    return latents.gather(2, index[:, None, :].expand(batch, dim, frames))


def save(path: Path, model: WaveNetVAE, **extra: Any) -> None:
    """A small checkpoint: weights, hyperparameters, and what `extra` says about the training."""
    record = {"family": "wavenet_vae", "hyperparameters": model.hyperparameters.to_dict(), **extra}
    torch.save({**record, "state_dict": model.state_dict()}, path)


def load(path: Path) -> tuple[WaveNetVAE, dict[str, Any]]:
    """The model of a checkpoint (Lightning's, or one that `save` wrote) in eval mode on the CPU, and its record.

    Raises LatentoneError, one line, for a file that is missing, broken or something else.
    """
    record = load_record(path, "wavenet_vae", "wavenet-vae")
    model = WaveNetVAE(Hyperparameters.from_dict(record["hyperparameters"]))
    weights = {key.removeprefix("model."): value for key, value in record["state_dict"].items()}
    weights = {key: value for key, value in weights.items() if not key.startswith(RECOMPUTED)}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise LatentoneError(
            f"{path}: weights do not fit its hyperparameters ({str(error).splitlines()[-1].strip()})"
        ) from None
    return model.eval(), {key: value for key, value in record.items() if key not in ("state_dict", "optimizer_states")}
