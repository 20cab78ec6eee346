"""A way along an arc: the direction turns evenly while the distance from the middle goes evenly from one to the other."""

from __future__ import annotations

import math

import numpy as np

_PARALLEL = 1e-6
"""Angles, in radians, that are too small to have a plane of their own."""


class Slerp:
    """The way of every voice from where it is to one place, over one turn.

    Spherical interpolation of the direction (Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985, §3.3),
    times the radius in a straight line. From or to the very middle there is only one direction, so the way is straight;
    between opposite places any plane will do, and the one through the axis that they lean on least is taken. With a
    single knob there is no plane: the way is straight, too.
    """

    ends = 1.0

    def __init__(self, starts: np.ndarray, end: np.ndarray) -> None:
        """starts: (voices, knobs). end: (knobs,)."""
        self.starts, self.end = np.array(starts, np.float64), np.array(end, np.float64)
        arcs = [_arc(start, self.end) for start in self.starts]
        self._first = np.array([first for first, _, _, _ in arcs])  # (voices, knobs), of length 1
        self._second = np.array([second for _, second, _, _ in arcs])
        self._angles = [angle for _, _, angle, _ in arcs]
        self._radii = [(radius, float(np.linalg.norm(self.end))) for _, _, _, radius in arcs]
        self._offsets, self._part = np.zeros_like(self.starts), np.zeros_like(self.end)

    def at(self, turns: float) -> np.ndarray:
        """How far each voice is from the end of its way, (voices, knobs); to be used before the next call."""
        for voice, angle in enumerate(self._angles):
            out = self._offsets[voice]
            if angle == 0.0:
                np.subtract(self.starts[voice], self.end, out=out)
                out *= 1.0 - turns
                continue
            start, end = self._radii[voice]
            radius = start + turns * (end - start)
            np.multiply(self._first[voice], radius * math.cos(turns * angle), out=out)
            out += np.multiply(self._second[voice], radius * math.sin(turns * angle), out=self._part)
            out -= self.end
        return self._offsets

    def of_first(self, knobs: int) -> Slerp:
        """A way of the first so many knobs alone."""
        return Slerp(self.starts[:, :knobs], self.end[:knobs])


def _arc(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Two directions at right angles in the plane of an arc, its angle, and the radius of `start`; 0 is a straight way."""
    straight = (np.zeros_like(start), np.zeros_like(start), 0.0, 0.0)
    radii = np.linalg.norm(start), np.linalg.norm(end)
    if min(radii) < _PARALLEL:
        return straight
    first, last = start / radii[0], end / radii[1]
    # atan2 is exact where the cosine hardly changes: near 0 and near a half turn.
    angle = 2.0 * math.atan2(float(np.linalg.norm(first - last)), float(np.linalg.norm(first + last)))
    if angle < _PARALLEL:
        return straight
    second = last - np.dot(first, last) * first
    if math.pi - angle < _PARALLEL:
        if len(start) == 1:
            return straight
        axis = np.zeros_like(first)
        axis[np.argmin(np.abs(first))] = 1.0
        second = axis - np.dot(first, axis) * first
    return first, second / np.linalg.norm(second), angle, float(radii[0])
