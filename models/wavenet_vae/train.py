"""The training loop: Lightning runs it, this says what a step, a log step and the schedule are."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import ModelCheckpoint, RichProgressBar, WeightAveraging
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader

from ..allocator import keep_freed_memory
from ..errors import LatentoneError
from . import curve, data, listening, network
from .hyperparameters import Hyperparameters
from .network import Losses, WaveNetVAE, active_units

WARM_UP_STEPS = 200
EMA_DECAY = 0.999
CHECKPOINT_MINUTES = 3
RESYNTHESIS_S = 300.0
"""Listening is slow, sample by sample: no more often than this, however short an epoch is."""


@dataclass(frozen=True)
class Settings:
    """What `latentone train wavenet-vae` was asked for; the flags' help says what each means."""

    train_path: Path
    validation_path: Path | None
    epochs: int
    export_path: Path
    batch_size: int
    learning_rate: float
    kl_anneal: float
    max_kl: float
    logs_per_epoch: int
    device: str
    max_files: int | None
    hyperparameters: Hyperparameters
    clip_s: float
    free_nats: float
    scored: float
    past_noise: float
    seed: int
    precision: str
    max_time_s: float | None
    resume: Path | None
    devices: int
    nodes: int


class Training(lightning.LightningModule):
    """A WaveNet VAE being trained: loss, log steps, KL annealing, and a cosine schedule over steps or time."""

    def __init__(self, model: WaveNetVAE, settings: Settings) -> None:
        super().__init__()
        self.model = model
        self.settings = settings
        self.kl_multiplier = min(settings.kl_anneal, settings.max_kl)
        self.elapsed_s = 0.0
        self._means: list[Tensor] = []
        self._listened_s = -math.inf

    def losses(self, batch: dict[str, Tensor], **others: Any) -> Losses:
        return self.model.losses(batch, data.MARGIN_LATENTS, self.kl_multiplier, self.settings.free_nats, **others)

    def on_train_start(self) -> None:
        """Each process draws clips and noise of its own, and a resumed run others than it began with."""
        torch.manual_seed(self.settings.seed + 1_000_003 * self.global_rank + self.global_step)
        self._began_s = time.monotonic() - self.elapsed_s

    def training_step(self, batch: dict[str, Tensor]) -> Tensor:
        losses = self.losses(batch, scored=self.settings.scored, past_noise=self.settings.past_noise)
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
        self._means.append(losses.mean.transpose(1, 2).flatten(0, 1).float().cpu())
        # With the last batch and not at the epoch's end, where the averaged weights have already been put back.
        last = batch_idx == self.trainer.num_val_batches[0] - 1 and not self.trainer.sanity_checking
        if last and time.monotonic() - self._listened_s >= RESYNTHESIS_S:
            with torch.autocast(self.device.type, enabled=False):  # listening is done in full precision
                self._log_resynthesis()
            self._listened_s = time.monotonic()

    def on_validation_epoch_end(self) -> None:
        """A log step ends: active units, and one more step of KL annealing."""
        units = float(active_units(torch.cat(self._means)))
        self.log("validation/active_units", units, prog_bar=True, sync_dist=True)
        self._means.clear()
        if self.trainer.sanity_checking:
            return
        self.log("train/kl_multiplier", self.kl_multiplier)
        self.log("train/elapsed_s", self.elapsed_s)
        self.kl_multiplier = min(self.kl_multiplier + self.settings.kl_anneal, self.settings.max_kl)

    def _log_resynthesis(self) -> None:
        loaders = self.trainer.val_dataloaders
        if self.trainer.is_global_zero and loaders is not None:
            for logger in self.loggers:
                if isinstance(logger, TensorBoardLogger):
                    listening.log_resynthesis(logger.experiment, self.model, loaders.dataset, self.global_step)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.settings.learning_rate * self.schedule()

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.elapsed_s = time.monotonic() - self._began_s
        if self.settings.max_time_s is not None:
            over = self.elapsed_s >= self.settings.max_time_s
            # All processes stop together, or the rest would wait for ever for the first.
            self.trainer.should_stop |= self.trainer.strategy.reduce_boolean_decision(over, all=False)

    def schedule(self) -> float:
        """Warm-up, then half a cosine down to 2 %, over all steps or over `max_time_s`, whichever ends first."""
        done = self.global_step / max(1, int(self.trainer.estimated_stepping_batches))
        if self.settings.max_time_s is not None:
            done = max(done, self.elapsed_s / self.settings.max_time_s)
        cosine = 0.5 + 0.5 * math.cos(math.pi * min(done, 1.0))
        return min(1.0, (self.global_step + 1) / WARM_UP_STEPS) * (0.02 + 0.98 * cosine)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        return torch.optim.AdamW(trained, lr=self.settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["family"] = "wavenet_vae"
        checkpoint["hyperparameters"] = self.model.hyperparameters.to_dict()
        checkpoint["training"] = {
            "kl_multiplier": self.kl_multiplier,
            "elapsed_s": self.elapsed_s,
            "train_path": str(self.settings.train_path.absolute()),
            "split": self.settings.validation_path is None,
            "max_files": self.settings.max_files,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.kl_multiplier = checkpoint["training"]["kl_multiplier"]
        self.elapsed_s = checkpoint["training"]["elapsed_s"]


def train(settings: Settings) -> Path:
    """Train, and return the last checkpoint's path. Raises LatentoneError for data that cannot be used."""
    keep_freed_memory()
    lightning.seed_everything(settings.seed, verbose=False)
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

    settings.export_path.mkdir(parents=True, exist_ok=True)
    checkpoints = ModelCheckpoint(
        settings.export_path,
        filename="best",
        monitor="validation/bits",
        save_last=True,
        enable_version_counter=False,
    )
    regularly = ModelCheckpoint(
        settings.export_path,
        filename="latest",
        train_time_interval=_minutes(CHECKPOINT_MINUTES),
        enable_version_counter=False,
    )
    csv = CSVLogger(settings.export_path, "curves")
    accelerator, devices = device_of(settings.device, settings.devices)
    trainer = lightning.Trainer(
        max_epochs=settings.epochs,
        accelerator=accelerator,
        devices=devices,
        num_nodes=settings.nodes,
        precision=settings.precision,  # pyright: ignore[reportArgumentType]
        gradient_clip_val=1.0,
        val_check_interval=1.0 / settings.logs_per_epoch if len(loader) >= settings.logs_per_epoch else 1.0,
        log_every_n_steps=min(10, len(loader)),
        callbacks=[
            checkpoints,
            regularly,
            WeightAveraging(avg_fn=_average),
            RichProgressBar(),
        ],
        logger=[TensorBoardLogger(settings.export_path, "tensorboard"), csv],
    )
    trainer.fit(Training(model, settings), loader, validation, ckpt_path=unfinished, weights_only=True)
    last = settings.export_path / "last.ckpt"
    trainer.save_checkpoint(last)
    if trainer.is_global_zero and csv.log_dir:
        csv.save()
        curve.draw(Path(csv.log_dir) / "metrics.csv", settings.export_path / "curve.png")
    return last


def _average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
    """Exponential moving average of the weights, over the last tenth of a young run and 1,000 steps of an old one."""
    decay = min(EMA_DECAY, (1.0 + float(count)) / (10.0 + float(count)))
    return averaged + (1.0 - decay) * (current - averaged)


def _minutes(count: float) -> Any:
    from datetime import timedelta

    return timedelta(minutes=count)


def device_of(device: str, count: int) -> tuple[str, list[int] | int]:
    """`cpu`, `cuda:0`, `mps` to Lightning's accelerator and devices; raises LatentoneError for anything else."""
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return "cpu", count
    if kind == "cuda" and (not index or index.isdigit()):
        if not torch.cuda.is_available():
            raise LatentoneError(f"--device {device}: this torch sees no CUDA device; use cpu")
        return "gpu", [int(index)] if index and count == 1 else count
    if kind == "mps" and not index:
        return "mps", 1
    raise LatentoneError(f"--device {device}: not one of cpu, cuda, cuda:<index>, mps")
