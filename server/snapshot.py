"""Snapshots: everything that a sound depends on at one moment, in a file that holds numbers and nothing that could be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..export.errors import LatentoneError

_TREE = "tree"
_ARRAY = "$array"


def write_snapshot(path: Path, state: dict[str, Any]) -> None:
    """Write nested dicts and lists of numbers, strings and arrays. Raises LatentoneError when the file cannot be written."""
    arrays: list[np.ndarray] = []

    def plain(value: Any) -> Any:
        match value:
            case dict():
                return {str(key): plain(item) for key, item in value.items()}
            case list() | tuple():
                return [plain(item) for item in value]
            case np.ndarray():
                arrays.append(value)
                return {_ARRAY: len(arrays) - 1}
            case np.generic():
                return value.item()
        return value

    tree = json.dumps(plain(state))
    try:
        with path.open("wb") as file:
            columns: dict[str, Any] = {str(index): array for index, array in enumerate(arrays)}
            np.savez_compressed(file, allow_pickle=False, **{_TREE: np.array(tree)}, **columns)
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be written: {error.strerror}") from None


def read_snapshot(path: Path) -> dict[str, Any]:
    """What `write_snapshot` wrote. Raises LatentoneError when the file is missing, damaged or something else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {int(name): file[name] for name in file.files if name != _TREE}
            tree = json.loads(str(file[_TREE]))
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise LatentoneError(f"{path}: not the snapshot of a session: {error}") from None

    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            return arrays[value[_ARRAY]] if _ARRAY in value else {key: whole(item) for key, item in value.items()}
        return [whole(item) for item in value] if isinstance(value, list) else value

    return whole(tree)
