"""The training loop: Lightning runs it, this says what a step, a log step and the schedule are."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader

from .. import training
from ..allocator import keep_freed_memory
from ..annealing import Annealed
from ..curve import Column
from . import data, listening, network
from .hyperparameters import Hyperparameters
from .network import Losses, WaveNetVAE

RESYNTHESIS_S = 300.0
"""Listening is slow, sample by sample: no more often than this, however short an epoch is."""
CURVES = (
    Column("train/bits", "bits a code", "training", "0.7"),
    Column("validation/bits", "bits a code", "held out", "C0"),
    Column("validation/bits_shuffled", "bits a code", "held out, latents shuffled in time", "C1"),
    Column("validation/kl_nats", "KL, nats a latent frame", "held out", "C0"),
)


@dataclass(frozen=True)
class Settings:
    """What `latentone train wavenet-vae` was asked for beside what every run is; the flags' help says what each means."""

    run: training.Settings
    train_path: Path
    validation_path: Path | None
    batch_size: int
    max_files: int | None
    hyperparameters: Hyperparameters
    clip_s: float
    free_nats: float
    scored: float
    past_noise: float
    resume: Path | None


class Training(Annealed):
    """A WaveNet VAE being trained: loss, log steps, KL annealing, and a cosine schedule over steps or time."""

    def __init__(self, model: WaveNetVAE, settings: Settings) -> None:
        super().__init__(settings.run)
        self.model, self.asked = model, settings
        self._listened_s = -math.inf

    def losses(self, batch: dict[str, Tensor], **others: Any) -> Losses:
        return self.model.losses(batch, data.MARGIN_LATENTS, self.kl_multiplier, self.asked.free_nats, **others)

    def on_train_start(self) -> None:
        """Each process draws clips and noise of its own, and a resumed run others than it began with."""
        torch.manual_seed(self.settings.seed + 1_000_003 * self.global_rank + self.global_step)
        super().on_train_start()

    def training_step(self, batch: dict[str, Tensor]) -> Tensor:
        losses = self.losses(batch, scored=self.asked.scored, past_noise=self.asked.past_noise)
        self.log("train/bits", losses.bits, prog_bar=True)
        self.log("train/kl_nats", losses.kl_nats, prog_bar=True)
        self.log("train/objective", losses.objective)
        return losses.objective

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        losses = self.losses(batch)
        size = len(batch["codes"])
        self.log("validation/bits", losses.bits, prog_bar=True, batch_size=size, sync_dist=True)
        shuffled = self.losses(batch, shuffle=True).bits
        self.log("validation/bits_shuffled", shuffled, batch_size=size, sync_dist=True)
        self.log("validation/kl_nats", losses.kl_nats, batch_size=size, sync_dist=True)
        self.means.append(losses.mean.transpose(1, 2).flatten(0, 1).float().cpu())
        # With the last batch and not at the epoch's end, where the averaged weights have already been put back.
        last = batch_idx == self.trainer.num_val_batches[0] - 1 and not self.trainer.sanity_checking
        if last and time.monotonic() - self._listened_s >= RESYNTHESIS_S:
            with torch.autocast(self.device.type, enabled=False):  # listening is done in full precision
                self._log_resynthesis()
            self._listened_s = time.monotonic()

    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        if not self.trainer.sanity_checking:
            self.log("train/elapsed_s", self.elapsed_s)

    def _log_resynthesis(self) -> None:
        loaders = self.trainer.val_dataloaders
        if self.trainer.is_global_zero and loaders is not None:
            for logger in self.loggers:
                if isinstance(logger, TensorBoardLogger):
                    listening.log_resynthesis(logger.experiment, self.model, loaders.dataset, self.global_step)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        return torch.optim.AdamW(trained, lr=self.settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["family"] = "wavenet_vae"
        checkpoint["hyperparameters"] = self.model.hyperparameters.to_dict()
        checkpoint["training"] = {
            **self.progress(),
            "train_path": str(self.asked.train_path.absolute()),
            "split": self.asked.validation_path is None,
            "max_files": self.asked.max_files,
        }


def train(settings: Settings) -> Path:
    """Train, and return the last checkpoint's path. Raises LatentoneError for data that cannot be used."""
    keep_freed_memory()
    training.seed_everything(settings.run.seed)
    # A resumed model keeps its sizes, gains and statistics: those of other data would make its codes mean something else.
    model, record = network.load(settings.resume) if settings.resume else (WaveNetVAE(settings.hyperparameters), {})
    model.train()
    # A checkpoint that holds weights alone, as the shipped one does, is where a new run begins.
    unfinished = settings.resume if "loops" in record else None
    h = model.hyperparameters
    train_files, validation_files, validation_root = data.split(
        settings.train_path, settings.validation_path, settings.max_files
    )
    recordings = data.prepare(train_files, settings.train_path, model, fit=settings.resume is None)
    held_out = data.prepare(validation_files, validation_root, model, fit=False)
    latents = data.clip_latents(settings.clip_s, h)
    clips = data.Clips(recordings, h, latents, random=True)
    batch_size = min(settings.batch_size, len(clips))
    loader = DataLoader(clips, batch_size, shuffle=True, drop_last=True)
    validation = DataLoader(data.Clips(held_out, h, latents, random=False), batch_size)

    return training.fit(
        Training(model, settings),
        (loader, validation),
        settings.run,
        CURVES,
        monitor="validation/bits",
        unfinished=unfinished,
    )
