"""OSC over TCP: several programs at once, each framing its packets as it likes and hearing replies down its connection."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
from typing import Self, cast

from ...export.errors import LatentoneError
from ..allowed import LOOPBACK, Allowed
from ..delivery import deliver
from ..events import Value
from ..framing import Framing, FramingError, Slip, framing_of
from ..packets import write_message
from . import Desk

_log = logging.getLogger(__name__)

_MOST_CONNECTIONS = 32
_UNREAD = 1 << 20
"""Bytes of replies that may wait in one connection; whoever reads none of them is hung up on."""
_CLOSING_S = 1.0


class OscTcpController:
    """A TCP port that listens for OSC. Port 0 takes any free one; `port` says which, once open.

    One thread serves all connections. Framing is SLIP or a length before each packet, whichever a connection begins with.
    """

    def __init__(self, host: str, port: int, desk: Desk, *, allowed: Allowed | None = None) -> None:
        """allowed: who may send; this machine only where it is None."""
        self.host = host
        self.port = port
        self._desk = desk
        self._allowed = Allowed(LOOPBACK) if allowed is None else allowed
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="osc tcp", daemon=True)

    def __enter__(self) -> Self:
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((self.host, self.port), family=family)
        except OSError as error:
            self._loop.close()
            where = f"osc: tcp {self.host}:{self.port}"
            if error.errno == errno.EADDRINUSE:
                hint = "is in use by another program; choose another with --osc-port, or osc.tcp: false in the config"
                raise LatentoneError(f"{where} {hint}") from None
            raise LatentoneError(f"{where} cannot be opened: {error.strerror}; see osc.host and osc.port") from None
        self.port = self._socket.getsockname()[1]
        self._closing = asyncio.Event()
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def describe(self) -> str:
        return f"osc  tcp {self.host}:{self.port}"

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._listen())
        finally:
            self._loop.close()

    async def _listen(self) -> None:
        server = await self._loop.create_server(
            lambda: _Connection(self._desk, self._allowed, self._connections, self._loop), sock=self._socket
        )
        await self._closing.wait()
        server.close()
        for connection in self._connections:
            connection.hang_up()
        # What is still to be sent, such as /quitting, goes out first.
        until_s = self._loop.time() + _CLOSING_S
        while self._connections and self._loop.time() < until_s:
            await asyncio.sleep(0.01)


class _Connection(asyncio.Protocol):
    """One program; it is itself the `Reply` to it."""

    def __init__(
        self, desk: Desk, allowed: Allowed, connections: set[_Connection], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._desk, self._allowed, self._connections, self._loop = desk, allowed, connections, loop
        self._framing: Framing | None = None
        self._thread = threading.get_ident()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        host, port, *_ = self._transport.get_extra_info("peername")
        self._source = f"osc tcp {host}:{port}"
        if host not in self._allowed:
            self._desk.turn_away(self, host)
            self.hang_up()
        elif len(self._connections) >= _MOST_CONNECTIONS:
            self("/fail", "", f"{_MOST_CONNECTIONS} programs are connected already")
            self.hang_up()
        else:
            self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        if self._framing is None:
            self._framing = framing_of(data)
        try:
            packets = self._framing.feed(data)
        except FramingError as error:
            self._desk.refuse(self, str(error))
            self.hang_up()
            return
        for packet in packets:
            deliver(packet, self._desk, self, self._source)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._desk.forget(self)

    def hang_up(self) -> None:
        self._transport.close()

    def __call__(self, address: str, *values: Value) -> None:
        try:
            packet = write_message(address, values)
            if threading.get_ident() == self._thread:
                self._send(packet)
            else:
                self._loop.call_soon_threadsafe(self._send, packet)
        except Exception as error:  # a value that cannot be written, or all is closed already
            if not self._loop.is_closed():
                _log.warning("osc: no reply to %s: %s", self._source, error)

    def _send(self, packet: bytes) -> None:
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _UNREAD:
            _log.warning("%s reads none of its replies: its connection is closed", self._source)
            self._transport.abort()
            return
        self._transport.write((self._framing or Slip()).frame(packet))
