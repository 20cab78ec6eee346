"""What is heard when: rows one after another on one time axis, as a table and as one long passage."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .passage import Passage, seed_of
from .pieces import Piece


@dataclass(frozen=True)
class Heard:
    """A piece, the knobs that its latents become, and where it lies on the time axis of all."""

    piece: Piece
    knobs: np.ndarray
    """Float32 (frames, dim of the decoder)."""
    file: str
    """Of its sound, from the folder of the run on."""
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Pace:
    """How latents become time."""

    step_s: float
    """That each frame is held: the dwell of a row, or the time of a frame of a movement."""
    glide_s: float
    seed: int


def laid_out(pieces: Sequence[Piece], knobs: Sequence[np.ndarray], files: Sequence[str], pace: Pace) -> list[Heard]:
    """The pieces one after another. knobs: float32 (frames, dim) of each."""
    heard, frames = [], 0
    for piece, places, file in zip(pieces, knobs, files, strict=True):
        start, frames = frames, frames + len(places)
        heard.append(Heard(piece, places, file, start * pace.step_s, frames * pace.step_s))
    return heard


def passage_of(heard: Heard, pace: Pace) -> Passage:
    """One row by itself: its draws depend on its name and the run's seed alone."""
    seed = seed_of(pace.seed, heard.piece.name)
    # A row that is held does not glide, and sounds the same whatever glide the whole has.
    glide_s = pace.glide_s if len(heard.knobs) > 1 else 0.0
    return Passage(heard.piece.name, heard.knobs, pace.step_s, glide_s, seed)


def whole_of(heard: Sequence[Heard], pace: Pace) -> Passage:
    """All rows, one after another, as one performance."""
    return Passage("whole", np.concatenate([row.knobs for row in heard]), pace.step_s, pace.glide_s, pace.seed)


def table(heard: Sequence[Heard], pace: Pace, latent_names: Sequence[str], knob_names: Sequence[str]) -> str:
    """CSV: a line for each time that something else is held, with the data's latents and the decoder's knobs.

    So a row of a table has one line, and a segment of a movement one a frame.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    knobs = [f"knob_{name}" for name in knob_names]
    writer.writerow(["start_s", "end_s", "sample", "label", "file", *latent_names, *knobs])
    for row in heard:
        writer.writerows(_lines(row, pace))
    return text.getvalue()


def _lines(row: Heard, pace: Pace) -> Iterator[list[object]]:
    first = round(row.start_s / pace.step_s)
    for frame, (latents, knobs) in enumerate(zip(row.piece.latents.T, row.knobs, strict=True), first):
        times = (f"{frame * pace.step_s:.6g}", f"{(frame + 1) * pace.step_s:.6g}")
        numbers = (f"{number:.6g}" for number in (*latents.tolist(), *knobs.tolist()))
        yield [*times, row.piece.name, row.piece.label, row.file, *numbers]
