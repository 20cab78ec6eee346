"""What one probe found, in plain words and as figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ...export.errors import LatentoneError

State = Literal["ok", "advice", "fault"]


@dataclass(frozen=True)
class Finding:
    """`advice` is something to change though it plays; a `fault` is something that does not work."""

    name: str
    state: State
    says: list[str]
    """Lines for people."""
    change: list[str] = field(default_factory=list)
    """What to do, each a line."""
    facts: dict[str, Any] = field(default_factory=dict)
    """The same for a program."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def find(name: str, probe: Callable[[], Finding]) -> Finding:
    """The probe's finding; what it raises is one, too."""
    try:
        return probe()
    except LatentoneError as error:
        return Finding(name, "fault", [str(error)])
    except Exception as error:  # whatever breaks here is what the doctor was called for
        return Finding(name, "fault", [f"{type(error).__name__}: {' '.join(str(error).split()) or 'no reason given'}"])
