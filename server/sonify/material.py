"""The data as it is to be heard: read, encoded, chosen and put in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...export.errors import LatentoneError
from ...export.manifest import DataManifest
from ...export.runtime.load import load_data_encoder, shipped_data_encoder
from ..datasets.encode import encode_items
from ..datasets.items import DataSet
from ..datasets.read import read_dataset
from .pieces import Piece, cut, in_order, repeated
from .selection import Rows, Selection, select
from .voice import file_sha256


@dataclass(frozen=True)
class Chosen:
    """Which rows are wanted, see `select`, and in which order, see `in_order`."""

    rows: Rows | None
    limit: int | None
    order: str
    segment_s: float
    """Of a movement, that is a row."""
    seed: int


@dataclass(frozen=True)
class Material:
    """A data set, what its encoder makes of it, and what of it is heard."""

    data: DataSet
    encoder: DataManifest
    encoder_sha256: str
    selection: Selection
    heard: Sequence[Piece]
    """In the order in which they are heard."""


def read_material(source: str, labels: str | None, model: str, chosen: Chosen, say: Callable[[str], None]) -> Material:
    """Read `source` for the encoder of data that `model` names, see `read_dataset`. Raises LatentoneError."""
    file = shipped_data_encoder(model)
    encoder = load_data_encoder(file)
    manifest = encoder.manifest
    data = read_dataset(source, manifest, labels, say)
    if (twice := next(repeated(data.names()), None)) is not None:
        raise LatentoneError(f"{source}: two rows are named {twice}: a row is found again by its name")
    pieces = cut(data, encode_items(encoder, data.items), chosen.segment_s)
    selection = select(pieces, manifest.held_out, chosen.rows, chosen.limit, chosen.seed, source)
    heard = in_order(selection.heard, chosen.order, data)
    return Material(data, manifest, file_sha256(file), selection, heard)
