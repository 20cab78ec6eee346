"""Hears when numba compiles, which takes a while and happens once for a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core import event

COMPILING = "compiling the fused kernel for this CPU, once"


class _Listener(event.Listener):
    def __init__(self, say: Callable[[], object]) -> None:
        self._say = say
        self._said = False

    def on_start(self, event: event.Event) -> None:
        if not self._said:
            self._said = True
            self._say()

    def on_end(self, event: event.Event) -> None:
        pass


@contextmanager
def announced(say: Callable[[], object]) -> Iterator[None]:
    """Call `say` once, should anything be compiled meanwhile; what is read from numba's cache is not."""
    with event.install_listener("numba:compile", _Listener(say)):
        yield
