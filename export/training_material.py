"""What an export is fitted to and judged by: the recordings that a checkpoint was trained with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..models import audio_files
from ..models.wavenet_vae import data, network
from .errors import LatentoneError

JUDGED_FILES = 8


def trained_on(checkpoint: Path, record: dict[str, Any], train_path: Path | None) -> Path:
    """The training folder, as it was or as `train_path` says. Raises LatentoneError where it is unknown or gone."""
    recorded = record.get("training", {}).get("train_path")
    folder = train_path or (Path(recorded) if recorded else None)
    if folder is None:
        raise LatentoneError(f"{checkpoint}: does not say what it was trained on; give the folder with --train_path")
    if not folder.exists():
        raise LatentoneError(f"{folder}: the training data is not there any more; say where with --train_path")
    return folder


def training_files(folder: Path, record: dict[str, Any]) -> list[Path]:
    """Those of `folder` that the weights have learned from."""
    training = record.get("training", {})
    files = audio_files.find(folder, training.get("max_files"))
    if training.get("split", True) and len(files) > 1:
        return data.split(folder, None, training.get("max_files"))[0]
    return files


def judged_files(folder: Path, record: dict[str, Any]) -> tuple[list[Path], bool]:
    """A handful of recordings, spread over all, to measure a loss on; and whether the weights have never seen them."""
    learned = training_files(folder, record)
    held_out = sorted(set(audio_files.find(folder, record.get("training", {}).get("max_files"))) - set(learned))
    files = held_out or learned
    chosen = np.linspace(0, len(files) - 1, min(JUDGED_FILES, len(files))).astype(int)
    return [files[index] for index in chosen], bool(held_out)


@torch.inference_mode()
def encode_all(model: network.WaveNetVAE, files: list[Path]) -> tuple[np.ndarray, np.ndarray, float]:
    """Posterior means (frames, latents) and level (frames,) in dB of every readable recording, and their seconds."""
    h = model.hyperparameters
    raw, energy_db, samples = [], [], 0
    skipped: list[str] = []
    for _, audio in audio_files.load_all(files, h.sample_rate_hz, skipped):
        whole = data.whole_latents(audio, h)
        raw.append(model.encoder.encode(torch.from_numpy(whole)[None])[0].T.numpy())
        energy_db.append(10 * np.log10(np.mean(whole.reshape(-1, h.latent_hop_samples) ** 2, axis=1) + 1e-10))
        samples += len(audio)
    for line in skipped:
        print(f"skipped {line}", file=sys.stderr)
    if sum(map(len, raw)) < 2 * h.latents:
        raise LatentoneError(
            f"calibration needs at least {2 * h.latents} latent frames of readable audio; give more with --train_path"
        )
    return np.concatenate(raw).astype(np.float64), np.concatenate(energy_db), samples / h.sample_rate_hz
