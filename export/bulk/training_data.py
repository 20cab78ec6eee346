"""Whether the training data that an export was fitted to is still as it was; imports no torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ...models import audio_files, table_files

SUFFIXES = (*audio_files.SUFFIXES, *table_files.TEXT, *table_files.PACKED, *table_files.PARQUET, ".bvh", ".npz")
"""Of the files that models are trained on; others in their folder play no part."""


def path_in(record: dict[str, Any]) -> str | None:
    """Where a checkpoint, of any family, says that its training data lies."""
    data, training = record.get("data", {}), record.get("training", {})
    return data.get("data_path") or data.get("path") or training.get("train_path")


def digest_of(path: str) -> str:
    """SHA-256 of the names, sizes and times of change of the file, or of all in the folder; empty where nothing lies there.

    Nothing lies where the data was moved away, or came with scikit-learn. Contents are not read: recordings may be many hours.
    """
    root = Path(path)
    files = [root] if root.is_file() else sorted(file for file in root.rglob("*") if file.suffix.lower() in SUFFIXES)
    facts = []
    for file in files:
        status = file.stat()
        facts.append([file.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns])
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest() if root.exists() else ""
