"""Where a sonification's files lie, and the record of what made them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ...export.errors import LatentoneError

ROWS, WHOLE, BASELINE = "rows", "whole.wav", "baseline"
FIT_DIGEST = "fit_digest"
"""In the record: of what the coupling beside it was fitted to."""
RECORD, TIMELINE, PICTURE, COUPLING = "manifest.json", "timeline.csv", "picture.png", "coupling.npz"


def make(folder: Path) -> Path:
    """Make sure that `folder` is there. Raises LatentoneError when it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LatentoneError(f"{folder}: cannot be made: {error.strerror}") from None
    return folder


def write_whole(file: Path, content: bytes) -> None:
    """Write `file` so that it is never there in part. Raises LatentoneError when it cannot be written."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, file)
    except OSError as error:
        raise LatentoneError(f"{file}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write what a folder holds and with what it was made, as JSON."""
    write_whole(folder / RECORD, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())


def read_record(folder: Path) -> dict[str, Any]:
    """What `write_record` wrote; empty where there is none, or none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs between two records' settings, for people: `seed 0 → 1`; nothing for a folder that was new."""
    if not before:
        return []
    keys = [key for key in now if before.get(key) != now[key]]
    return [
        key if isinstance(now[key], dict | list) or len(str(now[key])) > 24 else f"{key} {before.get(key)} → {now[key]}"
        for key in keys
    ]
