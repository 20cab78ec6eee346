"""What the report is asked: of each item that nothing was fitted on, its values, its latents, and its sounds of every kind."""

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

    The segments of a clip are one item, the mean of their descriptors: they are too alike to count as many. None where there is
    nothing to ask about.
    """
    items = _items(plans, material)
    if not items:
        return None
    mapped = render_mapped(
        material.heard, material.selection.fitted_on, output / files.BASELINE, plans[0].pace.step_s,
        material.data.frame_rate_hz, voice.sample_rate_hz,
    )  # fmt: skip
    sounds = {each.coupling: [each.folder / row.file for row in each.heard] for each in plans}
    asked = [index for indices in items.values() for index in indices]
    paths = [of[index] for of in (*sounds.values(), mapped) for index in asked]
    described = np.split(describe_files(paths, output / MEMORY, workers, console), len(sounds) + 1)
    ends = np.cumsum([len(indices) for indices in items.values()])[:-1]
    *of_couplings, of_mapped = (np.stack([part.mean(axis=0) for part in np.split(each, ends)]) for each in described)
    firsts = [indices[0] for indices in items.values()]
    pieces = [[material.heard[index] for index in indices] for indices in items.values()]
    rows, inputs = _rows(pieces, material.data.inputs)
    unseen = set(material.encoder.held_out)
    return Question(
        dataset=material.data.name,
        names=list(items),
        labels=[material.heard[index].label for index in firsts],
        inputs=inputs,
        rows=rows,
        latents=summed_up([np.concatenate([piece.latents for piece in group], axis=1) for group in pieces]),
        sounds={
            name: Sound(descriptors, _relative([sounds[name][index] for index in firsts], output))
            for name, descriptors in zip(sounds, of_couplings, strict=True)
        },
        baseline=Sound(of_mapped, _relative([mapped[index] for index in firsts], output)),
        held_out=[name in unseen for name in items],
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


def _items(plans: Sequence[Plan], material: Material) -> dict[str, list[int]]:
    """The items that may be judged, and which of the rows heard are theirs and have a sound of every coupling."""
    judged = {piece.name for piece in material.selection.judged}
    items: dict[str, list[int]] = {}
    for index, piece in enumerate(material.heard):
        if piece.name in judged and all(_has_row(each, index) for each in plans):
            items.setdefault(piece.item, []).append(index)
    return items


def _has_row(each: Plan, index: int) -> bool:
    file = each.heard[index].file
    return file != files.WHOLE and (each.folder / file).is_file()


def _rows(pieces: Sequence[Sequence[Piece]], inputs: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    rows = summed_up([np.concatenate([piece.values for piece in group], axis=1) for group in pieces])
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
