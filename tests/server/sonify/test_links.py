"""Links between columns and descriptors: what was planted is found, and noise is not sold as a finding."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.sonify.links import find_links
from scipy.stats import spearmanr


def noise(seed: int, columns: int, rows: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns))


def named(letter: str, count: int) -> list[str]:
    return [f"{letter}{index}" for index in range(count)]


def test_a_planted_link_is_found_first() -> None:
    data, sound = noise(0, 200), noise(1, 30)
    sound[:, 7] = -np.exp(data[:, 123]) + 0.1 * sound[:, 7]
    links = find_links(data, named("c", 200), sound, named("d", 30))
    assert links is not None
    first = links.strongest[0]
    assert (first.column, first.descriptor) == ("c123", "d7")
    assert first.rho == pytest.approx(spearmanr(data[:, 123], sound[:, 7]).statistic)  # pyright: ignore[reportAttributeAccessIssue]
    assert first.q < 1e-10
    assert 1 <= links.found <= 3
    assert len(links.strongest) == 20
    assert links.pairs == 6000


def test_noise_has_no_links() -> None:
    found = [
        links.found
        for seed in range(6)
        if (links := find_links(noise(seed, 100), named("c", 100), noise(50 + seed, 30), named("d", 30)))
    ]
    assert len(found) == 6
    assert sum(found) <= 4


def test_p_is_scipys_with_ties() -> None:
    data, sound = noise(0, 3).round(), noise(1, 2).round(1)
    links = find_links(data, named("c", 3), sound, named("d", 2))
    assert links is not None
    for link in links.strongest:
        expected = spearmanr(data[:, int(link.column[1])], sound[:, int(link.descriptor[1])])
        assert link.rho == pytest.approx(expected.statistic)  # pyright: ignore[reportAttributeAccessIssue]
        assert link.p == pytest.approx(expected.pvalue)  # pyright: ignore[reportAttributeAccessIssue]


def test_constant_columns_are_counted_not_ranked() -> None:
    data, sound = noise(0, 5), noise(1, 4)
    data[:, 1], sound[:, 2:] = 3.0, 0.0
    links = find_links(data, named("c", 5), sound, named("d", 4))
    assert links is not None
    assert (links.constant_columns, links.constant_descriptors, links.pairs) == (1, 2, 8)
    assert all(link.column != "c1" and link.descriptor in ("d0", "d1") for link in links.strongest)


def test_nothing_that_moves_and_too_few_rows() -> None:
    still = find_links(np.ones((20, 3)), named("c", 3), noise(0, 2, 20), named("d", 2))
    assert still is not None
    assert (still.pairs, still.found, still.strongest) == (0, 0, [])
    assert find_links(noise(0, 3, 5), named("c", 3), noise(0, 2, 5), named("d", 2)) is None
