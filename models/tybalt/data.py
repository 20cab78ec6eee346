"""Rows of a table to learn from, and rows held out."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from ..errors import LatentoneError
from ..table_files import named
from ..table_labels import label_file
from ..tables import Table, read_table
from .network import Tybalt


@dataclass(frozen=True)
class Source:
    """Where rows come from, as a checkpoint keeps it."""

    data_path: str
    labels: str | None = None
    name_column: str | None = None
    max_rows: int | None = None
    held_out: list[str] = field(default_factory=list)
    """Names of the rows that the weights never see."""

    def read(self, columns: list[str] | None = None) -> Table:
        """The table, missing values as NaN; at most `max_rows` of it, evenly from top to bottom.

        columns: those that a model knows, in its order. Raises LatentoneError naming the first that are not there.
        """
        table = read_table(self.data_path, self.labels, self.name_column, keep_missing=True)
        if self.max_rows is not None and self.max_rows < len(table.names):
            table = rows_of(table, np.linspace(0, len(table.names) - 1, self.max_rows).astype(int))
        return table if columns is None else columns_of(table, columns, self.data_path)

    def absolute(self) -> Source:
        """The same, to be found from any folder."""
        data_path, labels = self.data_path, self.labels
        if Path(data_path).exists():
            data_path = str(Path(data_path).absolute())
        if labels is not None and label_file(labels)[0].is_file():
            labels = str(Path(labels).absolute())
        return replace(self, data_path=data_path, labels=labels)

    def split(self, table: Table) -> tuple[Table, Table]:
        """The rows to learn from, and those held out; either may be empty."""
        away = set(self.held_out)
        held = np.array([name in away for name in table.names], dtype=bool)
        return rows_of(table, np.flatnonzero(~held)), rows_of(table, np.flatnonzero(held))


def rows_of(table: Table, rows: np.ndarray) -> Table:
    """rows: indices."""
    names, labels = ([all_of[i] for i in rows] for all_of in (table.names, table.labels))
    return replace(table, names=names, labels=labels, values=table.values[rows])


def columns_of(table: Table, columns: list[str], where: str) -> Table:
    """The columns asked for, in that order; raises LatentoneError naming those that are not there."""
    places = {column: index for index, column in enumerate(table.columns)}
    lacking = [column for column in columns if column not in places]
    if lacking:
        raise LatentoneError(
            f"{where}: lacks columns that the model was trained on: {named(lacking)} of {len(columns)}"
        )
    return replace(table, columns=columns, values=table.values[:, [places[column] for column in columns]])


def choose_held_out(table: Table, share: float, seed: int) -> list[str]:
    """Names of rows to hold out: `share` of each class, rounded, but never all of one. By chance, as the seed says."""
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for label in sorted(set(table.labels)):
        rows = [i for i, one in enumerate(table.labels) if one == label]
        count = min(round(share * len(rows)), len(rows) - 1)
        chosen.extend(generator.permutation(rows)[:count].tolist())
    return [table.names[i] for i in sorted(chosen)]


def loaders(training: Table, held_out: Table, batch_size: int) -> tuple[DataLoader, DataLoader]:
    """Batches of rows (rows, inputs). Raises LatentoneError where there is too little to learn from, or to judge by.

    All batches of training are of one size, so that batch normalisation never has to make do with a row or two: what is
    left over at the end of an epoch is other rows each time.
    """
    rows = len(training.names)
    if rows < 2 or not held_out.names:
        raise LatentoneError(
            f"{rows} rows to learn from and {len(held_out.names)} held out: at least 2 and 1 are needed; see --held-out"
        )
    learnt, judged = (TensorDataset(torch.from_numpy(np.ascontiguousarray(t.values))) for t in (training, held_out))
    return DataLoader(learnt, min(batch_size, rows), shuffle=True, drop_last=True), DataLoader(judged, batch_size)


def fit_scaling(model: Tybalt, training: Table, where: str) -> None:
    """Learn range and median of each column from the rows to learn from, and say which of them are odd."""
    missing = np.isnan(training.values)
    empty = [training.columns[i] for i in np.flatnonzero(missing.all(axis=0))]
    if empty:
        raise LatentoneError(
            f"{where}: columns without a value in the rows to learn from: {named(empty)}; leave them out"
        )
    model.scaling.fit(training.values)
    low, high = model.scaling.get_buffer("low").numpy(), model.scaling.get_buffer("high").numpy()
    constant = [training.columns[i] for i in np.flatnonzero(low == high)]
    if constant:
        print(
            f"{where}: constant in the rows to learn from, so nothing is learnt of them: {named(constant)}",
            file=sys.stderr,
        )
    if missing.any():
        sparse = [training.columns[i] for i in np.flatnonzero(missing.any(axis=0))]
        print(
            f"{where}: {missing.sum()} values missing in the rows to learn from; the model sees the column's median there, "
            f"and is not judged by it: {named(sparse)}",
            file=sys.stderr,
        )
