"""Whether what is alike in one space is alike in another: distances in rank order, and nearest neighbours kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEIGHBOURS = 5
MOST_ROWS = 500
"""More rows than this are thinned out by chance, as the number of pairs grows with their square."""
FEWEST_ROWS = 6
PERMUTATIONS = 999


@dataclass(frozen=True)
class Likeness:
    """How alike the distances between rows are in two spaces."""

    distances: float
    """Spearman's correlation of the distances of all pairs of rows."""
    distances_p: float
    """Mantel's test, one-sided: share of shuffles of the rows of one space that do as well."""
    trustworthiness: float
    """1 when the nearest in the second space are near in the first (Venna and Kaski 2001, eq. 1)."""
    trustworthiness_chance: float
    """Its mean over the shuffles."""
    trustworthiness_p: float
    neighbours: int
    rows: int


def compare_spaces(
    first: np.ndarray, second: np.ndarray, *, permutations: int = PERMUTATIONS, seed: int = 0, scale: bool = True
) -> Likeness | None:
    """first (rows, columns) and second (rows, others) to their Likeness; None for fewer than FEWEST_ROWS rows.

    Distances are Euclidean, of columns divided by their spread (`scale`), constant ones left out.
    """
    random = np.random.default_rng(seed)
    if len(first) > MOST_ROWS:
        chosen = np.sort(random.choice(len(first), MOST_ROWS, replace=False))
        first, second = first[chosen], second[chosen]
    count = len(first)
    if count < FEWEST_ROWS:
        return None
    neighbours = min(NEIGHBOURS, (count - 1) // 2 - 1)
    distances = [_distances(_scaled(space) if scale else space) for space in (first, second)]
    above = np.triu_indices(count, 1)
    ranks = [_ranks(matrix, above) for matrix in distances]
    nearest = np.argsort(distances[1] + np.diag(np.full(count, np.inf)), axis=1, kind="stable")[:, :neighbours]
    penalty = _penalties(distances[0], neighbours)
    orders = [np.arange(count), *(random.permutation(count) for _ in range(permutations))]
    fits = np.array([float(np.vdot(ranks[0][np.ix_(order, order)], ranks[1])) for order in orders])
    trusts = np.array([float(penalty[order[:, None], order[nearest]].sum()) for order in orders])
    worst = count * neighbours * (2 * count - 3 * neighbours - 1) / 2
    norm = np.linalg.norm(ranks[0]) * np.linalg.norm(ranks[1])
    return Likeness(
        distances=float(fits[0] / norm) if norm > 0 else 0.0,
        distances_p=float(np.mean(fits >= fits[0] - 1e-9 * max(norm, 1.0))),
        trustworthiness=float(1 - trusts[0] / worst),
        trustworthiness_chance=float(1 - trusts[1:].mean() / worst),
        trustworthiness_p=float(np.mean(trusts <= trusts[0])),
        neighbours=neighbours,
        rows=count,
    )


def _scaled(values: np.ndarray) -> np.ndarray:
    """Each column (rows,) less its mean, over its spread; constant ones become zero."""
    spread = values.std(axis=0)
    moving = spread > 1e-7 * np.maximum(np.abs(values.mean(axis=0)), 1e-30)
    return (values - values.mean(axis=0)) / np.where(moving, spread, np.inf)


def _distances(values: np.ndarray) -> np.ndarray:
    """(rows, columns) to (rows, rows)."""
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(values))


def _ranks(distances: np.ndarray, above: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Distances (rows, rows) to their ranks among all pairs, centred, zero on the diagonal, ties shared."""
    from scipy.stats import rankdata

    ranks = np.zeros_like(distances)
    found = rankdata(distances[above])
    ranks[above] = found - found.mean()
    return ranks + ranks.T


def _penalties(distances: np.ndarray, neighbours: int) -> np.ndarray:
    """(rows, rows) to how far beyond the nearest `neighbours` of a row each other row ranks; zero for those nearest."""
    count = len(distances)
    order = np.argsort(distances + np.diag(np.full(count, -np.inf)), axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(count)[None, :], axis=1)
    return np.maximum(ranks - neighbours, 0)
