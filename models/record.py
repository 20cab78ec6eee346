"""What a checkpoint of `latentone train` holds, read without the training library, which takes seconds to import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .errors import LatentoneError


def read_record(path: Path) -> dict[str, Any]:
    """What a checkpoint of `latentone train` holds. Raises LatentoneError, one line, for a file that is none."""
    if not path.is_file():
        raise LatentoneError(f"{path}: no such checkpoint")
    try:
        record = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        raise LatentoneError(
            f"{path}: not a readable checkpoint: cut short, or not what `latentone train` wrote (best.ckpt, last.ckpt)"
        ) from None
    if not isinstance(record, dict) or "family" not in record:
        raise LatentoneError(f"{path}: not a checkpoint of `latentone train`")
    return record


def load_record(path: Path, family: str, command: str) -> dict[str, Any]:
    """What a checkpoint of one family holds. Raises LatentoneError, one line, for one of another, or no checkpoint.

    command: of `latentone train`, for people.
    """
    record = read_record(path)
    if record["family"] != family:
        raise LatentoneError(f"{path}: not a checkpoint of `latentone train {command}`")
    return record
