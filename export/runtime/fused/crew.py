"""A few threads that play some of the voices while the caller plays the rest."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[int], None]


class Crew:
    """`size` - 1 waiting threads beside the caller's; they end when the crew is no longer needed by anyone.

    The kernel releases the GIL, so they truly work side by side.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._orders: SimpleQueue[tuple[Work, int] | None] = SimpleQueue()
        self._reports: SimpleQueue[BaseException | None] = SimpleQueue()
        for index in range(1, size):
            name = f"fused-{index}"
            threading.Thread(target=_serve, args=(self._orders, self._reports), name=name, daemon=True).start()
        weakref.finalize(self, _dismiss, self._orders, size - 1)

    def share(self, work: Work, parts: int) -> None:
        """work(0) here and work(1) … work(parts - 1) elsewhere, at most `size`; returns when all are done.

        Raises what any of them raised.
        """
        for part in range(1, parts):
            self._orders.put((work, part))
        failure: BaseException | None = None
        try:
            work(0)
        except Exception as error:
            failure = error
        for _ in range(1, parts):
            failure = self._reports.get() or failure
        if failure is not None:
            raise failure


def _serve(orders: SimpleQueue[tuple[Work, int] | None], reports: SimpleQueue[BaseException | None]) -> None:
    while (order := orders.get()) is not None:
        work, part = order
        try:
            work(part)
            reports.put(None)
        except BaseException as error:
            reports.put(error)
        del work, order  # or a waiting thread would keep its last stream alive


def _dismiss(orders: SimpleQueue[tuple[Work, int] | None], threads: int) -> None:
    for _ in range(threads):
        orders.put(None)
