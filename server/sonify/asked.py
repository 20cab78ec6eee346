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
from .run import Plan
from .voice import Voice

MEMORY = ".descriptors.npz"
"""What the sounds were described as, kept from run to run."""


def question_of(
    output: Path,
    plans: Sequence[Plan],
    material: Material,
    voice: Voice,
    settings: Mapping[str, Any],
    workers: int,
    console: Console,
) -> Question | None:
    """Render the parameter mapping of the rows into `output`, describe all sounds, and put the question.

    None where there is nothing to ask about.
    """
    asked = _asked(plans, material)
    if not asked:
        return None
    # As much as what it is compared with.
    knows_classes = all(each.knew_classes for each in plans)
    mapped = render_mapped(
        material.heard, material.selection.fitted_on, output / files.BASELINE, plans[0].pace.step_s,
        material.data.frame_rate_hz, voice.sample_rate_hz, knows_classes,
    )  # fmt: skip
    files_of = {each.coupling: [each.folder / each.heard[index].file for index in asked] for each in plans}
    files_mapped = [mapped[index] for index in asked]
    every = [file for some in (*files_of.values(), files_mapped) for file in some]
    *of_couplings, of_mapped = np.split(describe_files(every, output / MEMORY, workers, console), len(plans) + 1)
    pieces = [material.heard[index] for index in asked]
    rows, inputs = _rows(pieces, material.data.inputs)
    unseen = set(material.encoder.held_out)
    return Question(
        dataset=material.data.name,
        names=[piece.name for piece in pieces],
        labels=[piece.label for piece in pieces],
        groups=[piece.item for piece in pieces] if material.data.frame_rate_hz is not None else (),
        inputs=inputs,
        rows=rows,
        latents=summed_up([piece.latents for piece in pieces]),
        sounds={
            each.coupling: Sound(descriptors, _relative(files_of[each.coupling], output), each.knew_classes)
            for each, descriptors in zip(plans, of_couplings, strict=True)
        },
        baseline=Sound(of_mapped, _relative(files_mapped, output), knows_classes),
        held_out=[piece.item in unseen for piece in pieces],
        seconds=float(np.mean([plans[0].heard[index].end_s - plans[0].heard[index].start_s for index in asked])),
        sample_rate_hz=voice.sample_rate_hz,
        settings=_flat(settings),
        picture=plans[0].folder / files.PICTURE,
        seed=plans[0].pace.seed,
    )


def summed_up(places: Sequence[np.ndarray]) -> np.ndarray:
    """Each (dim, frames) as one row: the frame itself where there is one, and else means and spreads, (items, dim or 2 dim)."""
    if all(place.shape[1] == 1 for place in places):
        return np.stack([place[:, 0] for place in places])
    return np.stack([np.concatenate([place.mean(axis=1), place.std(axis=1)]) for place in places])


def _asked(plans: Sequence[Plan], material: Material) -> list[int]:
    """Of the rows heard, those that may be judged and have a sound of every coupling."""
    judged = {piece.name for piece in material.selection.judged}
    return [
        index
        for index, piece in enumerate(material.heard)
        if piece.name in judged and all(_has_row(each, index) for each in plans)
    ]


def _has_row(each: Plan, index: int) -> bool:
    file = each.heard[index].file
    return file != files.WHOLE and (each.folder / file).is_file()


def _rows(pieces: Sequence[Piece], inputs: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    rows = summed_up([piece.values for piece in pieces])
    if rows.shape[1] == len(inputs):
        return rows, list(inputs)
    return rows, [*(f"{name} mean" for name in inputs), *(f"{name} spread" for name in inputs)]


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of the settings: `decoder name`, not the names of all rows that something was fitted on."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= {f"{key} {name}": each for name, each in value.items() if each is not None}
        elif not isinstance(value, list):
            flat[key] = value
    return flat


def _relative(sounds: Sequence[Path], output: Path) -> list[str]:
    return [sound.relative_to(output).as_posix() for sound in sounds]
