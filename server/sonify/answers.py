"""The answers to a Question as figures: who tells the classes apart, what stays near, what is heard as what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import classes as telling
from .classes import Accuracy, Classes, Comparison
from .descriptors import NAMES
from .links import Links, find_links
from .neighbours import Likeness, compare_spaces
from .question import BASELINE, Question

DATA, LATENTS = "data", "latents"


@dataclass(frozen=True)
class Told:
    """How well one thing tells the classes apart."""

    told: Accuracy
    p_corrected: float
    """For couplings, after Holm over all of them: the best of many is not better by luck alone."""
    over_baseline: Comparison | None = None
    """A coupling's sound less the parameter mapping's; its p after Holm over the couplings."""


@dataclass(frozen=True)
class Telling:
    """Who tells the classes apart, over the same rows and folds."""

    classes: dict[str, int]
    """Names, and how many rows each has."""
    left_out: dict[str, int]
    rows: int
    groups: int
    """As many as rows, where each row stands for itself."""
    folds: int
    repeats: int
    permutations: int
    minimum: int
    all: dict[str, Told]
    """By name: `data`, `latents`, the couplings, `parameter mapping`."""


@dataclass(frozen=True)
class Near:
    """Whether what is alike in the space `first` is alike in the space `second`."""

    first: str
    second: str
    likeness: Likeness


@dataclass(frozen=True)
class Answers:
    """Everything that report.json says of a Question."""

    dataset: str
    items: int
    held_out: int | None
    """Items that the encoder's weights never saw; None where nobody knows."""
    columns: int
    latents: int
    seconds: float
    sample_rate_hz: int
    seed: int
    couplings: list[str]
    knew_classes: list[str]
    """The couplings, and the parameter mapping, that were fitted to the classes of other rows."""
    best: str
    """The coupling whose sound tells the classes best; without classes, keeps the data's distances best."""
    telling: Telling | None
    """None where fewer than two classes have enough members: `left_out` says why."""
    left_out: dict[str, int]
    near: list[Near]
    links: Links | None
    """Of the data's columns and the best coupling's sound."""


def answer(question: Question, *, minimum: int = telling.MINIMUM, permutations: int = telling.PERMUTATIONS) -> Answers:
    """Work out all figures; some seconds for hundreds of rows. The same question gives the same answers."""
    found = telling.classes_of(question.labels, minimum, question.groups)
    told = _telling(question, found, minimum, permutations) if found.names else None
    near = _near(question, permutations)
    best = _best(question, told, near)
    return Answers(
        dataset=question.dataset,
        items=len(question.names),
        held_out=int(np.sum(question.held_out)) if len(question.held_out) else None,
        columns=question.rows.shape[1],
        latents=question.latents.shape[1],
        seconds=float(question.seconds),
        sample_rate_hz=question.sample_rate_hz,
        seed=question.seed,
        couplings=list(question.sounds),
        knew_classes=[name for name, sound in question.all_sounds().items() if sound.knew_classes],
        best=best,
        telling=told,
        left_out=found.left_out,
        near=near,
        links=_links(question, best),
    )


def _spaces(question: Question) -> dict[str, np.ndarray]:
    sounds = {name: sound.descriptors for name, sound in question.all_sounds().items()}
    return {DATA: question.rows, LATENTS: question.latents, **sounds}


def _links(question: Question, best: str) -> Links | None:
    """Of the data and the sound of `best`, medians left out: they repeat the means."""
    kept = [index for index, name in enumerate(NAMES) if not name.endswith("_median")]
    rows, sounds = _wholes(question, question.rows), _wholes(question, question.sounds[best].descriptors)
    return find_links(rows, question.inputs, sounds[:, kept], [NAMES[index] for index in kept], seed=question.seed)


def _wholes(question: Question, space: np.ndarray) -> np.ndarray:
    """(items, columns) to one row for each group, the mean of its items': parts of one thing are no evidence of their own."""
    if not question.groups:
        return space
    _, group = np.unique(np.array(question.groups), return_inverse=True)
    return np.stack([np.bincount(group, column) for column in space.T], axis=1) / np.bincount(group)[:, None]


def _telling(question: Question, classes: Classes, minimum: int, permutations: int) -> Telling:
    splits = classes.splits(telling.REPEATS, question.seed)
    accuracies: dict[str, Accuracy] = {}
    hits: dict[str, np.ndarray] = {}
    for name, space in _spaces(question).items():
        accuracies[name], hits[name] = telling.accuracy(
            space[classes.rows], classes, splits, permutations=permutations, seed=question.seed
        )
    couplings = list(question.sounds)
    corrected = dict(zip(couplings, telling.holm([accuracies[name].p for name in couplings]), strict=True))
    over = {}
    if BASELINE in hits:
        pairs = [telling.compare(hits[name], hits[BASELINE], classes.units, question.seed) for name in couplings]
        ps = telling.holm([pair.p for pair in pairs])
        over = {
            name: Comparison(pair.difference, pair.low, pair.high, p)
            for name, pair, p in zip(couplings, pairs, ps, strict=True)
        }
    return Telling(
        classes={name: int(np.sum(classes.codes == code)) for code, name in enumerate(classes.names)},
        left_out=classes.left_out,
        rows=len(classes.rows),
        groups=len(classes.unit_codes),
        folds=classes.folds,
        repeats=telling.REPEATS,
        permutations=permutations,
        minimum=minimum,
        all={name: Told(a, corrected.get(name, a.p), over.get(name)) for name, a in accuracies.items()},
    )


def _near(question: Question, permutations: int) -> list[Near]:
    """Data to latents, then for each sound latents to it and data to it; for the parameter mapping, data to it."""
    spaces = {name: _wholes(question, space) for name, space in _spaces(question).items()}
    pairs = [(DATA, LATENTS)]
    pairs += [pair for name in question.sounds for pair in ((LATENTS, name), (DATA, name))]
    pairs += [(DATA, BASELINE)] if BASELINE in spaces else []
    found = [
        (first, second, compare_spaces(spaces[first], spaces[second], permutations=permutations, seed=question.seed))
        for first, second in pairs
    ]
    return [Near(first, second, likeness) for first, second, likeness in found if likeness]


def _best(question: Question, told: Telling | None, near: list[Near]) -> str:
    if told:
        return max(question.sounds, key=lambda name: told.all[name].told.accuracy)
    kept = [one for one in near if one.first == DATA and one.second in question.sounds]
    return max(kept, key=lambda one: one.likeness.distances).second if kept else next(iter(question.sounds))
