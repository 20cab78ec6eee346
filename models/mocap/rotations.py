"""Rotations as matrices, Euler angles, exponential maps and the continuous six numbers; NumPy alone.

Matrices turn column vectors: (…, 3, 3).
"""

from __future__ import annotations

import numpy as np

_ROTATED = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}


def from_euler(angles: np.ndarray, axes: str) -> np.ndarray:
    """Radians (…, len(axes)) about `axes`, such as `ZYX`, to matrices (…, 3, 3): the first axis is the outermost."""
    result = np.broadcast_to(np.eye(3), (*angles.shape[:-1], 3, 3))
    cosine, sine = np.cos(angles), np.sin(angles)
    for index, axis in enumerate(axes):
        first, second = _ROTATED[axis]
        turn = np.broadcast_to(np.eye(3), result.shape).copy()
        turn[..., first, first] = turn[..., second, second] = cosine[..., index]
        turn[..., second, first] = sine[..., index]
        turn[..., first, second] = -sine[..., index]
        result = result @ turn
    return result


def from_exponential(vectors: np.ndarray) -> np.ndarray:
    """Axis times angle in radians, (…, 3), to matrices (…, 3, 3), by Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    # sin(a) / a and (1 - cos(a)) / a², which NumPy's sinc gives without a division by nothing.
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.eye(3) + first * cross + second * (cross @ cross)


def about_vertical(angles: np.ndarray) -> np.ndarray:
    """Radians (…,) about the vertical y to matrices (…, 3, 3)."""
    return from_euler(angles[..., None], "Y")


def heading(matrices: np.ndarray) -> np.ndarray:
    """Radians (…,) in [-π, π] that matrices (…, 3, 3) turn about the vertical y: the twist of a swing-twist decomposition.

    It is continuous but for a body that hangs exactly head down, so leaning, bending and lying do not make it jump.
    """
    return np.arctan2(matrices[..., 0, 2] - matrices[..., 2, 0], matrices[..., 0, 0] + matrices[..., 2, 2])


def to_six(matrices: np.ndarray) -> np.ndarray:
    """Matrices (…, 3, 3) to their first two columns, (…, 6): eq. 7 of arXiv 1812.07035."""
    return np.concatenate([matrices[..., 0], matrices[..., 1]], axis=-1)


def from_six(six: np.ndarray) -> np.ndarray:
    """Any six numbers (…, 6) to a matrix (…, 3, 3) by Gram and Schmidt: eq. 15 of arXiv 1812.07035."""
    x = _unit(six[..., :3])
    y = _unit(six[..., 3:] - (x * six[..., 3:]).sum(axis=-1, keepdims=True) * x)
    z = x[..., [1, 2, 0]] * y[..., [2, 0, 1]] - x[..., [2, 0, 1]] * y[..., [1, 2, 0]]  # np.cross is ten times as slow
    return np.stack([x, y, z], axis=-1)


def between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) that turns the direction `start` (3,) to `end` (3,)."""
    start, end = _unit(start), _unit(end)
    axis, cosine = np.cross(start, end), float(start @ end)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        if cosine > 0:
            return np.eye(3)
        axis, sine = np.cross(start, np.eye(3)[np.argmin(np.abs(start))]), 0.0
    return from_exponential(_unit(axis) * np.arctan2(sine, cosine))


def angle_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Geodesic distance in radians (…,) of matrices (…, 3, 3); exact for small angles too."""
    chord = np.linalg.norm(first - second, axis=(-2, -1)) / np.sqrt(8.0)
    return 2.0 * np.arcsin(np.minimum(chord, 1.0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
