"""Recordings on disk: any folder of them, any rate and channel count, to loudness-normalised mono."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from .errors import LatentoneError

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
LOUDNESS_LUFS = -23.0
PEAK = 0.97
_LOUDNESS_BLOCK_S = 0.4


def find(folder: Path, limit: int | None = None) -> list[Path]:
    """Every audio file under `folder` (or the one file it names), sorted; raises LatentoneError when there is none."""
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise LatentoneError(f"{folder}: no such folder")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise LatentoneError(f"{folder}: no audio in it or below (looked for {', '.join(SUFFIXES)})")
    return files[:limit]


def load(path: Path, sample_rate_hz: int) -> np.ndarray:
    """Mono float32 (samples,) at `sample_rate_hz`, loudness -23 LUFS (ITU-R BS.1770), peaks at most 0.97.

    Raises LatentoneError naming the file when it cannot be read or holds no sound.
    """
    if not path.is_file():
        raise LatentoneError(f"{path}: no such file")
    try:
        audio, file_rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        raise LatentoneError(f"{path}: cannot be read as audio ({str(error).removesuffix('.')})") from None
    mono = audio.mean(axis=1)
    if file_rate_hz != sample_rate_hz:
        mono = soxr.resample(mono, file_rate_hz, sample_rate_hz)
    if not len(mono) or not np.isfinite(mono).all() or not np.any(mono):
        raise LatentoneError(f"{path}: holds no sound")
    return normalised(mono, sample_rate_hz)


def normalised(mono: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """(samples,) scaled to -23 LUFS and a peak of at most 0.97; a clip under 0.4 s goes by its RMS instead."""
    # Here, because it loads scipy, which only those who read recordings should wait for.
    import pyloudnorm

    if len(mono) > _LOUDNESS_BLOCK_S * sample_rate_hz:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loudness_lufs = pyloudnorm.Meter(sample_rate_hz).integrated_loudness(mono.astype(np.float64))
    else:
        loudness_lufs = 10 * np.log10(np.mean(np.square(mono, dtype=np.float64)))
    # All below the meter's gate reads as minus infinity: leave such a clip as quiet as it is.
    gain = 10 ** ((LOUDNESS_LUFS - loudness_lufs) / 20) if np.isfinite(loudness_lufs) else 1.0
    return (mono * min(gain, PEAK / np.abs(mono).max())).astype(np.float32)


def load_all(paths: Iterable[Path], sample_rate_hz: int, skipped: list[str]) -> Iterator[tuple[Path, np.ndarray]]:
    """Every readable recording; what could not be read is added to `skipped`, a line each."""
    for path in paths:
        try:
            yield path, load(path, sample_rate_hz)
        except LatentoneError as error:
            skipped.append(str(error))
