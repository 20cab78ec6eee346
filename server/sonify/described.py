"""Sound files as rows of descriptors, several at a time; those that were described before are remembered by their content."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import track

from .descriptors import NAMES, describe
from .folder import write_whole
from .voice import file_sha256
from .work import begin

FEW = 24
"""Sounds that are described before other processes would have started."""


def describe_files(sounds: Sequence[Path], memory: Path, workers: int, console: Console) -> np.ndarray:
    """The descriptors of each file, (files, descriptors); `memory` is where they are kept from run to run.

    Raises LatentoneError for a file that cannot be read.
    """
    keys = [file_sha256(sound) for sound in sounds]
    known = _remembered(memory)
    new = {key: sound for key, sound in zip(keys, sounds, strict=True) if key not in known}
    known |= dict(zip(new, _described(list(new.values()), workers, console), strict=True))
    if new:
        content = io.BytesIO()
        kept = sorted(set(keys))
        np.savez_compressed(content, keys=kept, names=list(NAMES), values=np.array([known[key] for key in kept]))
        write_whole(memory, content.getvalue())
    return np.array([known[key] for key in keys]).reshape(-1, len(NAMES))


def describe_file(sound: Path) -> list[float]:
    """The descriptors of a file's first channel, in the order of NAMES."""
    audio, rate_hz = soundfile.read(sound, dtype="float32", always_2d=True)
    return list(describe(audio[:, 0], rate_hz).values())


def _described(sounds: Sequence[Path], workers: int, console: Console) -> list[list[float]]:
    quiet = not console.is_terminal
    saying = "describing the sounds"
    if len(sounds) <= FEW or workers == 1:
        return [describe_file(sound) for sound in track(sounds, saying, console=console, transient=True, disable=quiet)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), begin) as pool:
        try:
            done = pool.map(describe_file, sounds, chunksize=4)
            return list(track(done, saying, len(sounds), console=console, transient=True, disable=quiet))
        finally:
            pool.shutdown(cancel_futures=True)


def _remembered(memory: Path) -> dict[str, list[float]]:
    try:
        with np.load(memory, allow_pickle=False) as kept:
            if kept["names"].tolist() != list(NAMES):
                return {}
            return dict(zip(kept["keys"].tolist(), kept["values"].tolist(), strict=True))
    except (OSError, ValueError, KeyError, EOFError):
        return {}
