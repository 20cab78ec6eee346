"""The desk: what controllers hand over is checked, gets its sample, and is done or answered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Self

from ..export.errors import LatentoneError
from .addresses import REPLIES, Command, Namespace
from .answers import Answers
from .arguments import AddressError
from .contracts import Clocked, LiveInput, Maps, ModelShelf, PresetBook, Recorder, SourceBook
from .controllers import Message, Reply
from .events import EventQueue, Value
from .held import Held
from .notices import Notices
from .packets import is_pattern
from .preset_moves import PRESET_MOVES, PresetMoves
from .turns import Turn, Turns, fail

_log = logging.getLogger(__name__)

_LEAD_S = 0.5
"""An event goes to the engine so long, and the output's latency, before its time; until then it waits by the wall clock."""
_TELLING_S = 1.0
"""Hosts that are not allowed to send are told so no more often, all together."""

_Parts = Sequence[tuple[float | None, Sequence[Message]]]


class Desk:
    """Obeys and answers what any number of controllers hand over, each in its thread.

    A context manager, to be entered after the controllers: leaving it says `/quitting` through them. What is asked of a
    part that is None is answered by `/fail`. end: ends the server, and returns at once; `/quit` calls it.
    """

    def __init__(
        self,
        *,
        namespace: Namespace,
        queue: EventQueue,
        engine: Clocked,
        end: Callable[[], None],
        presets: PresetBook | None = None,
        models: ModelShelf | None = None,
        maps: Maps | None = None,
        recorder: Recorder | None = None,
        sources: SourceBook | None = None,
        ear: LiveInput | None = None,
    ) -> None:
        self.namespace = namespace
        self._engine, self._end = engine, end
        self._maps = maps
        self._notices = Notices(self._counts)
        self._held = Held(self._lead_s)
        answers = Answers(namespace, self._notices, models, maps, recorder, sources, ear)
        at_once = {**answers.at_once, "/status": self._tell_status, "/quit": self._quit}
        self._turns = Turns(
            queue, engine, presets, PresetMoves(presets, namespace), at_once, answers.slowly, answers.at_length
        )
        self._counting = threading.Lock()
        self._late = self._malformed = self._turned_away = self._dropped = 0
        self._told_s = -_TELLING_S
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for part in (self._notices, self._turns, self._held):
            self._stack.enter_context(part)
        return self

    def __exit__(self, *exc: object) -> None:
        self.notify_all("/quitting")
        self._stack.close()

    def notify_all(self, address: str, *values: Value) -> None:
        """Tell a notice, see NOTICES, to those who asked by `/notify`. Cheap, for any thread but the engine's."""
        self._notices.tell(address, *values)

    def take(self, messages: Sequence[Message], reply: Reply, source: str, at_unix_s: float | None = None) -> None:
        self.take_bundle([(at_unix_s, messages)], reply, source)

    def take_bundle(self, parts: _Parts, reply: Reply, source: str) -> None:
        self._take(parts, reply, source, hold=True)

    def refuse(self, reply: Reply, why: str) -> None:
        with self._counting:
            self._malformed += 1
        reply("/fail", "", f"packet refused: {why}")

    def turn_away(self, reply: Reply, host: str) -> None:
        with self._counting:
            self._turned_away += 1
            now_s = time.monotonic()
            if now_s < self._told_s + _TELLING_S:
                return
            self._told_s = now_s
        _log.warning("osc: %s sends, but is not among those whom osc.allow lets in", host)
        reply("/fail", "", f"{host} is not allowed to send here; osc.allow of the server's settings says who is")

    def forget(self, reply: Reply) -> None:
        self._notices.remove(reply)

    def _take(self, parts: _Parts, reply: Reply, source: str, *, hold: bool) -> None:
        """hold: keep what is far off for later."""
        try:
            turns: list[Turn] = []
            for at_unix_s, messages in parts:
                turns += self._timed(at_unix_s, messages, reply, source, hold)
            if turns:
                self._drop(self._turns.take(turns, reply, source))
        except Exception:
            _log.exception("what %s said could not be handled", source)
            reply("/fail", "", "internal error, see the server's log")

    def _timed(
        self, at_unix_s: float | None, messages: Sequence[Message], reply: Reply, source: str, hold: bool
    ) -> list[Turn]:
        """What some messages ask for now, each with its sample; without what is held for later."""
        ahead_s = 0.0 if at_unix_s is None else at_unix_s - time.time()
        understood: list[Message] = []
        commands: list[Command] = []
        for message in messages:
            if message.address in REPLIES or message.address.endswith(".reply"):
                continue  # another server's reply: answering could go on between the two for ever
            try:
                commands += self._understand(message, timed=ahead_s > 0)
                understood.append(message)
            except LatentoneError as error:
                fail(reply, message.address, error)
        at_sample = None
        if commands and at_unix_s is not None:
            if ahead_s <= 0:
                with self._counting:
                    self._late += 1
                self.notify_all("/late", understood[0].address, -ahead_s)
            elif hold and ahead_s > self._lead_s():
                release = partial(self._take, [(at_unix_s, understood)], reply, source, hold=False)
                if not self._held.put(at_unix_s, sum(1 + len(each.arguments) for each in understood), release):
                    self._drop(len(commands))
                    reply(
                        "/fail", understood[0].address, "dropped: too much is to come already; /clearSched forgets it"
                    )
                return []
            else:
                at_sample = self._engine.sample_at(at_unix_s)
        if any(command.row.pattern == "/clearSched" for command in commands):
            self._held.clear()
        return [Turn(command, at_sample) for command in commands]

    def _understand(self, message: Message, *, timed: bool) -> list[Command]:
        address, maps = message.address, self._maps
        commands: list[Command] | None = None
        if maps is not None and address not in self.namespace.addresses() and not is_pattern(address):
            asked = maps.heard_osc(address, message.arguments)
            if asked is not None:
                commands = [command for target, values in asked for command in self.namespace.parse(target, values)]
        if commands is None:
            commands = self.namespace.parse(address, message.arguments)
        if timed and any(c.row.answered_by == "server" and c.row.pattern not in PRESET_MOVES for c in commands):
            raise AddressError(address, "acts at once only: send it without a time to come")
        return commands

    def _drop(self, count: int) -> None:
        if count:
            with self._counting:
                self._dropped += count

    def _lead_s(self) -> float:
        return _LEAD_S + self._engine.status_reply().latency_ms / 1000

    def _counts(self) -> dict[str, int]:
        status = self._engine.status_reply()
        return {"/underrun": status.underruns, "/dropped": status.events_dropped + self._dropped}

    def _tell_status(self, _: Command, reply: Reply) -> None:
        status = self._engine.status_reply()
        counted = status._replace(
            events_late=status.events_late + self._late,
            events_dropped=status.events_dropped + self._dropped,
            packets_malformed=self._malformed,
            packets_turned_away=self._turned_away,
        )
        reply("/status.reply", *counted)

    def _quit(self, command: Command, reply: Reply) -> None:
        reply("/done", command.address)
        self._end()
