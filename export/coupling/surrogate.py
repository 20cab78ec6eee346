"""A surrogate of the sound: what is heard as a smooth function of the knobs, fitted to a few hundred settings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

WIDTHS = (0.35, 0.5, 0.7, 1.0, 2.0)
"""Of the kernel, in root mean square distances between settings."""
STRAIGHT = (0.1, 1.0, 10.0)
"""The straight part of the kernel beside the curved one."""
NOISES = tuple(10.0 ** np.arange(-2.0, 2.5, 0.5))
LEAST_R2 = 0.05
"""What is foretold worse than this is left out: it does not follow the knobs."""


@dataclass(frozen=True)
class Surrogate:
    """Kernel ridge regression: straight lines and Gaussian bumps about the settings that were heard.

    What it gives is weighted by how well it is foretold at settings that were left out, and scaled so that two settings of
    those that were heard lie about 1.4 apart.
    """

    mean: np.ndarray
    scale: np.ndarray
    """Of knobs, (dim,)."""
    settings: np.ndarray
    """Scaled, (settings, dim)."""
    weights: np.ndarray
    """(settings, kept descriptors)."""
    straight: np.ndarray
    """(dim, kept descriptors)."""
    width: float
    r2: np.ndarray
    """By descriptor (k,): how well it is foretold at a setting that was left out; 1 is exactly, 0 as well as its mean does."""
    chance: float
    """How far two sounds of one setting lie apart along a line, by what is not foretold: in the units of what it gives."""

    @classmethod
    def fit(cls, knobs: np.ndarray, heard: np.ndarray) -> Surrogate:
        """knobs (settings, dim), heard (settings, k). Raises ValueError when nothing heard follows the knobs."""
        mean, scale = knobs.mean(axis=0), np.maximum(knobs.std(axis=0), 1e-6)
        settings = (knobs - mean) / scale
        spread = heard.std(axis=0)
        wanted = (heard - heard.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
        distances = _squared_distances(settings, settings)
        typical = np.sqrt(distances.mean())
        fits = [
            _ridge(settings, distances, wanted, width * typical, slope) for width, slope in product(WIDTHS, STRAIGHT)
        ]
        best = max(fits, key=lambda one: np.clip(one[0], 0, 1).sum())
        r2, weights, width, slope = best
        kept = (r2 > LEAST_R2) & (spread > 1e-9)
        if not kept.any():
            raise ValueError("nothing heard follows the knobs")
        loud = np.where(kept, np.clip(r2, 0, 1), 0.0)
        loud = loud / np.sqrt(np.square(loud).sum())
        weights = (weights * loud)[:, kept]
        straight = slope * settings.T @ weights / settings.shape[1]
        chance = float(np.sqrt(2 * np.square(loud[kept]) @ (1 - np.minimum(r2[kept], 1)) / kept.sum()))
        return cls(mean, scale, settings, weights, straight, width, r2, chance)

    def __call__(self, knobs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """knobs (rows, dim) to what is heard (rows, kept), and the bumps (rows, settings) that `back` asks for."""
        x = (knobs - self.mean) / self.scale
        bumps = np.exp(-_squared_distances(x, self.settings) / (2 * self.width**2))
        return x @ self.straight + bumps @ self.weights, bumps

    def back(self, knobs: np.ndarray, bumps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The gradient with respect to the knobs (rows, dim), of that with respect to what is heard (rows, kept)."""
        x = (knobs - self.mean) / self.scale
        pull = (gradient @ self.weights.T) * bumps
        curved = (pull @ self.settings - pull.sum(axis=1, keepdims=True) * x) / self.width**2
        return (gradient @ self.straight.T + curved) / self.scale


def _ridge(
    settings: np.ndarray, distances: np.ndarray, wanted: np.ndarray, width: float, slope: float
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """By descriptor: R² of leaving one out, with the best of NOISES, and the weights; and the kernel's own numbers."""
    kernel = slope * settings @ settings.T / settings.shape[1] + np.exp(-distances / (2 * width**2))
    values, axes = np.linalg.eigh(kernel)
    turned = axes.T @ wanted
    r2, weights = np.full(wanted.shape[1], -np.inf), np.zeros_like(wanted)
    for noise in NOISES:
        shrunk = 1 / (np.maximum(values, 0) + noise)
        found = axes @ (shrunk[:, None] * turned)
        # Leaving one out in closed form: Rasmussen and Williams 2006, eq. 5.12.
        errors = found / (np.square(axes) @ shrunk)[:, None]
        score = 1 - np.square(errors).mean(axis=0)
        better = score > r2
        r2[better], weights[:, better] = score[better], found[:, better]
    return r2, weights, width, slope


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum(np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T, 0.0)
