"""What a coupling did to the data, knob by knob."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .coupling import Coupling
from .target import Target


@dataclass(frozen=True)
class KnobAccount:
    """Mean and deviation of one knob; `nan` of the data where it has no dimension of that index."""

    name: str
    data: tuple[float, float]
    """Of the dimension of the same index."""
    coupled: tuple[float, float]
    decoder: tuple[float, float]
    """Of what the decoder learned from."""
    clipped: float
    """The part of the rows for which the knob was held at its limit."""


def account(coupling: Coupling, data: np.ndarray, target: Target) -> list[KnobAccount]:
    """data (rows, data dim); in the order of the knobs."""
    coupled = coupling.apply(data)
    clipped = np.mean(coupled != coupling.unlimited(data), axis=0)
    nothing = (float("nan"), float("nan"))
    return [
        KnobAccount(
            name=latent.name,
            data=_moments(data[:, index]) if index < data.shape[1] else nothing,
            coupled=_moments(coupled[:, index]),
            decoder=_moments(target.cloud[:, index]),
            clipped=float(clipped[index]),
        )
        for index, latent in enumerate(target.manifest.latents)
    ]


def _moments(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean()), float(values.std())
