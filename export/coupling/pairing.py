"""Which dimension of the data moves which knob, for couplings that pair them by index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import LatentoneError

DEAD = 1e-3
"""A dimension that varies less than this part of the liveliest one says nothing; its noise is not to be made loud."""


@dataclass(frozen=True)
class Pairing:
    """Dimension i of the data moves knob i, for each i in `live`; all other knobs rest at home."""

    live: np.ndarray
    """Indices, ascending."""
    notes: list[str]
    """For people: what rests and what is dropped."""


def pair(data: np.ndarray, knobs: int) -> Pairing:
    """Rows (rows, dim) and so many knobs. Raises LatentoneError when no dimension that has a knob varies."""
    dim = data.shape[1]
    stds = data.std(axis=0)
    alive = stds > max(DEAD * stds.max(), 1e-9)
    live = np.flatnonzero(alive[:knobs])
    if not len(live):
        raise LatentoneError(f"all {len(data)} rows are the same in the dimensions that have a knob: nothing to couple")
    notes = [*extent(dim, knobs)]
    dead = np.flatnonzero(~alive[:knobs])
    if len(dead):
        notes.append(f"dimension {', '.join(map(str, dead))} of the data does not vary: its knob rests at home")
    return Pairing(live, notes)


def extent(dim: int, knobs: int) -> list[str]:
    """What becomes of unequal dimensions, for people."""
    if dim < knobs:
        return [f"the data has {dim} dimensions for {knobs} knobs: {ranges(dim, knobs)} rest at home"]
    if dim > knobs:
        return [f"the data has {dim} dimensions for {knobs} knobs: dimensions {ranges(knobs, dim)} are dropped"]
    return []


def ranges(first: int, end: int) -> str:
    return str(first) if end - first == 1 else f"{first} to {end - 1}"
