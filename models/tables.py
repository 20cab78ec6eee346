"""Labelled tables of numbers, samples in rows: read, named, and with all that is odd about them said; imports no torch.

Any table of numbers will do, whatever it is of: there is no other reader, nor a model family of its own, for tables that
are not of genes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import LatentoneError
from .table_files import INDEX, SCIKIT_LEARN, named, read_frame, read_scikit_learn, stem_of
from .table_labels import LABELS_HELP, Say, label_file, labels_of_file, text_of

if TYPE_CHECKING:
    import pandas

__all__ = ["DATA_HELP", "LABELS_HELP", "Say", "Table", "filled", "medians", "read_table", "to_stderr"]

MOST_MISSING = 0.5
"""A column that lacks more of its values than this is left out; a row that does is an error: it would be invented, not measured."""
DISTINCT = 0.9
"""A text column names the samples when so many of its values differ."""

DATA_HELP = (
    "A table, samples in rows (tsv, csv, txt, parquet; also .gz, .bz2, .xz), a folder of such files with the same columns, "
    f"or a data set of scikit-learn: {', '.join(SCIKIT_LEARN)}. Rows are named by the first column whose values differ, if it "
    "is text, called id or …_id, or has no heading. "
    "Text columns are left out, as are columns more than half empty; what is missing elsewhere becomes the column's median. "
    "A sample that comes twice is kept once if its values are the same. All of this is said, by name. Infinite values, "
    "samples that come twice with other values, and rows more than half empty are errors."
)


@dataclass(frozen=True)
class Table:
    """values: float32 (rows, columns), in the file's own units. labels: a row's class, empty where it has none."""

    name: str
    columns: list[str]
    names: list[str]
    values: np.ndarray
    labels: list[str]


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def read_table(
    source: str | Path,
    labels: str | None = None,
    name_column: str | None = None,
    *,
    keep_missing: bool = False,
    say: Say = to_stderr,
) -> Table:
    """Read a table as DATA_HELP and LABELS_HELP say.

    name_column: the one that names the rows, if it is not the one that DATA_HELP says. keep_missing: leave what is missing
    as NaN, for those who know better what to put there than this table's medians. say: hears, in a line each, what was left
    out, filled in or passed over. Raises LatentoneError, one line, naming what cannot be used.
    """
    path = Path(source)
    classes: list[str] | None = None
    if not path.exists() and str(source) in SCIKIT_LEARN:
        name = where = str(source)
        frame, classes = read_scikit_learn(name)
    else:
        name, where = stem_of(path) if path.is_file() else path.resolve().name, str(source)
        frame = read_frame(path, leave_out=label_file(labels)[0] if labels else None)
    naming, names = _row_names(frame, where, name, name_column, labels)
    used = {naming}
    if labels is not None and labels in frame.columns:
        classes = [text_of(cell) for cell in frame[labels]]
        used.add(labels)
    elif labels is not None:
        classes = labels_of_file(labels, where, naming, names, say)
    columns, values = _numbers(frame, where, used, say)
    table = Table(name, columns, names, values, classes or [""] * len(names))
    table = _once_each(table, where, say)
    _check(table, where)
    return table if keep_missing else filled(table, medians(table.values), where, say)


def medians(values: np.ndarray) -> np.ndarray:
    """Of what is there in each column, (columns,); values (rows, columns)."""
    return np.nanmedian(values, axis=0).astype(np.float32)


def filled(table: Table, fill: np.ndarray, where: str, say: Say = to_stderr) -> Table:
    """With fill (columns,) in place of what is missing, and that said."""
    missing = np.isnan(table.values)
    if not missing.any():
        return table
    columns = [table.columns[i] for i in np.flatnonzero(missing.any(axis=0))]
    say(f"{where}: {missing.sum()} values missing, replaced by the median of their column: {named(columns)}")
    return Table(table.name, table.columns, table.names, np.where(missing, fill, table.values), table.labels)


def _row_names(
    frame: pandas.DataFrame, where: str, name: str, name_column: str | None, labels: str | None
) -> tuple[str | None, list[str]]:
    """Which column names the rows, if one does, and the names."""
    if name_column is not None and name_column not in frame.columns:
        raise LatentoneError(f"{where}: no column {name_column} to name the rows by")
    candidates = (str(column) for column, cells in frame.items() if column != labels and _is_naming(cells))
    naming = name_column or next(candidates, None)
    if naming is None:
        width = len(str(len(frame)))
        return None, [f"{name}_{row:0{width}}" for row in range(len(frame))]
    names = [text_of(cell) for cell in frame[naming]]
    nameless = [str(row + 2) for row, one in enumerate(names) if not one]
    if nameless:
        raise LatentoneError(f"{where}: no name in column {naming or 1} of line {named(nameless)}")
    return naming, names


def _is_naming(cells: pandas.Series) -> bool:
    column = str(cells.name).lower()
    called = column in (INDEX, "id") or column.endswith("_id")
    return column == INDEX or ((called or _is_text(cells)) and cells.nunique() >= DISTINCT * len(cells))


def _numbers(frame: pandas.DataFrame, where: str, used: set[str | None], say: Say) -> tuple[list[str], np.ndarray]:
    """The columns that hold numbers, by name, and their values, NaN where there is none."""
    columns: list[str] = []
    parts: list[np.ndarray] = []
    text: list[str] = []
    sparse: list[str] = []
    odd: list[str] = []
    for heading, cells in frame.items():
        column = str(heading)
        if column in used:
            continue
        values = _values(cells)
        there = int(cells.notna().sum())
        if there and np.sum(~np.isnan(values)) * 2 <= there:
            text.append(column)
        elif np.isnan(values).mean() > MOST_MISSING:
            sparse.append(column)
        else:
            columns.append(column)
            parts.append(values)
            if np.sum(np.isnan(values)) > len(cells) - there:
                odd.append(column)
    if text:
        say(f"{where}: columns without numbers left out: {named(text)}")
    if sparse:
        say(f"{where}: columns more than half empty left out: {named(sparse)}")
    if odd:
        say(f"{where}: text between the numbers taken for missing in {named(odd)}")
    if not columns:
        raise LatentoneError(
            f"{where}: no column of numbers (tabs, commas or semicolons separate columns; decimals are written with a point)"
        )
    with np.errstate(over="ignore"):
        return columns, np.stack(parts, axis=1).astype(np.float32)


def _values(cells: pandas.Series) -> np.ndarray:
    """Float64 (rows,), NaN where a cell is empty or holds no number."""
    import pandas

    if not _is_text(cells):
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.asarray(pandas.to_numeric(cells.astype(str), errors="coerce"), dtype=np.float64)
    return np.where(cells.notna(), values, np.nan)


def _once_each(table: Table, where: str, say: Say) -> Table:
    """Each sample once: a copy goes, two that differ are an error."""
    first: dict[str, int] = {}
    copies, others = [], []
    for row, name in enumerate(table.names):
        if first.setdefault(name, row) == row:
            continue
        same = np.array_equal(table.values[first[name]], table.values[row], equal_nan=True)
        same = same and table.labels[first[name]] == table.labels[row]
        (copies if same else others).append(name)
    if others:
        raise LatentoneError(
            f"{where}: samples that come twice, with other values: {named(others)}; rename or remove them"
        )
    if not copies:
        return table
    say(f"{where}: samples that come twice, kept once: {named(copies)}")
    keep = list(first.values())
    labels = [table.labels[row] for row in keep]
    return Table(table.name, table.columns, list(first), table.values[keep], labels)


def _check(table: Table, where: str) -> None:
    infinite = np.isinf(table.values)
    if infinite.any():
        columns = [table.columns[i] for i in np.flatnonzero(infinite.any(axis=0))]
        rows = [table.names[i] for i in np.flatnonzero(infinite.any(axis=1))]
        raise LatentoneError(
            f"{where}: {infinite.sum()} infinite values in columns {named(columns)}, rows {named(rows)}; replace them"
        )
    hollow = [table.names[i] for i in np.flatnonzero(np.isnan(table.values).mean(axis=1) > MOST_MISSING)]
    if hollow:
        raise LatentoneError(f"{where}: samples more than half empty: {named(hollow)}; remove them")


def _is_text(cells: pandas.Series) -> bool:
    import pandas

    return not pandas.api.types.is_numeric_dtype(cells)
