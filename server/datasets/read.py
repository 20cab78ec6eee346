"""A data set from a file, a folder or a name: what an encoder of data reads, in the order in which it reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...export.errors import LatentoneError
from ...export.manifest import DataManifest
from .items import DataSet, Item

if TYPE_CHECKING:
    from ...models.mocap import stream

MOVEMENTS = (".bvh", ".npz")
TABLES = (".tsv", ".csv", ".txt", ".parquet")
"""What neither may be; a folder may hold either, and is told apart by whoever reads it."""
NAMED = 4
"""Missing columns that an error names; of more, their number."""


def read_dataset(
    source: str, manifest: DataManifest, labels: str | None = None, say: Callable[[str], None] | None = None
) -> DataSet:
    """What `source` holds, as the encoder of `manifest` reads it: rows of a table, or clips of a movement.

    source: a file, a folder or the name of a data set, see `models.tables` and `models.mocap.clips`. labels: where the
    classes of rows stand, see `read_table`. say: hears, in a line each, what was left out of a table or filled in; without it
    stderr does. Raises LatentoneError for what cannot be read, is of the other kind, or lacks
    columns that the encoder needs.
    """
    frame_rate_hz = manifest.frame_rate_hz
    reads_rows = frame_rate_hz is None
    suffixes = {suffix.lower() for suffix in Path(source).suffixes[-2:]}
    if suffixes.intersection(MOVEMENTS if reads_rows else TABLES):
        kind, wanted = ("a movement", "rows of a table") if reads_rows else ("a table", "movement")
        raise LatentoneError(f"{source}: is {kind}, but the encoder {manifest.name} reads {wanted}")
    if frame_rate_hz is None:
        return _table(source, manifest, labels, say)
    if labels is not None:
        raise LatentoneError(f"{source}: labels {labels}: only tables have labels of their own")
    return _movement(source, manifest, frame_rate_hz)


def live_frames(source: str, manifest: DataManifest, frames_hz: float | None) -> Callable[[], LiveFrames] | None:
    """What makes inputs of an encoder of movement of a skeleton's live frames, new for each movement; None for tables.

    source: see `read_dataset`; its skeleton is that of the frames, and its rate, unless frames_hz says another.
    """
    if (frame_rate_hz := manifest.frame_rate_hz) is None:
        return None
    from ...models.mocap import stream

    places = _places(source, "channel", stream.INPUTS, manifest)
    return lambda: LiveFrames(stream.LiveFrames(source, frame_rate_hz, frames_hz), places)


class LiveFrames:
    """Frames of a skeleton to an encoder's inputs."""

    def __init__(self, poses: stream.LiveFrames, places: list[int]) -> None:
        self._poses, self._places = poses, places

    def push(self, frame: Sequence[float]) -> np.ndarray:
        """One frame to inputs (inputs, frames) that are due. Raises LatentoneError for another number of values."""
        return self._poses.push(frame)[self._places]


def dataset_name(source: str) -> str:
    """What a data set is called: its file's name without what follows the dot."""
    return Path(source).name.partition(".")[0] or source


def _table(source: str, manifest: DataManifest, labels: str | None, say: Callable[[str], None] | None) -> DataSet:
    from ...models.tables import read_table, to_stderr  # pandas, which playing a model alone does not need

    table = read_table(source, labels, say=say or to_stderr)
    values = table.values[:, _places(source, "column", table.columns, manifest)]
    items = [
        Item(name, label, np.ascontiguousarray(row[:, None], np.float32))
        for name, label, row in zip(table.names, table.labels, values, strict=True)
    ]
    return DataSet(dataset_name(source), manifest.inputs, _some(source, items, "row"))


def _movement(source: str, manifest: DataManifest, frame_rate_hz: float) -> DataSet:
    from ...models.mocap.clips import INPUTS, read_clips

    clips = read_clips(source, frame_rate_hz)
    places = _places(source, "channel", INPUTS, manifest)
    items = [Item(clip.name, clip.label, np.ascontiguousarray(clip.values[places], np.float32)) for clip in clips]
    return DataSet(dataset_name(source), manifest.inputs, _some(source, items, "clip"), frame_rate_hz)


def _places(source: str, kind: str, found: Sequence[str], manifest: DataManifest) -> list[int]:
    """Where each input of the encoder stands among what was found."""
    place_of = {name: place for place, name in enumerate(found)}
    missing = [name for name in manifest.inputs if name not in place_of]
    if missing:
        named = ", ".join(missing[:NAMED]) + (" …" if len(missing) > NAMED else "")
        raise LatentoneError(
            f"{source}: lacks {len(missing)} of the {len(manifest.inputs)} {kind}s that {manifest.name} reads: {named}"
        )
    return [place_of[name] for name in manifest.inputs]


def _some(source: str, items: list[Item], what: str) -> list[Item]:
    if not items:
        raise LatentoneError(f"{source}: there is not one {what} in it")
    return items
