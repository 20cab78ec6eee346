"""Memory that a training step frees is kept for the next one."""

from __future__ import annotations

import ctypes
import sys

# Numbers of <malloc.h>.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks, however large; other C libraries are left as they are.

    It maps each large block anew and gives it back when it is freed, so that every step of training pays a page fault for
    every 4 KiB of its tensors: more than half of a step of 16 bands on two cores.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, -1)
