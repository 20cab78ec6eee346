"""What is to be nearer to what: triplets of rows, and how far a picture of them is from keeping their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAR = 12
"""Neighbours of a row that are to stay neighbours, at most."""
FAR = 3
"""Rows further off for each of them."""
CLASS_SHARE = 0.5
"""Of the triplets, those that keep classes apart, where labels are given."""
TOUCHING = 1e-3


@dataclass(frozen=True)
class Triplets:
    """Row `anchor` is to sound nearer to `near` than to `far`; indices (triplets,), and how much each counts (triplets,)."""

    anchor: np.ndarray
    near: np.ndarray
    far: np.ndarray
    weight: np.ndarray

    def loss(self, heard: np.ndarray, clear: float) -> tuple[float, np.ndarray]:
        """Of a picture of the rows (rows, k): mean of clear × log(1 + exp((near - far) / clear)), and its gradient (rows, k).

        clear: how much further the far one has to be before it hardly matters any more.
        """
        rows = len(heard)
        near_pair, far_pair = self.anchor * rows + self.near, self.anchor * rows + self.far
        apart = np.sqrt(np.maximum(_squared_distances(heard), 0) + TOUCHING**2).ravel()
        near, far = apart[near_pair], apart[far_pair]
        wrong = (near - far) / clear
        loss = clear * float((self.weight * np.logaddexp(0, wrong)).sum())
        slope = self.weight / (1 + np.exp(-np.clip(wrong, -60, 60)))
        # By pair: how hard both are pulled together, over their distance.
        pull = np.bincount(near_pair, slope / near, rows**2) - np.bincount(far_pair, slope / far, rows**2)
        pull = pull.reshape(rows, rows)
        pull = pull + pull.T
        return loss, pull.sum(axis=1)[:, None] * heard - pull @ heard

    def in_order(self, heard: np.ndarray) -> float:
        """The part of the triplets, by weight, that a picture (rows, k) keeps."""
        near = np.square(heard[self.anchor] - heard[self.near]).sum(axis=1)
        far = np.square(heard[self.anchor] - heard[self.far]).sum(axis=1)
        return float(self.weight[near < far].sum())


def choose(data: np.ndarray, labels: np.ndarray | None, chance: np.random.Generator) -> Triplets:
    """Triplets of the rows (rows, dim): neighbours beside rows of a higher rank, drawn evenly in the logarithm of the rank,
    so that the nearest are told apart as well as the furthest. With labels (rows,), empty where
    unknown, half of the weight goes to triplets of a row of the
    same class, among the nearest of it, and one of another class, among the nearest of those."""
    distances = np.sqrt(np.maximum(_squared_distances(data), 0))
    np.fill_diagonal(distances, -1.0)
    order = np.argsort(distances, axis=1, kind="stable")[:, 1:]
    geometry = _by_rank(order, chance)
    if labels is None:
        return _weighted(geometry, 1.0)
    classes = _by_class(order, labels, chance)
    if not len(classes[0]):
        return _weighted(geometry, 1.0)
    return _joined(_weighted(geometry, 1 - CLASS_SHARE), _weighted(classes, CLASS_SHARE))


Indices = tuple[np.ndarray, np.ndarray, np.ndarray]


def _by_rank(order: np.ndarray, chance: np.random.Generator) -> Indices:
    rows, others = order.shape
    near = min(NEAR, max(1, others // 2))
    anchor = np.repeat(np.arange(rows), near * FAR)
    near_rank = np.tile(np.repeat(np.arange(near), FAR), rows)
    first, last = np.log(near_rank + 1), np.log(others)
    far_rank = np.exp(first + (last - first) * chance.random(len(anchor))).astype(int)
    far_rank = np.clip(far_rank, near_rank + 1, others - 1)
    return anchor, order[anchor, near_rank], order[anchor, far_rank]


def _by_class(order: np.ndarray, labels: np.ndarray, chance: np.random.Generator) -> Indices:
    found = [np.empty((3, 0), dtype=int)]
    known = labels != ""
    for row in np.flatnonzero(known):
        others = order[row][known[order[row]]]
        same, different = others[labels[others] == labels[row]], others[labels[others] != labels[row]]
        if len(same) and len(different):
            near = chance.choice(same[: 2 * NEAR], NEAR * FAR)
            far = chance.choice(different[: max(2 * NEAR, len(different) // 4)], NEAR * FAR)
            found.append(np.stack([np.full(NEAR * FAR, row), near, far]))
    anchor, near, far = np.concatenate(found, axis=1)
    return anchor, near, far


def _weighted(indices: Indices, weight: float) -> Triplets:
    count = len(indices[0])
    return Triplets(*indices, np.full(count, weight / count))


def _joined(one: Triplets, other: Triplets) -> Triplets:
    pairs = zip(_fields(one), _fields(other), strict=True)
    return Triplets(*(np.concatenate(pair) for pair in pairs))


def _fields(one: Triplets) -> tuple[np.ndarray, ...]:
    return one.anchor, one.near, one.far, one.weight


def _squared_distances(data: np.ndarray) -> np.ndarray:
    squares = np.square(data).sum(axis=1)
    return squares[:, None] + squares - 2 * data @ data.T
