"""The numbers that make a VAE of a table, kept in every checkpoint; imports no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Hyperparameters:
    """Sizes in units of a layer; the defaults are the thesis project's."""

    inputs: int
    """Columns of the table."""
    hidden: int = 1000
    """Of the layer next to the data, in encoder and decoder."""
    bottleneck_hidden: int = 64
    """Of the layer next to the latents, in encoder and decoder."""
    latents: int = 32
    input_dropout: float = 0.0
    """Share of a row's values that the encoder does not see while it learns."""
    dropout: float = 0.0
    """Share of the units of each hidden layer that are silent while it learns."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
