"""Recordings as training clips: codes of every band beside the features that the encoder hears."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import track
from torch import Tensor
from torch.utils.data import Dataset

from .. import audio_files
from ..errors import LatentoneError
from .heads import HEADS
from .hyperparameters import Hyperparameters
from .network import WaveNetVAE

MARGIN_LATENTS = 6
"""Latents before and after a clip, so that its encoder and conditioning see what surrounds it."""
HEADROOM = 0.98
LEVEL_QUANTILE = 0.9999


@dataclass(frozen=True)
class Recording:
    """One file: the head's codes, int16 (steps, bands), features float32 (39, 2 × latents), its speaker's index."""

    path: Path
    codes: Tensor
    features: Tensor
    speaker: int


def split(
    train_path: Path, validation_path: Path | None, max_files: int | None = None
) -> tuple[list[Path], list[Path], Path]:
    """Training files, held-out files and the latter's folder; without a folder of their own, every tenth file is held out."""
    files = audio_files.find(train_path, max_files)
    if validation_path is not None:
        return files, audio_files.find(validation_path, max_files), validation_path
    if len(files) < 2:
        raise LatentoneError(
            f"{train_path}: one file cannot be split for validation; give a folder with --validation_path"
        )
    held_out = files[9::10] or files[-1:]
    return [path for path in files if path not in set(held_out)], held_out, train_path


def prepare(
    paths: Sequence[Path], root: Path, model: WaveNetVAE, *, fit: bool, progress: bool = True
) -> list[Recording]:
    """Read every file; with `fit`, first set the model's band gains and feature statistics from them.

    Unreadable files are named on the console and skipped; raises LatentoneError when none is left.
    """
    h = model.hyperparameters
    skipped: list[str] = []
    listed = track(paths, "Reading audio", disable=not progress)
    audio = {
        path: torch.from_numpy(whole_latents(samples, h))
        for path, samples in audio_files.load_all(listed, h.sample_rate_hz, skipped)
    }
    for line in skipped:
        print(f"skipped {line}")
    if not audio:
        raise LatentoneError(f"{root}: none of its {len(paths)} audio files could be read")
    with torch.inference_mode():
        features = {path: model.encoder.mfcc(samples[None])[0] for path, samples in audio.items()}
        if fit:
            fit_statistics(model, list(audio.values()), list(features.values()))
        return [
            Recording(
                path,
                model.decoder.codes(samples[None])[0].to(torch.int16),
                features[path],
                speaker_index(path, root, h),
            )
            for path, samples in audio.items()
        ]


def clip_latents(scored_s: float, h: Hyperparameters) -> int:
    """Latents of a clip of which `scored_s` seconds have the whole receptive field before them."""
    scored = max(round(scored_s * h.sample_rate_hz / h.latent_hop_samples), 1)
    return scored + math.ceil(h.receptive_field_steps / h.steps_per_latent)


def whole_latents(samples: np.ndarray, h: Hyperparameters) -> np.ndarray:
    """(samples,) padded with silence to a whole number of latents."""
    return np.pad(samples, (0, -len(samples) % h.latent_hop_samples))


def speaker_index(path: Path, root: Path, h: Hyperparameters) -> int:
    """The index of the folder directly below `root` that holds `path`; 0 for a model without speakers."""
    if not h.speakers:
        return 0
    name = path.relative_to(root).parts[0]
    if name not in h.speakers:
        raise LatentoneError(f"{path}: speaker {name} is not one of the model's ({', '.join(h.speakers)})")
    return h.speakers.index(name)


def fit_statistics(model: WaveNetVAE, audio: list[Tensor], features: list[Tensor]) -> None:
    """Band gains that fill the range (all but one sample in 10,000), and the features' mean and deviation."""
    per_clip = [model.decoder.filter_bank.analyse(samples[None])[0].abs() for samples in audio]
    levels = torch.cat(per_clip, dim=1).numpy()
    peaks = torch.tensor(np.quantile(levels, LEVEL_QUANTILE, axis=1), dtype=torch.float32)
    model.decoder.band_gains.copy_((HEADROOM / peaks.clamp(min=1e-3))[:, None])
    joined = torch.cat(features, dim=1)
    model.encoder.feature_mean.copy_(joined.mean(dim=1, keepdim=True))
    model.encoder.feature_std.copy_(joined.std(dim=1, keepdim=True).clamp(min=1e-3))


class Clips(Dataset[dict[str, Tensor]]):
    """Clips of `latents` latents: random places for training, the same evenly spaced ones for validation.

    An epoch of random clips is as many as the recordings hold seconds for; each recording is drawn by its length.
    """

    def __init__(self, recordings: list[Recording], h: Hyperparameters, latents: int, *, random: bool) -> None:
        self.recordings, self.h, self.latents, self.random = recordings, h, latents, random
        counts = [max(1, len(r.codes) // h.steps_per_latent // latents) for r in recordings]
        self.places = [(i, k * latents) for i, count in enumerate(counts) for k in range(count)]
        lengths = torch.tensor([len(r.codes) for r in recordings], dtype=torch.float64)
        self.weights = lengths / lengths.sum()

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        which, start = self.places[index]
        if self.random:
            which = int(torch.multinomial(self.weights, 1))
            whole = len(self.recordings[which].codes) // self.h.steps_per_latent
            start = int(torch.randint(0, max(1, whole - self.latents + 1), ()))
        return cut(self.recordings[which], start, self.latents, self.h)


def cut(recording: Recording, start: int, latents: int, h: Hyperparameters) -> dict[str, Tensor]:
    """The clip of `latents` latents from latent `start` on, silence where the recording has ended.

    codes int64 (steps, bands); features (39, 2 × (latents + 2 × MARGIN_LATENTS)); speaker ().
    """
    steps = h.steps_per_latent
    codes = recording.codes[start * steps : (start + latents) * steps].long()
    codes = F.pad(codes, (0, 0, 0, latents * steps - len(codes)), value=HEADS[h.head].silence)
    first, last = 2 * (start - MARGIN_LATENTS), 2 * (start + latents + MARGIN_LATENTS)
    have = recording.features.shape[1]
    inside = recording.features[:, max(first, 0) : min(last, have)]
    # Outside the file there is nothing to hear: its edge frames stand in.
    pad = (max(-first, 0), max(last - have, 0))
    features = F.pad(inside[None], pad, mode="replicate")[0]
    return {"codes": codes, "features": features, "speaker": torch.tensor(recording.speaker)}
