"""What was understood is done, in the order of whoever said it: events for the engine, presets, and what takes long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple, Self, TypeVar

from ..export.errors import LatentoneError
from .addresses import Command
from .answers import Answer, have
from .arguments import AddressError
from .contracts import Clocked, PresetBook
from .controllers import Reply
from .events import ControlEvent, EventQueue
from .preset_moves import PRESET_MOVES, PresetMoves
from .worker import Worker

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

_TAKING_POLL_S = 0.002
_TAKEN_IN_DEADLINE_S = 1.5
"""The engine looks once a block, of which the longest (16384 samples) is 1 s; after this it is stuck."""


class Turn(NamedTuple):
    """A command, and the sample at which it takes effect; None is at once."""

    command: Command
    at_sample: int | None


class Turns:
    """Does what packets ask, and answers.

    Events are queued at once. What moves knobs to presets, or waits for the engine, is done on a thread of its own, and
    until then all that the same host says waits behind it. Presets are written on another, for which only those who ask
    for presets wait, and what is slower, models and files, is done on a third. Couplings, which may take half a minute to fit,
    have a fourth: nobody is to wait for them before a data set can be stopped. `/sync` waits for all of them.
    A context manager: entering starts the threads.
    """

    def __init__(
        self,
        queue: EventQueue,
        engine: Clocked,
        presets: PresetBook | None,
        moves: PresetMoves,
        at_once: Mapping[str, Answer],
        slowly: Mapping[str, Answer],
        at_length: Mapping[str, Answer],
    ) -> None:
        self._queue, self._engine, self._presets, self._moves = queue, engine, presets, moves
        self._at_once, self._slowly, self._at_length = at_once, slowly, at_length
        self._ordered: Mapping[str, Callable[[Command, Reply, str], None]] = {
            "/preset/store": self._store,
            "/clearSched": self._clear,
        }
        self._on_disk: Mapping[str, Answer] = {"/preset/delete": self._delete, "/preset/list": self._list}
        self._in_order, self._disk = Worker("what keeps its order"), Worker("presets")
        self._waiting, self._slow = Worker("sync"), Worker("slow answers")
        self._long = Worker("long answers")
        self._closing = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for worker in (self._long, self._slow, self._disk, self._waiting, self._in_order):
            self._stack.enter_context(worker)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._stack.close()

    def take(self, turns: Sequence[Turn], reply: Reply, source: str) -> int:
        """Do all of one packet, now or behind what the same host said before. Returns how many were dropped. Never waits."""
        # The port is left out: oscsend takes another one for each message.
        sender = source.rpartition(":")[0] or source
        if not self._in_order.busy(sender) and not any(map(self._waits, turns)):
            self._do(turns, reply, source, sender)
        elif not self._in_order.put(partial(self._do, turns, reply, source, sender), sender):
            reply("/fail", turns[0].command.address, "dropped: too much is waiting")
            return len(turns)
        return 0

    def _waits(self, turn: Turn) -> bool:
        row = turn.command.row
        return row.answered_by == "server" and (row.pattern in PRESET_MOVES or row.pattern in self._ordered)

    def _do(self, turns: Sequence[Turn], reply: Reply, source: str, sender: str) -> None:
        events: list[ControlEvent] = []
        done: list[str] = []  # with the events
        for command, at_sample in turns:
            pattern = command.row.pattern
            if command.row.answered_by == "engine":
                events.append(ControlEvent(command.address, command.values, at_sample, source))
            elif pattern in PRESET_MOVES:
                self._disk.settle()
                if moved := answered(partial(self._moves.event, command), command, reply):
                    events.append(ControlEvent(*moved, at_sample, source))
                    done += [command.address] if command.row.reply else []
            elif pattern in self._at_once:
                answered(partial(self._at_once[pattern], command, reply), command, reply)
            else:
                # What went to the engine before is to be there: /preset/store keeps it, /sync waits for it.
                self._put(events, done, reply)
                events, done = [], []
                self._answer(command, reply, sender)
        self._put(events, done, reply)

    def _put(self, events: Sequence[ControlEvent], done: Sequence[str], reply: Reply) -> None:
        if events and not self._queue.put(*events):
            reply("/fail", events[0].address, "dropped: messages come faster than they can be played")
            return
        for address in done:
            reply("/done", address)

    def _answer(self, command: Command, reply: Reply, sender: str) -> None:
        pattern = command.row.pattern
        if pattern in self._ordered:  # it is the thread for them that does this
            answered(partial(self._ordered[pattern], command, reply, sender), command, reply)
            return
        if pattern == "/sync":
            # As with scsynth, not before a model is loaded that the same sender asked for, nor a coupling fitted.
            busy = (worker for worker in (self._long, self._slow) if worker.busy(sender))
            worker = next(busy, self._waiting)
            also = self._slow if worker is self._long and self._slow.busy(sender) else None
            answer = partial(self._sync, command, reply, self._queue.put_count, also)
        elif pattern in self._on_disk:
            worker, answer = self._disk, partial(self._on_disk[pattern], command, reply)
        elif pattern in self._at_length:
            worker, answer = self._long, partial(self._at_length[pattern], command, reply)
        else:
            worker, answer = self._slow, partial(self._slowly[pattern], command, reply)
        self._later(worker, answer, command, reply, sender)

    def _later(self, worker: Worker, answer: Callable[[], None], command: Command, reply: Reply, sender: str) -> None:
        if not worker.put(partial(answered, answer, command, reply), sender):
            reply("/fail", command.address, "too much is waiting")

    def _store(self, command: Command, reply: Reply, sender: str) -> None:
        have(self._presets, "presets")
        self._wait_until_taken_in(command.address, self._queue.put_count)
        keep = partial(self._keep, command, reply, self._engine.targets())
        self._later(self._disk, keep, command, reply, sender)

    def _keep(self, command: Command, reply: Reply, knobs: Sequence[float]) -> None:
        have(self._presets, "presets").store(str(command.values[0]), knobs)
        reply("/done", command.address)

    def _delete(self, command: Command, reply: Reply) -> None:
        have(self._presets, "presets").delete(str(command.values[0]))
        reply("/done", command.address)

    def _list(self, command: Command, reply: Reply) -> None:
        reply("/preset/list.reply", *have(self._presets, "presets").names())

    def _clear(self, command: Command, reply: Reply, _: str) -> None:
        self._wait_until_taken_in(command.address, self._queue.put_count)
        self._engine.clear_scheduled()
        reply("/done", command.address)

    def _sync(self, command: Command, reply: Reply, goal: int, also: Worker | None) -> None:
        if also is not None:
            also.settle()
        self._disk.settle()
        self._wait_until_taken_in(command.address, goal)
        reply("/synced", *command.values)

    def _wait_until_taken_in(self, address: str, goal: int) -> None:
        """Until the engine is done with so many events; raises AddressError when it does not come to it."""
        until_s = time.monotonic() + _TAKEN_IN_DEADLINE_S
        while self._queue.done_count < goal:
            if time.monotonic() > until_s or self._closing.wait(_TAKING_POLL_S):
                raise AddressError(address, "what was sent before has not been taken in: the engine does not answer")


def answered(answer: Callable[[], Result], command: Command, reply: Reply) -> Result | None:
    """What `answer` returns for a command; where it cannot be done, `/fail` says why, and it is None."""
    try:
        return answer()
    except LatentoneError as error:
        fail(reply, command.address, error)
    except Exception:
        _log.exception("%s could not be answered", command.address)
        reply("/fail", command.address, "internal error, see the server's log")
    return None


def fail(reply: Reply, address: str, error: LatentoneError) -> None:
    """Say what is wrong with a message to `address`."""
    reply("/fail", address, error.why if isinstance(error, AddressError) else str(error))
