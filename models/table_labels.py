"""Classes of samples, from a file of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .errors import LatentoneError
from .table_files import kind_of, named, read_frame

LABELS_HELP = (
    "The classes: a column of the table, or a file with a column of sample names and one of labels: labels.tsv, or "
    "labels.tsv:column for another than its second. Samples that it lacks have no class."
)
Say = Callable[[str], None]


def label_file(labels: str) -> tuple[Path, str | None]:
    """`labels.tsv:acronym` as file and column."""
    path, _, column = labels.rpartition(":")
    if path and not Path(labels).exists() and kind_of(Path(path)):
        return Path(path), column
    return Path(labels), None


def labels_of_file(labels: str, where: str, naming: str | None, names: list[str], say: Say) -> list[str]:
    file, column = label_file(labels)
    if not file.is_file():
        raise LatentoneError(f"labels {labels}: neither a column of {where} nor a file")
    frame = read_frame(file)
    key = naming if naming in frame.columns else frame.columns[0]
    others = [other for other in frame.columns if other != key]
    if column is None and not others:
        raise LatentoneError(f"{file}: a single column; one of sample names and one of labels are needed")
    column = column or others[0]
    if column not in others:
        raise LatentoneError(f"{file}: no column {column}; there is {named(others, 8)}")
    found: dict[str, str] = {}
    for sample, label in zip(map(text_of, frame[key]), map(text_of, frame[column]), strict=True):
        if found.setdefault(sample, label) != label:
            raise LatentoneError(f"{file}: {sample} is labelled both {found[sample]} and {label}")
    without = [name for name in names if not found.get(name)]
    if len(without) == len(names):
        raise LatentoneError(f"{file}: its column {key} has none of the samples of {where}, such as {named(names)}")
    if without:
        say(
            f"{file}: no {column} for {len(without)} of {len(names)} samples, which stay without a class: {named(without)}"
        )
    return [found.get(name, "") for name in names]


def text_of(cell: object) -> str:
    """As people write it: a class of 3.0, as a column with gaps has it, is 3."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
