"""The one exception that users see, for exporting and playing; `models` defines it, since it may import neither."""

from __future__ import annotations

from importlib.util import find_spec

from ..models.errors import LatentoneError

__all__ = ["LatentoneError", "need_matplotlib"]


def need_matplotlib(flag: str) -> None:
    """Raises LatentoneError when what draws is missing; to be asked first, so that nobody works for a picture in vain."""
    if find_spec("matplotlib") is None:
        raise LatentoneError(f"{flag} needs matplotlib: pip install matplotlib")
