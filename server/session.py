"""Sessions: with what a recorded score was played, so that it can be played again to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from ..export.errors import LatentoneError


@dataclass(frozen=True, slots=True)
class Session:
    """With what a recorded session was played."""

    model: str
    runtime: str
    voices: int
    sample_rate_hz: int
    channels: int
    start: Path
    """The snapshot that it began from."""


SESSION_KEYS = frozenset(Session.__dataclass_fields__)


def read_session(path: Path) -> Session | None:
    """How a recorded session is to be played, or None for any other score. Raises LatentoneError naming file and problem."""
    if path.suffix.lower() not in (".yaml", ".yml"):
        return None
    head: list[str] = []
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.startswith("events:"):
                    break
                head.append(line)
        record = yaml.safe_load("".join(head))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # `read_score` says it better
    if not isinstance(record, dict) or "start" not in record:
        return None
    kinds = {"model": str, "runtime": str, "voices": int, "sample_rate_hz": int, "channels": int, "start": str}
    for key, kind in kinds.items():
        if not isinstance(record.get(key), kind):
            raise LatentoneError(f"{path}: {key}: {record.get(key)!r} is not what a recorded session has there")
    values = {key: record[key] for key in kinds}
    return Session(**{**values, "start": path.parent / Path(record["start"]).name})
