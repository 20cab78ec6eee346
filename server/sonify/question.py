"""What is asked of a sonified data set: its rows, their latents and their sounds, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...export.errors import LatentoneError
from .descriptors import NAMES


@dataclass(frozen=True)
class Sound:
    """How every item sounds one way: through a coupling and a decoder, or by parameter mapping."""

    descriptors: np.ndarray
    """(items, descriptors): `describe_all` of the sounds, in the items' order."""
    audio: Sequence[str] = ()
    """Paths of the sounds, one an item, relative to the report's folder; empty where they were not kept."""
    knew_classes: bool = False
    """Whether what it is played through was fitted to the classes of other rows, as a learned coupling may be."""


@dataclass(frozen=True)
class Question:
    """All that `answer` compares; arrays have one row an item, in one order."""

    dataset: str
    names: Sequence[str]
    """Of the items."""
    labels: Sequence[str]
    """The items' classes; empty strings where there is none."""
    inputs: Sequence[str]
    """Names of the columns of `rows`."""
    rows: np.ndarray
    """(items, columns), in any units, as each column is scaled by its own spread; of a clip one row that sums it up,
    such as its channels' means and spreads."""
    latents: np.ndarray
    """(items, dim): the encoder's, before any coupling; of a clip a row that sums it up."""
    sounds: Mapping[str, Sound]
    """By the name of the coupling, in the order in which they are to be shown."""
    baseline: Sound | None = None
    """The parameter mapping of the same items."""
    groups: Sequence[str] = ()
    """What each item is a part of, such as the clip of a segment: parts of one thing are held back together. Empty where
    each stands for itself."""
    held_out: Sequence[bool] = ()
    """Whether the encoder's weights never saw the item; empty where nobody knows."""
    seconds: float = 1.0
    """Length of an item's sound, the mean where they differ."""
    sample_rate_hz: int = 16000
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What made the sounds, shown as it is: model, decoder, temperature, seeds, versions, the command."""
    picture: Path | None = None
    """A PNG to be shown: latents over the spectrogram."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises LatentoneError, one line, where something has not one row an item."""
        if not self.names or not self.sounds:
            raise LatentoneError(f"{self.dataset}: there is nothing to compare: no items or no sounds")
        counts = {"labels": len(self.labels), "rows": len(self.rows), "latents": len(self.latents)}
        counts |= {f"sound {name}": len(sound.descriptors) for name, sound in self.all_sounds().items()}
        counts |= {"held_out": len(self.held_out)} if self.held_out else {}
        counts |= {"groups": len(self.groups)} if self.groups else {}
        for what, count in counts.items():
            if count != len(self.names):
                raise LatentoneError(
                    f"{self.dataset}: {count} {what} for {len(self.names)} items: one an item is needed"
                )
        widths = {what: sound.descriptors.shape[1] for what, sound in self.all_sounds().items()}
        for what, width in widths.items():
            if width != len(NAMES):
                raise LatentoneError(f"{self.dataset}: sound {what} has {width} descriptors, not {len(NAMES)}")

    def all_sounds(self) -> dict[str, Sound]:
        """The couplings' sounds, then the baseline's as `parameter mapping`."""
        baseline = {} if self.baseline is None else {BASELINE: self.baseline}
        return {**self.sounds, **baseline}


BASELINE = "parameter mapping"
