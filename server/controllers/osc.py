"""OSC over UDP: messages become control events, questions are answered, nothing that arrives can stop it."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol, Self

from ...export.errors import LatentoneError
from ..addresses import REPLIES, TABLE, Command, Namespace, StatusReply, find_row
from ..arguments import AddressError
from ..events import ControlEvent, EventQueue, Value
from ..packets import IMMEDIATELY, UNIX_EPOCH_NTP_S, PacketError, read_packet, seconds, write_message

_log = logging.getLogger(__name__)

_LARGEST_DATAGRAM = 65535
_RECEIVE_BUFFER = 1 << 20
"""Bytes the system keeps while this thread is busy: a burst of messages must not be lost before it was counted."""
_CLOSING_POLL_S = 0.2
_TAKING_POLL_S = 0.002
_TAKEN_IN_DEADLINE_S = 1.5
"""The engine looks once a block, of which the longest (16384 samples) is 1 s; after this it is stuck."""


class PresetBook(Protocol):
    """Where presets are kept. Each method raises LatentoneError with a line for the performer."""

    def names(self) -> list[str]: ...

    def recall(self, name: str) -> list[float]: ...

    def store(self, name: str, values: Sequence[float]) -> None: ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ServerActions:
    """What a controller may ask of the running server; each is called from the controller's thread."""

    status: Callable[[], StatusReply]
    targets: Callable[[], list[float]]
    """Where the knobs of voice 0 are meant to be after the events taken in so far, (dim,) in knob units."""
    sample_at: Callable[[float], int]
    """Sample of the model's stream that is heard at a time of the wall clock, in seconds since 1970."""
    quit: Callable[[], None]
    presets: PresetBook


@dataclass(frozen=True, slots=True)
class _Sender:
    host: str
    port: int

    def __str__(self) -> str:
        return f"osc {self.host}:{self.port}"


class OscController:
    """A UDP port that listens for OSC. Port 0 takes any free one; `port` says which, once open.

    One thread does everything, in the order of arrival. Messages of a bundle stay in order, and take effect at the
    same sample, the one that its time tag names; a time that is past means at once, and the bundle is counted in
    `late`. A packet with anything malformed in it is refused whole and counted in `malformed`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        reply_port: int | None,
        queue: EventQueue,
        latent_names: Sequence[str],
        server: ServerActions,
        voices: int = 1,
    ) -> None:
        self.host = host
        self.port = port
        self.late = 0
        self.malformed = 0
        self._reply_port = reply_port
        self._queue = queue
        self._namespace = Namespace(latent_names, voices)
        self._server = server
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)
        self._answers: dict[str, Callable[[Command, _Sender, int | None], None]] = {
            "/preset/store": self._store,
            "/preset/recall": self._recall,
            "/preset/delete": self._delete,
            "/preset/list": self._list,
            "/status": self._status,
            "/sync": self._sync,
            "/version": lambda _, sender, __: self._reply(sender, "/version.reply", "latentone", version("latentone")),
            "/help": self._help,
            "/quit": self._quit,
        }

    def __enter__(self) -> Self:
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0][0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as error:
            raise LatentoneError(f"osc: cannot listen on {self.host!r}: {error.strerror}; see osc.host") from None
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self._socket.settimeout(_CLOSING_POLL_S)
            self._socket.bind((self.host, self.port))
        except OSError as error:
            self._socket.close()
            where = f"osc: {self.host}:{self.port}"
            if error.errno == errno.EADDRINUSE:
                hint = "is in use by another program; choose another with --osc-port or osc.port in the config"
                raise LatentoneError(f"{where} {hint}") from None
            raise LatentoneError(f"{where} cannot be opened: {error.strerror}; see osc.host and osc.port") from None
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def describe(self) -> str:
        replies = f", replies to port {self._reply_port}" if self._reply_port is not None else ""
        return f"osc  udp {self.host}:{self.port}{replies}"

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                data, (host, port, *_) = self._socket.recvfrom(_LARGEST_DATAGRAM)
            except TimeoutError:
                continue
            except OSError:
                # Windows tells here that an earlier reply found nobody. Should the socket be gone, do not spin.
                self._closing.wait(0.01)
                continue
            sender = _Sender(host, port if self._reply_port is None else self._reply_port)
            try:
                self._take(data, sender)
            except Exception:
                _log.exception("osc: a message from %s:%s could not be handled", host, port)
                self._reply(sender, "/fail", "", "internal error, see the server's log")

    def _take(self, data: bytes, sender: _Sender) -> None:
        try:
            messages = read_packet(data)
        except PacketError as error:
            self.malformed += 1
            self._reply(sender, "/fail", "", f"packet refused: {error}")
            return
        # Once a bundle, not once a message: the clock goes on meanwhile, and what belongs together must not part.
        at_samples = {time_tag: self._at_sample(time_tag) for time_tag in {message.time_tag for message in messages}}
        for message in messages:
            if message.address in REPLIES:
                continue  # another server's reply: answering could go on between the two for ever
            try:
                commands = self._namespace.parse(message.address, message.arguments)
                self._obey(commands, sender, at_samples[message.time_tag])
            except AddressError as error:
                self._reply(sender, "/fail", message.address, error.why)
            except LatentoneError as error:
                self._reply(sender, "/fail", message.address, str(error))

    def _at_sample(self, time_tag: int) -> int | None:
        if time_tag == IMMEDIATELY:
            return None
        unix_time_s = seconds(time_tag) - UNIX_EPOCH_NTP_S
        if unix_time_s < time.time():
            self.late += 1
            return None
        return self._server.sample_at(unix_time_s)

    def _obey(self, commands: Sequence[Command], sender: _Sender, at_sample: int | None) -> None:
        """Do all that one message asks for, or raise and do nothing of it that the engine would play."""
        questions = [command for command in commands if command.row.answered_by == "server"]
        for command in questions:
            if at_sample is not None and command.address != "/preset/recall":
                raise AddressError(command.address, "acts at once only: send it without a time to come")
        turns = [(command.address, command.values) for command in commands if command.row.answered_by == "engine"]
        if turns:
            self._put(turns, sender, at_sample)
        for command in questions:
            self._answers[command.address](command, sender, at_sample)

    def _put(self, turns: Sequence[tuple[str, tuple[Value, ...]]], sender: _Sender, at_sample: int | None) -> None:
        if not self._queue.put(*(ControlEvent(address, values, at_sample, str(sender)) for address, values in turns)):
            raise AddressError(turns[0][0], "dropped: messages come faster than they can be played")

    def _wait_until_taken_in(self, address: str) -> None:
        """Until the engine is done with all that was put so far; raises AddressError when it does not come to it."""
        goal, until_s = self._queue.put_count, time.monotonic() + _TAKEN_IN_DEADLINE_S
        while self._queue.done_count < goal:
            if time.monotonic() > until_s or self._closing.wait(_TAKING_POLL_S):
                raise AddressError(address, "what was sent before has not been taken in: the engine does not answer")

    def _sync(self, command: Command, sender: _Sender, _: int | None) -> None:
        self._wait_until_taken_in(command.address)
        self._reply(sender, "/synced", *command.values)

    def _store(self, command: Command, sender: _Sender, _: int | None) -> None:
        self._wait_until_taken_in(command.address)
        self._server.presets.store(str(command.values[0]), self._server.targets())
        self._reply(sender, "/done", command.address)

    def _recall(self, command: Command, sender: _Sender, at_sample: int | None) -> None:
        name, *over_s = command.values
        knobs = self._server.presets.recall(str(name))
        address = "/glide_to" if over_s else "/latent"
        try:
            [checked] = self._namespace.parse(address, [*over_s, *knobs])
        except AddressError as error:
            raise LatentoneError(f"preset {name!r} does not fit this model: {error.why}") from None
        self._put([(address, checked.values)], sender, at_sample)
        self._reply(sender, "/done", command.address)

    def _delete(self, command: Command, sender: _Sender, _: int | None) -> None:
        self._server.presets.delete(str(command.values[0]))
        self._reply(sender, "/done", command.address)

    def _list(self, command: Command, sender: _Sender, _: int | None) -> None:
        self._reply(sender, "/preset/list.reply", *self._server.presets.names())

    def _status(self, command: Command, sender: _Sender, _: int | None) -> None:
        status = self._server.status()
        late = status.events_late + self.late
        self._reply(sender, "/status.reply", *status._replace(events_late=late, packets_malformed=self.malformed))

    def _help(self, command: Command, sender: _Sender, _: int | None) -> None:
        for row in [find_row(str(command.values[0]))] if command.values else TABLE:
            self._reply(sender, "/help.reply", row.usage(), row.does)
        self._reply(sender, "/done", command.address)

    def _quit(self, command: Command, sender: _Sender, _: int | None) -> None:
        self._reply(sender, "/done", command.address)
        self._server.quit()

    def _reply(self, sender: _Sender, address: str, *values: Value) -> None:
        try:
            self._socket.sendto(write_message(address, values), (sender.host, sender.port))
        except Exception as error:  # a reply too long, or nobody there: the sender's loss, not the server's
            _log.warning("osc: no reply to %s:%s: %s", sender.host, sender.port, error)
