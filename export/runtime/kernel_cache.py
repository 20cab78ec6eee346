"""Where the fused kernel's compiled code is kept, so that it is compiled once for each machine and version."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from platformdirs import user_cache_path


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
        except OSError:  # compiled anew each time, but it plays
            folder = Path(tempfile.mkdtemp(prefix="latentone-"))
        config.CACHE_DIR = str(folder)  # pyright: ignore[reportAttributeAccessIssue]


def source_digest() -> str:
    """Of the kernel's source and the numbers that are compiled into it."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for file in [*sorted((here / "fused").glob("*.py")), here.parents[1] / "models" / "levels.py"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
