"""What every training run shares: device, averaged weights, checkpoints every few minutes, curves, when to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, RichProgressBar, WeightAveraging
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor

from .curve import Column, draw
from .errors import LatentoneError
from .flags import device_parts

WARM_UP_STEPS = 200
EMA_DECAY = 0.999
CHECKPOINT_MINUTES = 3


@dataclass(frozen=True)
class Settings:
    """The flags that every `latentone train` command has; their help says what each means."""

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


class Timed(lightning.LightningModule):
    """A run that knows how long it has trained, over all its resumptions, and ends at `max_time_s`."""

    def __init__(self, learning_rate: float, max_time_s: float | None) -> None:
        super().__init__()
        self.learning_rate, self.max_time_s = learning_rate, max_time_s
        self.elapsed_s = 0.0

    def on_train_start(self) -> None:
        self._began_s = time.monotonic() - self.elapsed_s

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate * self.schedule()

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.elapsed_s = time.monotonic() - self._began_s
        if self.max_time_s is not None:
            over = self.elapsed_s >= self.max_time_s
            # All processes stop together, or the rest would wait for ever for the first.
            self.trainer.should_stop |= self.trainer.strategy.reduce_boolean_decision(over, all=False)

    def schedule(self) -> float:
        """Warm-up, then half a cosine down to 2 %, over all steps or over `max_time_s`, whichever ends first."""
        done = self.global_step / max(1, int(self.trainer.estimated_stepping_batches))
        if self.max_time_s is not None:
            done = max(done, self.elapsed_s / self.max_time_s)
        cosine = 0.5 + 0.5 * math.cos(math.pi * min(done, 1.0))
        return min(1.0, (self.global_step + 1) / WARM_UP_STEPS) * (0.02 + 0.98 * cosine)


def fit(
    module: Timed,
    loaders: tuple[Any, Any],
    settings: Settings,
    curves: Sequence[Column],
    *,
    monitor: str,
    unfinished: Path | None = None,
) -> Path:
    """Train until Lightning's Trainer ends, and return `last.ckpt`; `best.ckpt`, `latest.ckpt`, logs and curve lie beside it.

    loaders: training and validation. monitor: the validation figure that makes a checkpoint the best. unfinished: a
    checkpoint with its optimiser to go on from. Raises LatentoneError for a device that is not there.
    """
    accelerator, devices = device_of(settings.device, settings.devices)
    export_path = settings.export_path
    export_path.mkdir(parents=True, exist_ok=True)
    csv = CSVLogger(export_path, "curves")
    callbacks: list[Callback] = [
        ModelCheckpoint(export_path, filename="best", monitor=monitor, save_last=True, enable_version_counter=False),
        ModelCheckpoint(
            export_path,
            filename="latest",
            train_time_interval=timedelta(minutes=CHECKPOINT_MINUTES),
            enable_version_counter=False,
        ),
        WeightAveraging(avg_fn=_average),
        RichProgressBar(),
    ]
    trainer = lightning.Trainer(
        gradient_clip_val=1.0,
        log_every_n_steps=min(10, len(loaders[0])),
        callbacks=callbacks,
        logger=[TensorBoardLogger(export_path, "tensorboard"), csv],
        max_epochs=settings.epochs,
        accelerator=accelerator,
        devices=devices,
        num_nodes=settings.nodes,
        precision=cast(Any, settings.precision),
        val_check_interval=validation_interval(loaders[0], settings.logs_per_epoch),
    )
    trainer.fit(module, *loaders, ckpt_path=unfinished, weights_only=True)
    last = export_path / "last.ckpt"
    trainer.save_checkpoint(last)
    if trainer.is_global_zero and csv.log_dir:
        csv.save()
        draw(Path(csv.log_dir) / "metrics.csv", export_path / "curve.png", curves)
    return last


def validation_interval(loader: Any, logs_per_epoch: int) -> float:
    """Lightning's `val_check_interval` for so many log steps an epoch, or one where an epoch has fewer steps."""
    return 1.0 / logs_per_epoch if len(loader) >= logs_per_epoch else 1.0


def _average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
    """Exponential moving average of the weights, over the last tenth of a young run and 1,000 steps of an old one."""
    decay = min(EMA_DECAY, (1.0 + float(count)) / (10.0 + float(count)))
    return averaged + (1.0 - decay) * (current - averaged)


def device_of(device: str, count: int = 1) -> tuple[str, list[int] | int]:
    """`cpu`, `cuda:0`, `mps` to Lightning's accelerator and devices; raises LatentoneError for what there is not."""
    kind, index = device_parts(device)
    if kind == "cuda":
        if not torch.cuda.is_available():
            raise LatentoneError(f"--device {device}: this torch sees no CUDA device; use cpu")
        return "gpu", [int(index)] if index and count == 1 else count
    return kind, count if kind == "cpu" else 1


def seed_everything(seed: int) -> None:
    """Weights, batches and noise come out the same for the same seed; to be called before the network is made."""
    lightning.seed_everything(seed, verbose=False)
