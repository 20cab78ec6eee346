"""Training of the VAEs of data sets: reconstruction plus a KL divergence that is annealed, whatever the network is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytorch_lightning as lightning
import torch
from torch import Tensor

from .allocator import keep_freed_memory
from .curve import Column
from .training import Timed, device_of, fit, validation_interval
from .vae import Losses, active_units

CURVES = (
    Column("train/reconstruction", "reconstruction", "training", "0.7"),
    Column("validation/reconstruction", "reconstruction", "held out", "C0"),
    Column("validation/kl_nats", "KL, nats", "held out", "C0"),
    Column("validation/active_units", "latents in use", "held out", "C0"),
)


class DataVae(Protocol):
    """What a network has to offer to be trained here; it is a `torch.nn.Module`."""

    def losses(self, batch: Any, kl_multiplier: float) -> Losses:
        """In training mode latents are drawn from the posterior, in evaluation mode they are its means."""
        ...

    def record(self) -> dict[str, Any]:
        """What its checkpoint says of it, `family` among it: enough to build it again."""
        ...


@dataclass(frozen=True)
class Settings:
    """The flags that the VAEs of data sets share; their help says what each means."""

    epochs: int
    export_path: Path
    learning_rate: float
    kl_anneal: float
    max_kl: float
    logs_per_epoch: int
    device: str
    seed: int
    precision: str
    max_time_s: float | None
    devices: int
    nodes: int


class Training(Timed):
    """A VAE being trained. data_record: what the checkpoint keeps of the data, so that what was held out stays known."""

    def __init__(self, model: DataVae, settings: Settings, data_record: dict[str, Any]) -> None:
        super().__init__(settings.learning_rate, settings.max_time_s)
        self.model: Any = model
        self.settings, self.data_record = settings, data_record
        self.kl_multiplier = min(settings.kl_anneal, settings.max_kl)
        self._means: list[Tensor] = []

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
        self._means.append(losses.mean.float().cpu())

    def on_validation_epoch_end(self) -> None:
        """A log step ends: one more step of KL annealing."""
        self.log("validation/active_units", float(active_units(torch.cat(self._means))), sync_dist=True)
        self._means.clear()
        if self.trainer.sanity_checking:
            return
        self.log("train/kl_multiplier", self.kl_multiplier)
        self.kl_multiplier = min(self.kl_multiplier + self.settings.kl_anneal, self.settings.max_kl)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.model.parameters(), lr=self.settings.learning_rate, weight_decay=0.01)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint |= self.model.record()
        checkpoint["data"] = self.data_record
        checkpoint["training"] = {"kl_multiplier": self.kl_multiplier, "elapsed_s": self.elapsed_s}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.kl_multiplier = checkpoint["training"]["kl_multiplier"]
        self.elapsed_s = checkpoint["training"]["elapsed_s"]


def train(
    model: DataVae, settings: Settings, loaders: tuple[Any, Any], data_record: dict[str, Any], unfinished: Path | None
) -> Path:
    """Train, and return the last checkpoint's path. loaders: training and held out; unfinished: what to go on from."""
    keep_freed_memory()
    accelerator, devices = device_of(settings.device, settings.devices)
    return fit(
        Training(model, settings, data_record),
        loaders,
        settings.export_path,
        CURVES,
        monitor="validation/reconstruction",
        unfinished=unfinished,
        max_epochs=settings.epochs,
        accelerator=accelerator,
        devices=devices,
        num_nodes=settings.nodes,
        precision=settings.precision,
        val_check_interval=validation_interval(loaders[0], settings.logs_per_epoch),
    )


def seed_everything(seed: int) -> None:
    """Weights, batches and noise come out the same for the same seed; to be called before the network is made."""
    lightning.seed_everything(seed, verbose=False)
