"""Encoders of data, from checkpoint to file: what all families share, and a module each for what is their own."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """The modules of a family, imported when they are needed."""

    export: str
    """Has `export(request: Request) -> Exported`."""
    figures: str
    """Has `evaluate(checkpoint, model, data_path, labels) -> Figures`, which has `to_dict()` and `rows()`."""


FAMILIES = {"tybalt": Family(".tybalt", ".tybalt_figures"), "mocap": Family(".mocap", ".mocap_figures")}
"""By the `family` of a checkpoint."""
