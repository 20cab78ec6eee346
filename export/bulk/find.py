"""Which checkpoints a folder holds, and what their exports are called."""

from __future__ import annotations

from pathlib import Path

from ..errors import LatentoneError

SUFFIX = ".ckpt"
UNFINISHED, FINISHED = "latest.ckpt", "last.ckpt"


def find(folder: Path) -> dict[str, Path]:
    """Every checkpoint below `folder` by its name: `runs/voice/last.ckpt` is `voice-last` in `runs`.

    A run's `latest.ckpt` is left out where its `last.ckpt` lies beside: it is an earlier state of the same run. Raises
    LatentoneError where there is none, or two would have one name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        if not path.is_file() or (path.name == UNFINISHED and path.with_name(FINISHED).is_file()):
            continue
        name = "-".join(path.relative_to(folder).with_suffix("").parts)
        if name in found:
            raise LatentoneError(f"{path}: would be named {name}, as {found[name]} is; rename one of them")
        found[name] = path
    if not found:
        raise LatentoneError(f"{folder}: holds no checkpoint (a file that ends in {SUFFIX})")
    return found
