"""Root rotations of CMU's exponential maps whose sign was lost: those that look away from z, told by the feet that would slide.

In the published clips the root's vector has the wrong sign in some stretches where it turns by more than a quarter: a quaternion
with a negative real part was read as if it were positive. Walkers then go backwards, and their feet slide as fast as they go.
"""

from __future__ import annotations

import numpy as np

from . import cmu, rotations
from .skeleton import SIDES, Skeleton

ROOT = slice(3, 6)
LEAST_TURN = 0.45 * np.pi
"""A vector shorter than this, radians, keeps its sign."""
SLIDING = 0.05
"""Radians of turning that a foot which slides by one unit a frame counts for."""


def mended(values: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Rows (frames, 117), with the root's sign turned where feet slide less for it and the body turns less from frame to frame.

    The signs are those of the least sum over the whole clip (Viterbi's algorithm).
    """
    doubtful = np.linalg.norm(values[:, ROOT], axis=1) > LEAST_TURN
    if not doubtful.any():
        return values
    turned = values.copy()
    turned[:, ROOT] *= -1
    roots, slides = zip(*(_root_and_sliding(rows, skeleton) for rows in (values, turned)), strict=True)
    slides = np.stack(slides, axis=1) * SLIDING
    slides[~doubtful, 1] = np.inf
    steps = np.stack(
        [np.stack([rotations.angle_between(a[:-1], b[1:]) for b in roots], axis=1) for a in roots], axis=1
    )  # (frames - 1, sign before, sign after)
    signs = _least(slides, steps)
    return np.where(signs[:, None] == 1, turned, values)


def _root_and_sliding(values: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """The root's matrices (frames, 3, 3), and how far the foot that moves less goes in each frame (frames,)."""
    turned, places = skeleton.forward(cmu.motion(values))
    feet = [np.linalg.norm(np.diff(places[skeleton.limbs[f"{side}_foot"]], axis=0), axis=1) for side in SIDES]
    return turned[0], np.concatenate([[0.0], np.minimum(*feet)])


def _least(costs: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The choice (frames,) of least sum. costs (frames, choices); steps (frames - 1, choice before, choice after)."""
    total, before = costs[0], []
    for cost, step in zip(costs[1:], steps, strict=True):
        sums = total[:, None] + step
        before.append(sums.argmin(axis=0))
        total = sums.min(axis=0) + cost
    choices = [int(total.argmin())]
    for came_from in reversed(before):
        choices.append(int(came_from[choices[-1]]))
    return np.array(choices[::-1])
