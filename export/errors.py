"""The one exception that users see, for exporting and playing; `models` defines it, since it may import neither."""

from __future__ import annotations

from ..models.errors import LatentoneError

__all__ = ["LatentoneError"]
