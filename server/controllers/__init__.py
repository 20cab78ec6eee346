"""Controllers: the outside world made into ControlEvents, each in a thread of its own."""

from __future__ import annotations

from typing import Protocol, Self


class Controller(Protocol):
    """Anything that moves the instrument.

    A context manager: entering opens its port and starts its thread, leaving closes both. Opening may raise
    `LatentoneError` with one line that says what and where; once open, a controller never raises and never stops
    for bad input. It talks to the engine through an `EventQueue` only and imports no other part of the server
    than `events` and what checks them: `addresses`, `arguments`, `packets`.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def describe(self) -> str:
        """One line for the screen: what it listens to, for example `osc  udp 127.0.0.1:9001`."""
        ...
