"""What there is to be heard of a data set, row by row or clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Item:
    """One thing to be heard: a row of a table, or a clip of a movement."""

    name: str
    label: str
    """Its class; empty where the data has none."""
    values: np.ndarray
    """Float32 (inputs, frames), in the data's own units; a row has one frame."""


@dataclass(frozen=True)
class DataSet:
    """Items of one kind, in the order of their file."""

    name: str
    inputs: Sequence[str]
    """Names of the columns of a table, or of the channels of a pose."""
    items: Sequence[Item]
    frame_rate_hz: float | None = None
    """Of the frames of a movement; None for rows."""

    def names(self) -> list[str]:
        return [item.name for item in self.items]
