"""The class question, where the answer is known: a report that says yes to noise, or no to what is plain, would mislead."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.sonify.classes import accuracy, classes_of, compare, correctness, holm
from latentone.server.sonify.discriminant import Fold, predict
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

RANDOM = np.random.default_rng(0)
LABELS = [f"kind {row % 4}" for row in range(120)]
CODES = np.arange(120) % 4


def clouds(apart: float, columns: int = 12, seed: int = 0) -> np.ndarray:
    """(120, columns): four clouds, whose middles lie `apart` spreads from the origin."""
    return np.random.default_rng(seed).normal(size=(120, columns)) + apart * np.eye(columns)[CODES]


def test_the_discriminant_is_scikit_learns() -> None:
    values, codes = (np.asarray(array)[:300] for array in load_digits(return_X_y=True))
    fold = Fold.of(values, np.arange(0, 300, 5))
    own = codes[fold.train_rows]
    means = np.array([fold.train[own == code].mean(axis=0) for code in range(10)])
    shrinkage = ledoit_wolf_shrinkage(fold.train - means[own], assume_centered=True)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(fold.train, own).predict(fold.test)
    np.testing.assert_array_equal(predict(fold, codes[None])[0], theirs)


def test_clouds_apart_are_told_and_noise_is_not() -> None:
    classes = classes_of(LABELS)
    splits = classes.splits(3, 0)
    plain, _ = accuracy(clouds(4), classes, splits, permutations=99)
    assert plain.accuracy > 0.9
    assert plain.p == pytest.approx(1 / 100)
    assert plain.low <= plain.accuracy <= plain.high
    noise, _ = accuracy(clouds(0), classes, splits, permutations=99)
    assert noise.p > 0.1
    assert noise.chance == pytest.approx(0.25, abs=0.03)
    assert set(plain.by_class) == set(LABELS)


def test_p_is_no_smaller_than_it_should_be_where_nothing_is() -> None:
    classes = classes_of(LABELS[:60])
    splits = classes.splits(1, 0)
    ps = [accuracy(clouds(0, 5, seed)[:60], classes, splits, permutations=39, seed=seed)[0].p for seed in range(40)]
    assert np.mean(np.array(ps) <= 0.1) <= 0.25
    assert np.mean(ps) == pytest.approx(0.5, abs=0.15)


def test_more_columns_than_rows_are_no_obstacle() -> None:
    wide = np.concatenate([clouds(5), np.random.default_rng(1).normal(size=(120, 1500))], axis=1)
    classes = classes_of(LABELS)
    found, _ = accuracy(wide, classes, classes.splits(1, 0), permutations=19)
    assert 0.25 < found.accuracy <= 1
    assert found.columns == 1512


def test_constant_columns_change_nothing() -> None:
    classes = classes_of(LABELS)
    splits = classes.splits(1, 0)
    with_constant = np.concatenate([clouds(1), np.full((120, 2), 7.3)], axis=1)
    np.testing.assert_array_equal(correctness(clouds(1), classes, splits), correctness(with_constant, classes, splits))
    assert correctness(np.ones((120, 3)), classes, splits).mean() <= 0.3


def test_small_classes_are_left_out_and_named() -> None:
    classes = classes_of(["a"] * 6 + ["b"] * 7 + ["c"] * 3 + [""] * 2, minimum=5)
    assert classes.names == ["a", "b"]
    assert classes.left_out == {"": 2, "c": 3}
    assert len(classes.rows) == 13
    assert classes.folds == 5
    assert classes_of(["a"] * 9 + ["b"] * 2, minimum=1).folds == 2
    two_clips_and_one = classes_of(
        ["a"] * 3 + ["b"] * 3 + ["c"] * 3, groups=["1", "1", "2", "3", "4", "4", "5", "5", "5"]
    )
    assert (two_clips_and_one.names, two_clips_and_one.left_out) == (["a", "b"], {"c": 1})
    assert classes_of(["a"] * 9 + ["b"], minimum=5).names == []


def test_parts_of_one_clip_do_not_give_each_other_away() -> None:
    """Each clip has a tone of its own and no class; told row by row, the clip is recognised and its label with it."""
    clips = np.repeat(np.arange(24), 5)
    labels = [f"kind {clip % 3}" for clip in clips]
    values = np.random.default_rng(3).normal(size=(24, 10))[clips] + 0.1 * RANDOM.normal(size=(120, 10))
    leaking = classes_of(labels)
    whole = classes_of(labels, groups=[f"clip {clip}" for clip in clips])
    assert correctness(values, leaking, leaking.splits(1, 0)).mean() > 0.6
    found, _ = accuracy(values, whole, whole.splits(1, 0), permutations=99)
    assert found.p > 0.05
    splits = whole.splits(2, 0)
    assert all(len(set(split[clips == clip])) == 1 for split in splits for clip in range(24))


def test_the_better_of_two_is_named_and_twins_are_not() -> None:
    classes = classes_of(LABELS)
    splits = classes.splits(3, 0)
    good, poor = (correctness(clouds(apart), classes, splits) for apart in (4, 1))
    better = compare(good, poor, classes.units)
    assert better.low > 0
    assert better.p < 0.01
    twin = compare(
        correctness(clouds(2, seed=1), classes, splits), correctness(clouds(2, seed=2), classes, splits), classes.units
    )
    assert twin.p > 0.05
    assert twin.low < 0 < twin.high
    same = compare(good, good, classes.units)
    assert (same.difference, same.p) == (0, 1)


def test_many_couplings_need_more_evidence() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
