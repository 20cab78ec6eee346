"""The parameter mapping of the same rows, for comparison: files beside those of the couplings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..audio.file import FileSink
from . import folder as files
from .baseline import Baseline, fit_baseline
from .pieces import Piece, file_names
from .voice import said_by

_MARK = "latentone parameter mapping "


def render_mapped(
    pieces: Sequence[Piece],
    fitted_on: Sequence[Piece],
    folder: Path,
    dwell_s: float,
    frame_rate_hz: float | None,
    sample_rate_hz: int,
    by_class: bool,
) -> list[Path]:
    """Write each piece as `fit_baseline` of the rows `fitted_on` plays it into `folder`; returns the files, one a piece.

    by_class: whether it is fitted to the classes of those rows, where they have any. What is there already stays. Raises
    LatentoneError when one cannot be written.
    """
    labels = [piece.label for piece in fitted_on for _ in range(piece.values.shape[1])] if by_class else []
    baseline = fit_baseline(np.concatenate([piece.values for piece in fitted_on], axis=1).T, labels)
    fitted = hashlib.sha256()
    for array in (baseline.mean, baseline.scale, baseline.axes, baseline.low, baseline.high):
        fitted.update(array.tobytes())
    written = []
    for piece, name in zip(pieces, file_names([piece.name for piece in pieces]), strict=True):
        file = files.make(folder) / f"{name}.wav"
        seconds = dwell_s if frame_rate_hz is None else piece.values.shape[1] / frame_rate_hz
        digest = fitted.copy()
        digest.update(piece.values.tobytes() + repr((seconds, frame_rate_hz, sample_rate_hz)).encode())
        _write(file, baseline, piece, seconds, frame_rate_hz, sample_rate_hz, _MARK + digest.hexdigest())
        written.append(file)
    return written


def _write(
    file: Path,
    baseline: Baseline,
    piece: Piece,
    seconds: float,
    frame_rate_hz: float | None,
    sample_rate_hz: int,
    comment: str,
) -> None:
    if said_by(file) == (comment, round(seconds * sample_rate_hz)):
        return
    audio = baseline.render(piece.values, seconds, sample_rate_hz, frame_rate_hz)
    with FileSink(file, sample_rate_hz, 1, comment=comment) as sink:
        sink.write(audio[None])
