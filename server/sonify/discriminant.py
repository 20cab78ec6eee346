"""Linear discriminants with shrinkage in closed form, for many labellings of the same rows at once.

The classifier is plain on purpose: where classes differ, a straight cut shows it, and nothing is tuned. Shrinkage lets it
stand more columns than rows. It is scikit-learn's LinearDiscriminantAnalysis(solver="lsqr") with Ledoit and Wolf's
intensity; written out here because a permutation test asks it thousands of times, and the scatter of a fold's
rows has to be measured only once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_COMPONENTS = 100
"""Columns beyond it are first reduced to this many principal components of the training rows."""


@dataclass(frozen=True)
class Fold:
    """Rows standardised, and reduced, by the training rows' moments: train (rows, dim), test (rows, dim), and their indices."""

    train: np.ndarray
    test: np.ndarray
    train_rows: np.ndarray
    test_rows: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, test_rows: np.ndarray) -> Fold:
        """values (rows, columns), of which the rows with indices `test_rows` are held back."""
        train_rows = np.setdiff1d(np.arange(len(values)), test_rows)
        seen = values[train_rows]
        mean, spread = seen.mean(axis=0), seen.std(axis=0)
        moving = spread > 1e-7 * np.maximum(np.abs(mean), 1e-30)
        scaled = (values[:, moving] - mean[moving]) / spread[moving]
        if not moving.any():
            scaled = np.zeros((len(values), 1))
        scaled = scaled @ _principal_axes(scaled[train_rows]) if scaled.shape[1] > MOST_COMPONENTS else scaled
        return cls(scaled[train_rows], scaled[test_rows], train_rows, test_rows)


def predict(fold: Fold, codes: np.ndarray) -> np.ndarray:
    """Classes (labellings, rows of all), 0 to classes - 1, to those predicted for the fold's test rows, (labellings, tests).

    Every class must have a training row in every labelling.
    """
    codes = codes[:, fold.train_rows]
    count, dim = fold.train.shape
    classes = int(codes.max()) + 1
    member = (codes[:, None, :] == np.arange(classes)[:, None]).astype(float)  # (labellings, classes, rows)
    members = member.sum(axis=2)
    means = member @ fold.train / members[..., None]
    within = fold.train.T @ fold.train - np.swapaxes(means, 1, 2) @ (means * members[..., None])
    within /= count
    shrinkage, level = _ledoit_wolf(fold.train, codes, means, within)
    within *= (1 - shrinkage)[:, None, None]
    within[:, np.arange(dim), np.arange(dim)] += np.maximum(shrinkage * level, 1e-9)[:, None]
    weights = np.linalg.solve(within, np.swapaxes(means, 1, 2))  # (labellings, dim, classes)
    offset = np.log(members / count) - 0.5 * np.einsum("lcd,ldc->lc", means, weights)
    return (fold.test @ weights + offset[:, None, :]).argmax(axis=2)


def _ledoit_wolf(
    train: np.ndarray, codes: np.ndarray, means: np.ndarray, within: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The intensity (labellings,) that shrinks `within` (labellings, dim, dim) best, and the variance it is shrunk to.

    Lemma 3.2 and eq. 14 of Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices".
    """
    count, dim = train.shape
    products = train @ np.swapaxes(means, 1, 2)  # (labellings, rows, classes)
    own = np.take_along_axis(products, codes[..., None], axis=2)[..., 0]
    norms = np.take_along_axis((means**2).sum(axis=2), codes, axis=1)
    distances = np.maximum((train**2).sum(axis=1) - 2 * own + norms, 0)
    level = np.einsum("lii->l", within) / dim
    squares = (within**2).sum(axis=(1, 2))
    noise = np.maximum((distances**2).sum(axis=1) / count - squares, 0) / (count * dim)
    spread = np.maximum(squares / dim - level**2, 1e-30)
    return np.clip(noise / spread, 0, 1), level


def _principal_axes(train: np.ndarray) -> np.ndarray:
    """Training rows (rows, columns), centred, to axes (columns, components)."""
    values, vectors = np.linalg.eigh(train @ train.T)
    keep = np.argsort(values)[::-1][: min(MOST_COMPONENTS, len(train) - 1)]
    keep = keep[values[keep] > 1e-9 * values.max()]
    return train.T @ vectors[:, keep] / np.sqrt(values[keep])
