"""Likeness of spaces, where it is known: the same space keeps all, noise keeps nothing."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.sonify.neighbours import compare_spaces
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness


def rows(count: int, columns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, columns))


def test_a_space_is_like_itself() -> None:
    space = rows(60, 4, 0)
    same = compare_spaces(space, space * [1, 10, 100, 1000], permutations=99)
    assert same is not None
    assert same.distances == pytest.approx(1)
    assert same.trustworthiness == 1
    assert same.distances_p == same.trustworthiness_p == pytest.approx(0.01)


def test_strangers_are_not_alike() -> None:
    apart = compare_spaces(rows(60, 4, 0), rows(60, 4, 1), permutations=99)
    assert apart is not None
    assert abs(apart.distances) < 0.1
    assert apart.distances_p > 0.05
    assert apart.trustworthiness == pytest.approx(apart.trustworthiness_chance, abs=0.06)


def test_the_figures_are_scipys_and_scikit_learns() -> None:
    first = rows(50, 6, 0)
    second = first[:, :2] + 0.3 * rows(50, 2, 1)
    found = compare_spaces(first, second, permutations=9, scale=False)
    assert found is not None
    assert found.distances == pytest.approx(spearmanr(pdist(first), pdist(second)).statistic)  # pyright: ignore[reportAttributeAccessIssue]
    assert found.trustworthiness == pytest.approx(trustworthiness(first, second, n_neighbors=5))


@pytest.mark.parametrize("count", [3, 6, 9, 600])
def test_any_number_of_rows(count: int) -> None:
    found = compare_spaces(rows(count, 3, 0), rows(count, 2, 1), permutations=9)
    assert (found is None) == (count < 6)
    if found:
        assert found.rows == min(count, 500)
        assert 0 <= found.trustworthiness <= 1


def test_a_space_without_movement_is_like_nothing() -> None:
    found = compare_spaces(rows(30, 3, 0), np.ones((30, 2)), permutations=99)
    assert found is not None
    assert found.distances == 0
    assert found.distances_p == 1
