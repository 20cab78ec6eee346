"""Couplings that are one affine map: knobs = matrix @ latents + offset."""

from __future__ import annotations

import numpy as np

from .options import Arrays, Fitted, Options
from .pairing import extent, pair
from .target import Target

FLOOR = 1e-6
"""Directions of less than this part of the largest variance are not there, as when there are fewer rows than dimensions."""


def apply(latents: np.ndarray, arrays: Arrays) -> np.ndarray:
    """(rows, data dim) to (rows, knobs)."""
    return latents @ arrays["matrix_t"] + arrays["offset"]


def direct(data: np.ndarray, target: Target, options: Options) -> Fitted:
    """Dimension i moves knob i, one to one: both are calibrated, so that the middle 95 % of one fills that of the other.

    Keeps: everything as it is, distances too; nothing is fitted, so no row of the data influences how another sounds, and two
    data sets of one encoder sound comparable. Both sides are in the order of their variance, so what varies most in the data
    moves what varies most in the sound.
    Loses: surplus dimensions of the data are dropped, surplus knobs rest at the decoder's home. A class that differs only in
    late dimensions moves only late knobs, which are hardly heard. Data unlike what its encoder learned from may sit in a
    corner, where it all sounds alike.
    """
    both = min(data.shape[1], target.dim)
    matrix, offset = np.zeros((target.dim, data.shape[1])), target.home
    matrix[np.arange(both), np.arange(both)] = 1.0
    offset[:both] = 0.0
    return Fitted(arrays(matrix, offset), extent(data.shape[1], target.dim))


def standardise(data: np.ndarray, target: Target, options: Options) -> Fitted:
    """Dimension i moves knob i, shifted and scaled so that mean and deviation become those of what the decoder learned from.

    Keeps: the order and the relative distances within a dimension, and so which row is odd and how odd. Data that fills only
    part of its encoder's range is spread over all that the decoder can do.
    Loses: how much one dimension varied beside another, since every one gets the whole range of its knob (one that does not
    vary at all rests at home). Skew and clusters stay as they are: where the data has two heaps and the knob a hill, half of
    the knob's middle is never heard. Late dimensions and surplus ones: as `direct`.
    """
    pairing = pair(data, target.dim)
    live = pairing.live
    gain = target.cloud[:, live].std(axis=0) / data[:, live].std(axis=0)
    matrix, offset = np.zeros((target.dim, data.shape[1])), target.home
    matrix[live, live] = gain
    offset[live] = target.cloud[:, live].mean(axis=0) - gain * data[:, live].mean(axis=0)
    return Fitted(arrays(matrix, offset), pairing.notes)


def whiten(data: np.ndarray, target: Target, options: Options) -> Fitted:
    """The data is decorrelated, then coloured with the covariance of what the decoder learned from.

    Whitened by the symmetric root of its covariance (ZCA: of all whitenings the one nearest to the data, Kessy, Lewin and
    Strimmer 2018), so that dimension i still moves mostly knob i; coloured by the symmetric root of the cloud's.
    Keeps: all that is linear, and no two knobs say the same: where two dimensions of the data go together, what sets them
    apart gets as much room as what they share.
    Loses: relative distances, since directions in which the data hardly differs are blown up like the rest, noise among them.
    With fewer rows than dimensions, only the directions that the rows span are moved. For latents that are uncorrelated as
    they come (of the very rows that their encoder was calibrated on) it is nearly `standardise`. Late dimensions and surplus
    ones: as `direct`.
    """
    pairing = pair(data, target.dim)
    live = pairing.live
    root = _root(np.cov(target.cloud[:, live], rowvar=False))
    part = root @ _root(np.cov(data[:, live], rowvar=False), inverse=True)
    matrix, offset = np.zeros((target.dim, data.shape[1])), target.home
    matrix[np.ix_(live, live)] = part
    offset[live] = target.cloud[:, live].mean(axis=0) - part @ data[:, live].mean(axis=0)
    return Fitted(arrays(matrix, offset), pairing.notes)


def _root(covariance: np.ndarray, *, inverse: bool = False) -> np.ndarray:
    """The symmetric square root of a covariance, or its pseudo-inverse."""
    values, axes = np.linalg.eigh(np.atleast_2d(covariance))
    there = values > FLOOR * values[-1]
    scale = np.sqrt(np.where(there, values, 0.0))
    if inverse:
        scale = np.where(there, 1 / np.where(there, scale, 1.0), 0.0)
    return (axes * scale) @ axes.T


def arrays(matrix: np.ndarray, offset: np.ndarray) -> Arrays:
    return {
        "matrix_t": np.ascontiguousarray(matrix.T, dtype=np.float32),
        "offset": offset.astype(np.float32),
    }
