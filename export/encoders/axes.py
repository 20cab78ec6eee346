"""The axes of an encoder of data: directions of its latents by how much of the data they rebuild."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEAD = 0.1
"""Deviation of a direction, in raw latents, below which nothing is told by it (Burda, Grosse and Salakhutdinov 2016); or in
parts of the widest one, where none is as wide as the prior, as in a model that has hardly begun to learn."""
LEAST_RANGE = 2 * DEAD
"""Raw latents that a knob spans in either direction at least: of a model that has learnt nothing, noise is not made loud."""
PRIOR_95_PERCENT = 1.96
"""Raw latents of which a direction that nothing is told by has so much room in either direction: what the prior gives it."""
NOTHING = 1e-9
"""Share of the rebuilt variance that is rounding."""


@dataclass(frozen=True)
class Axes:
    """Directions of raw latents: raw = mean + directions @ coordinates, coordinates uncorrelated over what was learnt from."""

    directions: np.ndarray
    """Invertible (dim, dim); a column of length 1 each, the most important first; its largest entry is positive."""
    shares: np.ndarray
    """(dim,): what part of the rebuilt data's variance goes along each; the rest to 1 is what is no straight line's."""

    @property
    def minimum_range(self) -> np.ndarray:
        """(dim,): raw latents that a knob spans at least, so that directions that tell nothing are not as loud as the others."""
        return np.where(self.shares > 0, LEAST_RANGE, PRIOR_95_PERCENT)


def rebuilt_axes(raw: np.ndarray, rebuilt: np.ndarray) -> Axes:
    """Axes of the latents by the variance that they rebuild, from rows or frames that were learnt from.

    raw (rows, dim): posterior means Z. rebuilt (rows, columns): what the model's own decoder makes of them, X̂, in the units
    in which the model was scored. With both about their means, and Z whitened to W = Z C^(-1/2) by its covariance C, the
    straight lines from latents to rebuilt data are B = WᵀX̂ / (rows - 1), and X̂ is WB and what bends. B = P S Qᵀ by singular
    values: the coordinates WP are uncorrelated, coordinate k rebuilds the k-th principal component of WB and of the variance
    of X̂ the share S_k² / var X̂. A unit of coordinate k is C^(1/2) P_k of raw latents: not at right angles, in general.

    Why not by the variance of the latents themselves: the prior pulls every latent in use to a deviation near 1, however much
    or little the decoder makes of it. Principal components of Z are then an arbitrary order, and what matters in the data
    is spread over all of them, where a player that hears but the first few knobs loses it.

    Directions in which the latents hardly vary (DEAD) are left out of it, since a line through them would follow chance, and
    come last, by their variance, with no share; so do, before them, those that rebuild nothing.
    """
    away = raw - raw.mean(axis=0)
    covariance = np.atleast_2d(np.cov(raw, rowvar=False))
    variances, turn = np.linalg.eigh(covariance)
    variances, turn = np.maximum(variances[::-1], 0.0), turn[:, ::-1]
    live = variances > DEAD**2 * min(1.0, variances[0])
    root = turn[:, live] * np.sqrt(variances[live])
    white = away @ (turn[:, live] / np.sqrt(variances[live]))
    lines = white.T @ (rebuilt - rebuilt.mean(axis=0)) / max(1, len(raw) - 1)
    squares, found = np.linalg.eigh(lines @ lines.T)
    shares = np.maximum(squares[::-1], 0.0) / max(float(rebuilt.var(axis=0, ddof=1).sum()), 1e-30)
    found, some = found[:, ::-1], shares > NOTHING
    directions = np.concatenate([root @ found[:, some], _by_variance(root @ found[:, ~some]), turn[:, ~live]], axis=1)
    directions = directions / np.linalg.norm(directions, axis=0)
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(len(directions))]
    return Axes(directions * np.sign(largest), np.append(shares[some], np.zeros(len(directions) - int(some.sum()))))


def _by_variance(directions: np.ndarray) -> np.ndarray:
    """The same room, spanned by directions (dim, n) at right angles: principal components, the longest first."""
    turned, lengths, _ = np.linalg.svd(directions, full_matrices=False)
    return turned * lengths
