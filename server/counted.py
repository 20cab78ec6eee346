"""So many of something, in words: `1 clip`, `3 clips`."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """thing: one of them; of more there is an s behind it."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
