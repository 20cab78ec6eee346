"""Tables as they lie about: text, packed text, parquet, folders of them, and scikit-learn's data sets by name."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import LatentoneError

if TYPE_CHECKING:
    import pandas

SCIKIT_LEARN = ("digits", "wine", "breast_cancer")
TEXT = (".tsv", ".csv", ".txt")
PACKED = (".gz", ".bz2", ".xz")
PARQUET = (".parquet", ".pq")
SEPARATORS = "\t,;"
LONGEST = 60
"""Characters of a name that are told."""
INDEX = ""
"""The name of a column whose heading is empty: the row names, as pandas and R write them."""


def kind_of(path: Path) -> str:
    """The suffix that says what a table's file holds, packed or not; empty where it is none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in (*TEXT, *PARQUET) else ""


def stem_of(path: Path) -> str:
    """A file's name without what says its format: `genes` of `genes.tsv.gz`."""
    name = path.name
    while Path(name).suffix.lower() in (*TEXT, *PACKED, *PARQUET):
        name = Path(name).stem
    return name


def need(package: str) -> None:
    """Raises LatentoneError, one line, where a package that reads tables is missing."""
    if find_spec(package) is None:
        raise LatentoneError(f"reading tables needs {package}: pip install 'latentone[sonify]'")


def read_frame(source: Path, leave_out: Path | None = None) -> pandas.DataFrame:
    """The file, or all tables of the folder one below the other, cells of text columns as they are written.

    leave_out: a file of the folder that is no part of the table. Raises LatentoneError for what is no table.
    """
    need("pandas")
    import pandas

    if source.is_file():
        return _read_file(source)
    if not source.is_dir():
        raise LatentoneError(f"{source}: no such file or folder, nor one of {', '.join(SCIKIT_LEARN)}")
    files = [file for file in sorted(source.iterdir()) if file.is_file() and kind_of(file)]
    files = [file for file in files if leave_out is None or file.resolve() != leave_out.resolve()]
    if not files:
        raise LatentoneError(f"{source}: no table in it ({' '.join((*TEXT, *PARQUET))}, packed or not)")
    frames = [_read_file(file) for file in files]
    first = frames[0]
    for file, frame in zip(files, frames, strict=True):
        unlike = sorted(set(map(str, first.columns)) ^ set(map(str, frame.columns)))
        if unlike:
            raise LatentoneError(f"{file}: not the columns of {files[0].name}: one of them lacks {named(unlike)}")
    return pandas.concat([frame.reindex(columns=first.columns) for frame in frames], ignore_index=True)


def read_scikit_learn(name: str) -> tuple[pandas.DataFrame, list[str]]:
    """One of the data sets that scikit-learn carries: its columns, and the class of each row."""
    need("sklearn")
    need("pandas")
    import pandas
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    frame = pandas.DataFrame(found.data, columns=list(found.feature_names))
    return frame, [str(found.target_names[label]) for label in found.target]


def named(names: list[str], most: int = 3) -> str:
    """The first few of many, and how many there are: `a, b, c … (17)`."""
    listed = ", ".join(name if len(name) <= LONGEST else f"{name[:LONGEST]}…" for name in names[:most])
    return listed if len(names) <= most else f"{listed} … ({len(names)})"


def _read_file(path: Path) -> pandas.DataFrame:
    kind = kind_of(path)
    if not kind:
        raise LatentoneError(f"{path}: not a table that can be read ({' '.join((*TEXT, *PARQUET))}, packed or not)")
    try:
        frame = _read_parquet(path) if kind in PARQUET else _read_text(path, kind)
    except LatentoneError:
        raise
    except Exception as error:  # pandas, pyarrow and the unpackers share no base class
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise LatentoneError(f"{path}: cannot be read as a table ({reason})") from None
    if frame.empty:
        raise LatentoneError(f"{path}: a table without rows or without columns")
    return frame


def _read_parquet(path: Path) -> pandas.DataFrame:
    need("pyarrow")
    import pandas

    frame = _with_row_names(pandas.read_parquet(path))
    nested = [
        name for name, cells in frame.items() if any(isinstance(cell, list | dict | np.ndarray) for cell in cells[:1])
    ]
    if nested:
        raise LatentoneError(
            f"{path}: columns with more than one value in a cell: {named(list(map(str, nested)))}; split them"
        )
    return frame


def _read_text(path: Path, kind: str) -> pandas.DataFrame:
    """Nothing is taken for missing but an empty cell, so that a class or a sample called NA keeps its name."""
    import pandas

    separator = "\t" if kind == ".tsv" else _separator(path)
    heading = (
        pandas.read_csv(path, sep=separator, encoding="utf-8-sig", header=None, nrows=1, dtype=str).iloc[0].dropna()
    )
    twice = sorted(set(heading[heading.duplicated()]))
    if twice:
        raise LatentoneError(f"{path}: columns that come twice: {named(twice)}; rename or remove them")
    frame = pandas.read_csv(
        path, sep=separator, encoding="utf-8-sig", keep_default_na=False, na_values=[""], low_memory=False
    )
    if not isinstance(frame.index, pandas.RangeIndex) and frame.iloc[:, -1].isna().all():
        # Pandas would take the first cell for a name and put all others under the heading before theirs.
        raise LatentoneError(
            f"{path}: lines end with a separator, and the heading does not: take it away there or add it here"
        )
    return _with_row_names(frame).rename(columns=lambda name: INDEX if name == "Unnamed: 0" else name)


def _with_row_names(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Row names as a column in front, where the file has them beside the table, as parquet and R's write.table do."""
    import pandas

    if not isinstance(frame.index, pandas.RangeIndex):
        frame = frame.reset_index(names=str(frame.index.name or INDEX))
    return frame.rename(columns=str)


def _separator(path: Path) -> str:
    """The one that the heading has most of."""
    import pandas

    heading = pandas.read_csv(path, sep="\x1f", header=None, nrows=1, quoting=csv.QUOTE_NONE, encoding="utf-8-sig")
    return max(SEPARATORS, key=str(heading.iat[0, 0]).count)
