"""The quantile coupling: a monotone curve a dimension."""

from __future__ import annotations

import numpy as np

from .options import Arrays, Fitted, Options
from .pairing import pair
from .target import Target

LEVELS = 129
STEEPEST = 12.0
"""Times the ratio of the deviations: the most that a curve may stretch a heap of nearly equal values."""
BEYOND_DEVIATIONS = 2.0
"""How far a curve goes on outside the data that it was fitted to, in deviations of the data."""


def fit(data: np.ndarray, target: Target, options: Options) -> Fitted:
    """Dimension i moves knob i along a rising curve that gives the knob the distribution it had when the decoder learned.

    The curve runs through the quantiles of both, straight between them (the optimal transport of one dimension). Outside the
    data it goes on at the ratio of the two deviations, for two deviations, and stays there.
    Keeps: the order in every dimension, and as many different sounds as the decoder has: a heap is spread, an outlier drawn
    in. No setting is more frequent than it was in the decoder's own recordings, so nothing sounds stuck.
    Loses: distances. A gap between two clusters, the very thing one may want to hear, shrinks to what the decoder's own data
    has there. Nearly equal values are stretched at most STEEPEST times, so that a stream of frames does not jump. How
    dimensions go together stays as it is. Late dimensions and surplus ones: as `direct`.
    """
    pairing = pair(data, target.dim)
    curves = [_curve(data[:, index], target.cloud[:, index]) for index in pairing.live]
    x, y = (np.stack(part) for part in zip(*curves, strict=True))
    curve = {"x": x, "y": y, "slope": np.diff(y, axis=1) / np.diff(x, axis=1), "home": target.home}
    arrays = {key: value.astype(np.float32) for key, value in curve.items()}
    return Fitted({"live": pairing.live, **arrays}, pairing.notes)


def apply(latents: np.ndarray, arrays: Arrays) -> np.ndarray:
    """(rows, data dim) to (rows, knobs)."""
    live, x, y, slope = (arrays[key] for key in ("live", "x", "y", "slope"))
    knobs = np.tile(arrays["home"], (len(latents), 1))
    inside = np.clip(latents[:, live], x[:, 0], x[:, -1])
    for start in range(0, len(latents), 1024):
        part = inside[start : start + 1024]
        piece = (part[:, :, None] >= x[:, 1:-1]).sum(axis=2)
        row = np.arange(len(live))
        knobs[start : start + 1024, live] = y[row, piece] + slope[row, piece] * (part - x[row, piece])
    return knobs


def _curve(data: np.ndarray, cloud: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knots (knots,) of the curve from the values of one dimension (rows,) to those of one knob (frames,)."""
    count = min(LEVELS, len(data))
    levels = (np.arange(count) + 0.5) / count
    x, y = np.quantile(data, levels), np.quantile(cloud, levels)
    # Equal values have one place: the middle of those that they would be spread over.
    x, place = np.unique(x, return_inverse=True)
    y = np.bincount(place, weights=y) / np.bincount(place)
    ratio = cloud.std() / data.std()
    y = _no_steeper(x, y, STEEPEST * ratio)
    out = BEYOND_DEVIATIONS * data.std()
    x = np.concatenate([[x[0] - out], x, [x[-1] + out]])
    y = np.concatenate([[y[0] - ratio * out], y, [y[-1] + ratio * out]])
    # As many knots as every other dimension: the rest lie beyond the end, where the curve is flat.
    missing = LEVELS + 2 - len(x)
    return np.append(x, x[-1] + 1.0 + np.arange(missing)), np.append(y, np.full(missing, y[-1]))


def _no_steeper(x: np.ndarray, y: np.ndarray, steepest: float) -> np.ndarray:
    """The curve with steps that are too steep cut down, about its middle."""
    steps = np.minimum(np.diff(y), steepest * np.diff(x))
    cut = np.concatenate([[0.0], np.cumsum(steps)])
    middle = len(y) // 2
    return cut - cut[middle] + y[middle]
