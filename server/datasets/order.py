"""In which order the items of a data set are played: as in the file, by class, by a column, or along a short path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...export.errors import LatentoneError
from .items import DataSet

ORDERS = ("file", "label", "path")
"""Or the name of a column, or channel; each with - before it is turned round."""
IMPROVED_MOST = 3000
"""Of more items than that a path is only the nearest neighbours': to improve it would take minutes."""
PASSES = 30


def order_of(order: str, data: DataSet, latents: Sequence[np.ndarray]) -> list[int]:
    """The numbers of all items in the order in which they are played; those that are alike stay as in the file.

    order: one of ORDERS, or an input's name, by whose value, or mean over a clip, they are sorted; backwards with - before
    it. latents: of each item, (dim, frames). Raises LatentoneError for an order that there is not.
    """
    wanted = order.removeprefix("-")
    count = len(data.items)
    if wanted == "file":
        played = list(range(count))
    elif wanted == "label":
        played = sorted(range(count), key=lambda index: _natural(data.items[index].label))
    elif wanted == "path":
        played = short_path(np.stack([each.mean(axis=1) for each in latents]))
    elif wanted in data.inputs:
        column = list(data.inputs).index(wanted)
        played = sorted(range(count), key=lambda index: float(data.items[index].values[column].mean()))
    else:
        raise LatentoneError(f"there is no order {wanted[:64]!r}: {', '.join(ORDERS)}, or a column of {data.name}")
    return played[::-1] if order.startswith("-") else played


def short_path(points: np.ndarray) -> list[int]:
    """A short way through all `points` (count, dim), each once: the nearest one next, then improved by 2-opt moves.

    It begins with the point that is farthest from their mean, and is the same every time. 2-opt: Croes 1958, "A method for
    solving traveling-salesman problems": two steps are exchanged for shorter ones by turning round what lies between.
    """
    points = np.asarray(points, np.float64)
    path = _nearest_next(points)
    return _improved(points, path).tolist() if 3 < len(points) <= IMPROVED_MOST else path.tolist()


def path_length(points: np.ndarray, path: Sequence[int]) -> float:
    """Of a way through points (count, dim)."""
    return float(np.linalg.norm(np.diff(points[list(path)], axis=0), axis=1).sum())


def _natural(label: str) -> tuple[bool, float, str]:
    """Numbers in the order of numbers, before words."""
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label


def _nearest_next(points: np.ndarray) -> np.ndarray:
    path = np.zeros(len(points), np.int64)
    path[0] = np.argmax(np.linalg.norm(points - points.mean(axis=0), axis=1))
    left = np.ones(len(points), dtype=bool)
    for step in range(1, len(points)):
        here = path[step - 1]
        left[here] = False
        distances = np.where(left, ((points - points[here]) ** 2).sum(axis=1), np.inf)
        path[step] = np.argmin(distances)
    return path


def _improved(points: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Until nothing is gained any more, or PASSES are over."""
    squares = (points**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares - 2.0 * points @ points.T, 0.0))
    count = len(path)
    for _ in range(PASSES):
        gained = False
        for first in range(count - 2):
            # Turning round path[first + 1 … last] exchanges the step after first and the one after last, if there is one.
            here, after = path[first], path[first + 1]
            lasts = np.arange(first + 2, count)
            ends, beyond = path[lasts], path[np.minimum(lasts + 1, count - 1)]
            change = distance[here, ends] - distance[here, after]
            change += np.where(lasts + 1 < count, distance[after, beyond] - distance[ends, beyond], 0.0)
            best = int(np.argmin(change))
            if change[best] < -1e-9:
                last = lasts[best]
                path[first + 1 : last + 1] = path[first + 1 : last + 1][::-1].copy()
                gained = True
        if not gained:
            break
    return path
