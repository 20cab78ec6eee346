"""What fitting is given beside data and decoder, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Arrays = dict[str, np.ndarray]
Sound = Callable[[np.ndarray], np.ndarray]
"""Knobs (settings, dim), held, to descriptors of what is heard (settings, k): any units, equal steps heard as alike as can be."""


@dataclass(frozen=True)
class Options:
    """How to fit."""

    seed: int = 0
    labels: Sequence[str] | None = None
    """A class for each row, empty where unknown: `learned` keeps the classes apart."""
    sound: Sound | None = None
    """For `learned`: how the decoder is listened to; None plays its file."""
    weights: np.ndarray | None = None
    """(data dim,): how much a unit of each dimension counts in the data, 0 for one that tells nothing; None: all alike."""
    say: Callable[[str], None] = lambda _: None
    """Hears each stage."""
    progress: Callable[[str], None] = lambda _: None
    """Hears how far a stage is, again and again: for a line that is written over."""


@dataclass(frozen=True)
class Fitted:
    """The numbers of a coupling."""

    arrays: Arrays
    notes: list[str]
    """For people: what is dropped, what rests, how well it fits."""
