"""Controllers: the outside world made into ControlEvents, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from ..addresses import Namespace
from ..events import Value


class Controller(Protocol):
    """Anything that moves the instrument.

    A context manager: entering opens its port and starts its thread, leaving closes both. Opening may raise
    `LatentoneError` with one line that says what and where; once open, a controller never raises and never stops
    for bad input. It talks to the engine through an `EventQueue` or a `Desk` only and imports no other part of the server
    than `events`, what checks them (`addresses`, `arguments`, `allowed`), and what OSC is on a wire (`packets`, `framing`,
    `delivery`).
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def describe(self) -> str:
        """One line for the screen: what it listens to, for example `osc  udp 127.0.0.1:9001`."""
        ...


class Reply(Protocol):
    """How the desk answers whoever asked; may be called later, and from another thread. Never raises, never waits.

    Two that are equal, with one hash, answer the same program: by them `/notify` knows who listens.
    """

    def __call__(self, address: str, /, *values: Value) -> None: ...


class Message(Protocol):
    """What was said, not yet checked."""

    @property
    def address(self) -> str: ...

    @property
    def arguments(self) -> Sequence[object]: ...


class Desk(Protocol):
    """Where controllers hand over what was said: it checks, queues what is for the engine, and answers the rest."""

    namespace: Namespace

    def take(self, messages: Sequence[Message], reply: Reply, source: str, at_unix_s: float | None = None) -> None:
        """Obey messages that belong together: they take effect on one sample, in their order.

        Never raises and never waits for a disk, a model or a network: what takes long is done on a thread of the desk's own and
        answered then. A message that cannot be obeyed is answered by `/fail <address> <why>`, and the others are obeyed.
        source: who said it, for messages to people: `osc 127.0.0.1:57120`. at_unix_s: when, in seconds since 1970; None is
        at once.
        """
        ...

    def take_bundle(self, parts: Sequence[tuple[float | None, Sequence[Message]]], reply: Reply, source: str) -> None:
        """As `take`, for bundles within a bundle: each part has a time of its own, or None.

        What is due soon is queued as a whole or dropped as a whole.
        """
        ...

    def refuse(self, reply: Reply, why: str) -> None:
        """Count a malformed packet, and say so to whoever sent it."""
        ...

    def turn_away(self, reply: Reply, host: str) -> None:
        """Count a packet of a host that is not allowed to send, and say so to it and to the performer, now and then."""
        ...

    def forget(self, reply: Reply) -> None:
        """Tell no more to a connection that is closed."""
        ...
