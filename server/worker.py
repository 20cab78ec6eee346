"""A thread that does one job after another, so that whoever hands it one need not wait."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue
from typing import Self

_log = logging.getLogger(__name__)

_WAITING = 1024
"""Jobs: more are refused."""
_CLOSING_S = 2.0
"""A job that takes longer, such as a model being loaded, ends with the process."""


class Worker:
    """Jobs are done in the order in which they were put, one at a time, from entering on. For any thread."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], None], str] | None] = SimpleQueue()
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._closed = True
        self._jobs.put(None)
        self._thread.join(_CLOSING_S)

    def put(self, job: Callable[[], None], sender: str) -> bool:
        """Have `job` done for `sender`; False when too much is waiting, or nothing is done any more."""
        with self._lock:
            if self._closed or self._waiting.total() >= _WAITING:
                return False
            self._waiting[sender] += 1
            self._jobs.put((job, sender))
            return True

    def busy(self, sender: str) -> bool:
        """Whether a job for `sender` waits or is being done."""
        return sender in self._waiting

    def settle(self) -> None:
        """Wait until all that was put so far is done."""
        done = threading.Event()
        if self._waiting and self.put(done.set, ""):
            done.wait()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            do, sender = job
            try:
                do()
            except Exception:
                _log.exception("a job for %s failed", sender)
            with self._lock:
                self._waiting[sender] -= 1
                if not self._waiting[sender]:
                    del self._waiting[sender]
