"""Items to latents: rows all together, clips each from the beginning of its own stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...export.errors import LatentoneError
from .items import Item

if TYPE_CHECKING:
    from ...export.runtime.data_encoder import DataEncoder

ROWS_AT_ONCE = 1024
"""Of rows such as those of 5000 genes, so many fit in memory several times over."""


def encode_items(encoder: DataEncoder, items: Sequence[Item]) -> list[np.ndarray]:
    """The latents of each item, float32 (dim, frames), calibrated as the encoder's manifest says.

    Raises LatentoneError naming the first item that has another number of inputs, or values that are not finite or too far
    out for finite latents.
    """
    for item in items:
        _check(encoder, item)
    if encoder.manifest.frame_rate_hz is None:
        latents = list(_rows(encoder, items))
    else:
        latents = [encoder.encode(item.values[None], encoder.initial_state(1))[0][0] for item in items]
    for item, found in zip(items, latents, strict=True):
        if not np.isfinite(found).all():
            raise LatentoneError(f"{item.name}: its values are too far out for {encoder.manifest.name}")
    return latents


def _rows(encoder: DataEncoder, items: Sequence[Item]) -> Iterator[np.ndarray]:
    for first in range(0, len(items), ROWS_AT_ONCE):
        rows = np.stack([item.values[:, 0] for item in items[first : first + ROWS_AT_ONCE]])
        yield from encoder.encode_rows(rows)[:, :, None]


def _check(encoder: DataEncoder, item: Item) -> None:
    wanted = len(encoder.manifest.inputs)
    if item.values.ndim != 2 or item.values.shape[0] != wanted:
        raise LatentoneError(f"{item.name}: has {item.values.shape[0]} values; {encoder.manifest.name} reads {wanted}")
    if not np.isfinite(item.values).all():
        raise LatentoneError(f"{item.name}: holds a value that is not a number")
