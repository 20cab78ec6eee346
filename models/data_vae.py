"""Training of the VAEs of data sets: reconstruction plus a KL divergence that is annealed, whatever the network is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from .allocator import keep_freed_memory
from .annealing import Annealed
from .curve import Column
from .training import Settings, fit
from .vae import Losses


def curves(reconstruction_unit: str) -> tuple[Column, ...]:
    """What the picture of a run shows."""
    reconstruction = f"reconstruction, {reconstruction_unit}"
    return (
        Column("train/reconstruction", reconstruction, "training", "0.7"),
        Column("validation/reconstruction", reconstruction, "held out", "C0"),
        Column("validation/kl_nats", "KL, nats", "held out", "C0"),
        Column("validation/active_units", "latents in use", "held out", "C0"),
    )


class DataVae(Protocol):
    """What a network has to offer to be trained here; it is a `torch.nn.Module`."""

    reconstruction_unit: str
    """Of `Losses.reconstruction`, for people."""

    def losses(self, batch: Any, kl_multiplier: float) -> Losses:
        """In training mode latents are drawn from the posterior, in evaluation mode they are its means."""
        ...

    def record(self) -> dict[str, Any]:
        """What its checkpoint says of it, `family` among it: enough to build it again."""
        ...


class Training(Annealed):
    """A VAE being trained. data_record: what the checkpoint keeps of the data, so that what was held out stays known."""

    def __init__(self, model: DataVae, settings: Settings, data_record: dict[str, Any]) -> None:
        super().__init__(settings)
        self.model: Any = model
        self.data_record = data_record

    def training_step(self, batch: Any) -> Tensor:
        losses: Losses = self.model.losses(batch, self.kl_multiplier)
        self.log("train/reconstruction", losses.reconstruction, prog_bar=True, batch_size=len(losses.mean))
        self.log("train/kl_nats", losses.kl_nats, prog_bar=True, batch_size=len(losses.mean))
        return losses.objective

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        losses: Losses = self.model.losses(batch, self.kl_multiplier)
        size = len(losses.mean)
        self.log("validation/reconstruction", losses.reconstruction, prog_bar=True, batch_size=size, sync_dist=True)
        self.log("validation/kl_nats", losses.kl_nats, batch_size=size, sync_dist=True)
        self.means.append(losses.mean.float().cpu())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.model.parameters(), lr=self.settings.learning_rate, weight_decay=0.01)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint |= self.model.record()
        checkpoint["data"] = self.data_record
        checkpoint["training"] = self.progress()


def train(
    model: DataVae, settings: Settings, loaders: tuple[Any, Any], data_record: dict[str, Any], unfinished: Path | None
) -> Path:
    """Train, and return the last checkpoint's path. loaders: training and held out; unfinished: what to go on from."""
    keep_freed_memory()
    return fit(
        Training(model, settings, data_record),
        loaders,
        settings,
        curves(model.reconstruction_unit),
        monitor="validation/reconstruction",
        unfinished=unfinished,
    )
