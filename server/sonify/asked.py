"""What the report is asked: of each row that nothing was fitted on, its values, its latents, and its sounds of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from . import folder as files
from .described import describe_files
from .mapped import render_mapped
from .material import Material
from .pieces import Piece
from .question import Question, Sound
from .report import write_report
from .run import Plan
from .voice import Voice

MEMORY = ".descriptors.npz"


def ask(
    output: Path,
    plans: Sequence[Plan],
    material: Material,
    voice: Voice,
    settings: Mapping[str, Any],
    workers: int,
    console: Console,
) -> None:
    """Write the parameter mapping of the rows, and the report, into `output`; where there is nothing to ask, say why not."""
    judged = {piece.name for piece in material.selection.judged}
    asked = [
        index
        for index, piece in enumerate(material.heard)
        if piece.name in judged and all(_has_row(each, index) for each in plans)
    ]
    if not asked:
        console.print(
            "no report: it needs files of rows that nothing was fitted on (--as rows or both)", highlight=False
        )
        return
    rate_hz = material.data.frame_rate_hz
    mapped = render_mapped(
        material.heard, material.selection.fitted_on, output / files.BASELINE, plans[0].pace.step_s, rate_hz,
        voice.sample_rate_hz,
    )  # fmt: skip
    sounds = {each.coupling: [_file(each, index) for index in asked] for each in plans}
    baseline = [mapped[index] for index in asked]
    described = describe_files(
        [file for group in (*sounds.values(), baseline) for file in group], output / MEMORY, workers, console
    )
    *of_couplings, of_baseline = np.split(described, len(sounds) + 1)
    pieces = [material.heard[index] for index in asked]
    rows, inputs = _rows(pieces, material.data.inputs)
    question = Question(
        dataset=material.data.name,
        names=[piece.name for piece in pieces],
        labels=[piece.label for piece in pieces],
        inputs=inputs,
        rows=rows,
        latents=summed_up([piece.latents for piece in pieces]),
        sounds={
            name: Sound(descriptors, _relative(sounds[name], output))
            for name, descriptors in zip(sounds, of_couplings, strict=True)
        },
        baseline=Sound(of_baseline, _relative(baseline, output)),
        held_out=[piece.item in set(material.encoder.held_out) for piece in pieces],
        seconds=float(np.mean([plans[0].heard[index].end_s - plans[0].heard[index].start_s for index in asked])),
        sample_rate_hz=voice.sample_rate_hz,
        settings={key: value for key, value in settings.items() if key != "fitted_on"},
        picture=plans[0].folder / files.PICTURE,
        seed=plans[0].pace.seed,
    )
    write_report(question, output)
    console.print(f"{output / 'report.html'}: what can be heard of {len(asked)} rows", highlight=False, soft_wrap=True)


def summed_up(places: Sequence[np.ndarray]) -> np.ndarray:
    """Each (dim, frames) as one row: the frame itself where there is one, and else means and spreads, (pieces, dim or 2 dim)."""
    if all(place.shape[1] == 1 for place in places):
        return np.stack([place[:, 0] for place in places])
    return np.stack([np.concatenate([place.mean(axis=1), place.std(axis=1)]) for place in places])


def _rows(pieces: Sequence[Piece], inputs: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    rows = summed_up([piece.values for piece in pieces])
    if rows.shape[1] == len(inputs):
        return rows, list(inputs)
    return rows, [*(f"{name} mean" for name in inputs), *(f"{name} spread" for name in inputs)]


def _file(each: Plan, index: int) -> Path:
    return each.folder / each.heard[index].file


def _has_row(each: Plan, index: int) -> bool:
    return each.heard[index].file != files.WHOLE and _file(each, index).is_file()


def _relative(sounds: Sequence[Path], output: Path) -> list[str]:
    return [sound.relative_to(output).as_posix() for sound in sounds]
