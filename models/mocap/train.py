"""Training on movement: clips are read, some held out, and `data_vae` does the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from ..data_vae import train as run
from ..errors import LatentoneError
from ..training import Settings, seed_everything
from . import data, network
from .clips import read_clips
from .network import Hyperparameters, MotionVAE


def train(
    path: Path,
    hyperparameters: Hyperparameters,
    settings: Settings,
    batch_size: int,
    held_out_share: float,
    max_files: int | None,
    resume: Path | None,
) -> Path:
    """Train, and return the last checkpoint's path. Raises LatentoneError for data that cannot be used."""
    seed_everything(settings.seed)
    model, record = network.load(resume) if resume else (MotionVAE(hyperparameters), {})
    model.train()
    clips = data.fewer(read_clips(path, model.hyperparameters.frame_rate_hz), max_files)
    # What a resumed model never saw, it goes on not seeing.
    unseen = set(record.get("data", {}).get("held_out", []))
    training = [clip for clip in clips if clip.name not in unseen]
    held_out = [clip for clip in clips if clip.name in unseen]
    if not held_out:
        training, held_out = data.split(clips, held_out_share, settings.seed)
    if not training:
        raise LatentoneError(f"{path}: every clip was held out by {resume}: nothing is left to learn from")
    if not resume:
        model.encoder.fit(torch.from_numpy(np.concatenate([clip.values for clip in training], axis=1)))
    crops = data.Crops(training)
    loaders = (
        DataLoader(crops, min(batch_size, len(crops)), shuffle=True, drop_last=True, collate_fn=data.tilted),
        DataLoader(data.Whole(held_out), 1),
    )
    about = {
        "name": path.stem,
        "path": str(path.absolute()),
        "held_out": [clip.name for clip in held_out],
        "trained_on": [clip.name for clip in training],
        "max_files": max_files,
    }
    return run(model, settings, loaders, about, resume if "loops" in record else None)
