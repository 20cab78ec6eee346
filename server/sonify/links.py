"""Which columns of the data are heard as what: rank correlations of all columns with all descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FALSE_SHARE = 0.05
STRONGEST = 20
FEWEST_ROWS = 10
SHUFFLES = 20


@dataclass(frozen=True)
class Link:
    """A column and a descriptor that rise together (rho > 0) or against each other; q is p after Benjamini and Hochberg."""

    column: str
    descriptor: str
    rho: float
    p: float
    q: float


@dataclass(frozen=True)
class Links:
    """The strongest links, and how many there are among how many pairs."""

    strongest: list[Link]
    pairs: int
    descriptors: int
    """Those that move."""
    found: int
    """Pairs with q of at most FALSE_SHARE: as many as that are false, of those found, in the mean."""
    columns_linked: int
    descriptors_linked: int
    found_by_chance: float
    """The mean of `found` when the rows of the data are shuffled: what the search finds where nothing is."""
    constant_columns: int
    constant_descriptors: int
    """Left out, as nothing can be ranked by them."""
    rows: int


def find_links(
    data: np.ndarray, columns: Sequence[str], sound: np.ndarray, descriptors: Sequence[str], *, seed: int = 0
) -> Links | None:
    """data (rows, columns) and sound (rows, descriptors) to their Links; None for fewer than FEWEST_ROWS rows.

    Spearman's rho with tied values sharing their mean rank; p from Student's t with rows - 2 degrees of freedom (Kendall and Stuart
    1973, sec. 31.19), two-sided; q after Benjamini and Hochberg 1995 over all pairs.
    """
    count = len(data)
    if count < FEWEST_ROWS:
        return None
    data_ranks, data_kept = _ranked(data)
    sound_ranks, sound_kept = _ranked(sound)
    rho = np.clip(data_ranks.T @ sound_ranks, -1, 1)
    p = _p_of(rho, count)
    q = _q_of(p)
    found = q <= FALSE_SHARE
    random = np.random.default_rng(seed)
    by_chance = [
        (
            _q_of(_p_of(np.clip(data_ranks[random.permutation(count)].T @ sound_ranks, -1, 1), count)) <= FALSE_SHARE
        ).sum()
        for _ in range(SHUFFLES)
    ]
    strongest = np.argsort(-np.abs(rho), axis=None, kind="stable")[:STRONGEST]
    pairs = list(zip(*(places.tolist() for places in np.unravel_index(strongest, rho.shape)), strict=True))
    return Links(
        strongest=[
            Link(
                columns[int(data_kept[i])],
                descriptors[int(sound_kept[j])],
                float(rho[i, j]),
                float(p[i, j]),
                float(q[i, j]),
            )
            for i, j in pairs
        ],
        pairs=rho.size,
        descriptors=len(sound_kept),
        found=int(found.sum()),
        columns_linked=int(found.any(axis=1).sum()),
        descriptors_linked=int(found.any(axis=0).sum()),
        found_by_chance=float(np.mean(by_chance)),
        constant_columns=data.shape[1] - len(data_kept),
        constant_descriptors=sound.shape[1] - len(sound_kept),
        rows=count,
    )


def _ranked(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) to ranks of the columns that move, each of mean 0 and length 1, and the indices of those columns."""
    from scipy.stats import rankdata

    kept = np.flatnonzero(np.ptp(values, axis=0) > 1e-9 * np.maximum(np.abs(values).max(axis=0), 1e-300))
    ranks = rankdata(values[:, kept], axis=0)
    ranks -= ranks.mean(axis=0)
    return ranks / np.linalg.norm(ranks, axis=0), kept


def _p_of(rho: np.ndarray, count: int) -> np.ndarray:
    from scipy.special import stdtr

    t = np.abs(rho) * np.sqrt((count - 2) / np.maximum(1 - rho**2, 1e-15))
    return 2 * stdtr(count - 2, -t)


def _q_of(p: np.ndarray) -> np.ndarray:
    from scipy.stats import false_discovery_control

    return false_discovery_control(p.ravel()).reshape(p.shape) if p.size else p
