"""What is heard one by one: each row of a table, and each segment of a clip, with its latents."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..datasets.items import DataSet, Item
from ..datasets.order import order_of

MOST_NAME = 80
"""Characters of a file's name that come from the row's; file systems allow 255 bytes."""


@dataclass(frozen=True)
class Piece:
    """A row of a table, or a segment of a clip."""

    name: str
    item: str
    """Of the data set: the row itself, or the clip that the segment is from."""
    label: str
    values: np.ndarray
    """Float32 (inputs, frames), in the data's units; a row has one frame."""
    latents: np.ndarray
    """Float32 (dim, frames)."""


def cut(data: DataSet, latents: Sequence[np.ndarray], segment_s: float) -> list[Piece]:
    """Each row as it is, and each clip in segments as long as the others; what is left of a clip at its end is not heard.

    latents: (dim, frames) of each item. A clip shorter than a segment is one by itself. Segments are named after their
    clip and the second that they begin at: `walking/3@4`.
    """
    pieces: list[Piece] = []
    rate_hz = data.frame_rate_hz
    for item, places in zip(data.items, latents, strict=True):
        if rate_hz is None:
            pieces.append(Piece(item.name, item.name, item.label, item.values, places))
            continue
        length = max(1, round(segment_s * rate_hz))
        for start in range(0, max(1, places.shape[1] - length + 1), length):
            part = slice(start, start + length)
            name = f"{item.name}@{start / rate_hz:g}"
            pieces.append(Piece(name, item.name, item.label, item.values[:, part], places[:, part]))
    return pieces


def limited(pieces: Sequence[Piece], limit: int | None, seed: int) -> list[Piece]:
    """At most `limit` of the pieces, each label in its share, and one of each where there is room; in their order.

    Which of them is drawn depends on `seed` alone.
    """
    if limit is None or limit >= len(pieces):
        return list(pieces)
    return [pieces[index] for index in sorted(_drawn([piece.label for piece in pieces], limit, seed))]


def half(names: Sequence[str], labels: Sequence[str], seed: int) -> set[str]:
    """Half of the names, each label in its share."""
    return {names[index] for index in _drawn(labels, math.ceil(len(names) / 2), seed)}


def _drawn(labels: Sequence[str], count: int, seed: int) -> list[int]:
    """Indices of `count` labels, in proportion: round after round, the label that is furthest behind its share has a turn."""
    random = np.random.default_rng(seed)
    of_label: defaultdict[str, list[int]] = defaultdict(list)
    for index in random.permutation(len(labels)):
        of_label[labels[int(index)]].append(int(index))
    shares = [(turn / len(group), index) for group in of_label.values() for turn, index in enumerate(group)]
    return [index for _, index in sorted(shares)[:count]]


def in_order(pieces: Sequence[Piece], order: str, data: DataSet) -> list[Piece]:
    """The pieces in one of the orders of `order_of`; raises LatentoneError where there is no such order."""
    items = [Item(piece.name, piece.label, piece.values) for piece in pieces]
    played = order_of(order, replace(data, items=items), [piece.latents for piece in pieces])
    return [pieces[index] for index in played]


def file_names(names: Sequence[str]) -> list[str]:
    """A file's name, without suffix, for each name; those that would fall together get a part of their digest."""
    plain = [re.sub(r"[^\w.@+-]+", "_", name)[:MOST_NAME].strip(".") or "row" for name in names]
    taken = Counter(map(str.casefold, plain))
    return [
        f"{short}-{hashlib.sha256(name.encode()).hexdigest()[:8]}" if taken[short.casefold()] > 1 else short
        for name, short in zip(names, plain, strict=True)
    ]


def repeated(names: Collection[str]) -> Iterator[str]:
    """Names that there are more than once."""
    return (name for name, count in Counter(names).items() if count > 1)
