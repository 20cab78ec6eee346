"""Whether something still tells the classes apart: held-back accuracy, beside chance, and one against another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .discriminant import Fold, predict

MINIMUM = 3
"""Rows that a class needs, so that some can be held back and two are left to learn from, and they must not all be parts of
one thing; smaller classes are left out, and named."""
FOLDS, REPEATS = 5, 10
PERMUTATIONS = 999
RESAMPLES = 4999
_AT_ONCE = 50


@dataclass(frozen=True)
class Classes:
    """The rows that take part: their indices, classes as numbers (rows,), and the classes' names.

    units (rows,): rows of one number belong together, as segments of a clip do: they are held back together, shuffled
    together and drawn together, since one gives the other away.
    """

    rows: np.ndarray
    codes: np.ndarray
    units: np.ndarray
    names: list[str]
    left_out: dict[str, int]
    """Classes with too few, and how many units they have; those without a class under the empty string."""

    @property
    def unit_codes(self) -> np.ndarray:
        """The class of each unit, (units,)."""
        return self.codes[np.unique(self.units, return_index=True)[1]]

    @property
    def folds(self) -> int:
        """As many as the smallest class has units, FOLDS at most."""
        return min(FOLDS, int(np.bincount(self.unit_codes).min())) if len(self.names) else 0

    def splits(self, repeats: int, seed: int) -> np.ndarray:
        """Which fold each row is in, (repeats, rows): each class is spread over the folds as evenly as can be."""
        from sklearn.model_selection import StratifiedKFold

        codes = self.unit_codes
        found = np.empty((repeats, len(codes)), dtype=int)
        for repeat in range(repeats):
            splitter = StratifiedKFold(self.folds, shuffle=True, random_state=seed + repeat)
            for fold, (_, test) in enumerate(splitter.split(codes[:, None], codes)):
                found[repeat, test] = fold
        return found[:, self.units]


@dataclass(frozen=True)
class Accuracy:
    """How well classes are told from rows that the classifier was not trained on; shares, 0 to 1."""

    accuracy: float
    low: float
    high: float
    """Ends of the 95 % interval: rows drawn again, over all repeats."""
    spread_of_repeats: float
    balanced: float
    """The mean of the classes' own accuracies."""
    chance: float
    """The mean accuracy with the labels shuffled."""
    chance_high: float
    """What 95 % of the shuffles stay below."""
    balanced_chance: float
    p: float
    """Share of labellings, the true one among them, that do as well as it on the first split."""
    columns: int
    by_class: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """One accuracy less another over the same rows and folds; p is two-sided."""

    difference: float
    low: float
    high: float
    p: float


def classes_of(labels: Sequence[str], minimum: int = MINIMUM, groups: Sequence[str] = ()) -> Classes:
    """The classes of at least `minimum` rows in at least 2 units; none at all where fewer than two such classes are left.

    groups: what each row is part of, where several rows are parts of one thing, the unit; else each row is one.
    """
    whole = list(zip(groups or range(len(labels)), labels, strict=True))
    units_of = Counter(label for _, label in dict.fromkeys(whole))
    rows_of = Counter(labels)
    names = sorted(name for name in rows_of if name and rows_of[name] >= minimum and units_of[name] >= 2)
    left_out = {name: count for name, count in sorted(units_of.items()) if name not in names}
    if len(names) < 2:
        none = np.zeros(0, dtype=int)
        return Classes(none, none, none, [], dict(sorted(units_of.items())))
    codes = {name: code for code, name in enumerate(names)}
    taking_part = [(row, codes[label]) for row, label in enumerate(labels) if label in codes]
    rows, found = np.array(taking_part).T
    units: dict[tuple[object, str], int] = {}
    numbers = np.array([units.setdefault(whole[row], len(units)) for row in rows.tolist()])
    return Classes(rows, found, numbers, names, left_out)


def correctness(values: np.ndarray, classes: Classes, splits: np.ndarray) -> np.ndarray:
    """values (rows of the classes, columns) to whether each row's class was told when it was held back, (repeats, rows)."""
    told = np.zeros(splits.shape, dtype=bool)
    for repeat, split in enumerate(splits):
        for fold in _folds(values, split):
            told[repeat, fold.test_rows] = predict(fold, classes.codes[None])[0] == classes.codes[fold.test_rows]
    return told


def accuracy(
    values: np.ndarray, classes: Classes, splits: np.ndarray, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> tuple[Accuracy, np.ndarray]:
    """values (rows of the classes, columns) to their Accuracy, and the `correctness` it comes from.

    Chance is measured by shuffling labels within each fold of the first split: every shuffle then has the folds and the
    class counts of the true one, which a shuffle over all rows would not. p is (b + 1)/(m + 1), Phipson and Smyth 2010.
    """
    told = correctness(values, classes, splits)
    shuffled, labellings = _shuffled(values, classes, splits[0], permutations, seed)
    by_chance = shuffled.mean(axis=1)
    low, high = _interval(told.mean(axis=0), classes.units, seed)
    weights = 1 / np.bincount(classes.codes)[classes.codes] / len(classes.names)
    balanced_by_chance = (shuffled / _sizes(labellings, len(classes.names)) / len(classes.names)).sum(axis=1)
    found = Accuracy(
        accuracy=float(told.mean()),
        low=low,
        high=high,
        spread_of_repeats=float(told.mean(axis=1).std()),
        balanced=float(told.mean(axis=0) @ weights),
        chance=float(by_chance.mean()),
        chance_high=float(np.quantile(by_chance, 0.95)),
        balanced_chance=float(balanced_by_chance.mean()),
        p=float((np.sum(by_chance >= told[0].mean() - 1e-12) + 1) / (permutations + 1)),
        columns=values.shape[1],
        by_class={name: float(told[:, classes.codes == code].mean()) for code, name in enumerate(classes.names)},
    )
    return found, told


def compare(told: np.ndarray, other: np.ndarray, units: np.ndarray, seed: int = 0) -> Comparison:
    """Two `correctness` (repeats, rows) of the same rows, of `units` (rows,), and folds.

    p by flipping, unit by unit, which of the two is which (McNemar's test where there is one repeat); the interval by
    drawing units again.
    """
    differences = told.mean(axis=0) - other.mean(axis=0)
    low, high = _interval(differences, units, seed)
    sums = np.bincount(units, differences)
    moving = sums[np.abs(sums) > 1e-12]
    signs = np.random.default_rng(seed).integers(0, 2, (RESAMPLES, len(moving)), dtype=np.int8) * 2 - 1
    as_far = np.abs(signs @ moving) >= abs(moving.sum()) - 1e-9
    return Comparison(float(differences.mean()), low, high, float((as_far.sum() + 1) / (RESAMPLES + 1)))


def holm(ps: Sequence[float]) -> list[float]:
    """p-values of one family, corrected by Holm's step-down method (1979): none is below 0.05 by chance in 95 % of families."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    corrected, highest = [0.0] * len(ps), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        corrected[index] = highest
    return corrected


def _sizes(labellings: np.ndarray, classes: int) -> np.ndarray:
    """How many rows of its labelling have the class of each, (labellings, rows)."""
    counts = (labellings[:, None, :] == np.arange(classes)[:, None]).sum(axis=2)
    return np.take_along_axis(counts, labellings, axis=1)


def _folds(values: np.ndarray, split: np.ndarray) -> list[Fold]:
    return [Fold.of(values, np.flatnonzero(split == number)) for number in range(split.max() + 1)]


def _shuffled(
    values: np.ndarray, classes: Classes, split: np.ndarray, permutations: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each row's shuffled class was told, and that class, both (permutations, rows)."""
    random = np.random.default_rng(seed)
    folds = _folds(values, split)
    of_units = np.tile(classes.unit_codes, (permutations, 1))
    for fold in folds:
        inside = np.unique(classes.units[fold.test_rows])
        of_units[:, inside] = random.permuted(of_units[:, inside], axis=1)
    labellings = of_units[:, classes.units]
    told = np.empty(labellings.shape, dtype=bool)
    for start in range(0, permutations, _AT_ONCE):
        some = labellings[start : start + _AT_ONCE]
        for fold in folds:
            told[start : start + _AT_ONCE, fold.test_rows] = predict(fold, some) == some[:, fold.test_rows]
    return told, labellings


def _interval(values: np.ndarray, units: np.ndarray, seed: int) -> tuple[float, float]:
    """The 95 % percentile interval of the mean of values (rows,), units drawn with replacement."""
    sums, sizes = np.bincount(units, values), np.bincount(units)
    counts = np.random.default_rng(seed).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), RESAMPLES)
    low, high = np.quantile((counts @ sums) / (counts @ sizes), (0.025, 0.975))
    return float(low), float(high)
