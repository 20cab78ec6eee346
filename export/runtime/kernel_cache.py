"""Where the fused kernel's compiled code is kept, so that it is compiled once for each machine and version."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

KEPT_UNUSED_S = 60 * 24 * 3600
"""Compiled code of other versions, some 10 MB each, is kept for so long after its last use."""


def use_kernel_cache() -> None:
    """Tell numba to keep compiled code in the user's cache folder; before anything of `fused` is imported.

    The folder is named after the source of the kernel: numba itself notices a change in the file of a function only, not in
    what the function uses, and would run stale code. A NUMBA_CACHE_DIR in the environment is left alone.
    """
    from numba.core import config

    if not config.CACHE_DIR:  # pyright: ignore[reportAttributeAccessIssue]
        folder = user_cache_path("latentone") / "kernels" / source_digest()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
        except OSError:  # compiled anew each time, but it plays
            folder = Path(tempfile.mkdtemp(prefix="latentone-"))
        else:
            _remove_unused(folder.parent)
        config.CACHE_DIR = str(folder)  # pyright: ignore[reportAttributeAccessIssue]


def _remove_unused(folder: Path) -> None:
    before = time.time() - KEPT_UNUSED_S
    for version in folder.iterdir():
        with suppress(OSError):  # another program may remove it, too
            if version.stat().st_mtime < before:
                shutil.rmtree(version)


def source_digest() -> str:
    """Of the kernel's source and the numbers that are compiled into it."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for file in [*sorted((here / "fused").glob("*.py")), here.parents[1] / "models" / "levels.py"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
