"""What a coupling has to know of the decoder that it plays: where it rests, where it is at home, how far its knobs go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from ..manifest import Manifest
from ..runtime.load import SCRIPT_SUFFIX, load_torchscript
from . import cloud as clouds

LEGAL = 4.0
"""Players take knobs from -4 to 4."""
EDGE_QUANTILE = 0.005
WIDENED = 1.25


@dataclass(frozen=True)
class Target:
    """The decoder's side. Knobs in order, calibrated: [-1, 1] is the middle 95 % of the data that the decoder learned from."""

    manifest: Manifest
    cloud: np.ndarray
    """Float64 (frames, dim): knobs that the decoder learned from."""
    file: Path | None = None

    @classmethod
    def of(cls, decoder: Path | Manifest | Target) -> Target:
        """From a decoder's file with the cloud in it, or from a manifest alone, whose cloud is drawn. Raises LatentoneError."""
        if isinstance(decoder, Target):
            return decoder
        if isinstance(decoder, Manifest):
            manifest, cloud, file = decoder, clouds.drawn(decoder), None
        elif decoder.suffix == SCRIPT_SUFFIX:
            manifest, file = load_torchscript(decoder).manifest, decoder
            cloud = clouds.drawn(manifest)
        else:
            (manifest, cloud), file = clouds.read(decoder), decoder
        if not manifest.latents:
            raise LatentoneError(f"{file or manifest.name}: has no knobs to couple to")
        return cls(manifest, cloud.astype(np.float64), file)

    @property
    def dim(self) -> int:
        return len(self.manifest.latents)

    @property
    def home(self) -> np.ndarray:
        """(dim,): where the knobs rest, a point that sounds."""
        return np.array([latent.home for latent in self.manifest.latents])

    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the most (dim,) that a coupling sends: the middle 99 % of the cloud, a quarter wider.

        Further out lies what the decoder never learned, and a single odd row of data would drag it there. The home always
        lies within, and nothing beyond what players take.
        """
        low, high = np.quantile(self.cloud, (EDGE_QUANTILE, 1 - EDGE_QUANTILE), axis=0)
        centre, half = (high + low) / 2, WIDENED * (high - low) / 2
        low, high = np.minimum(centre - half, self.home), np.maximum(centre + half, self.home)
        return np.clip(low, -LEGAL, LEGAL), np.clip(high, -LEGAL, LEGAL)
