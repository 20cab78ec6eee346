"""OSC over UDP: a datagram is a packet, and whoever sent it hears the reply."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from dataclasses import dataclass
from typing import Self

from ...export.errors import LatentoneError
from ..allowed import LOOPBACK, Allowed
from ..delivery import deliver
from ..events import Value
from ..packets import write_message
from . import Desk

_log = logging.getLogger(__name__)

_LARGEST_DATAGRAM = 65535
_RECEIVE_BUFFER = 1 << 20
"""Bytes the system keeps while this thread is busy: a burst of messages must not be lost before it was counted."""
_CLOSING_POLL_S = 0.2


class OscController:
    """A UDP port that listens for OSC. Port 0 takes any free one; `port` says which, once open.

    One thread reads, in the order of arrival. Replies go to the port that a packet came from, or to `reply_port` of that
    host.
    """

    def __init__(
        self, host: str, port: int, desk: Desk, *, reply_port: int | None = None, allowed: Allowed | None = None
    ) -> None:
        """allowed: who may send; this machine only where it is None."""
        self.host = host
        self.port = port
        self._desk = desk
        self._reply_port = reply_port
        self._allowed = Allowed(LOOPBACK) if allowed is None else allowed
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)

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
                packet, (host, port, *_) = self._socket.recvfrom(_LARGEST_DATAGRAM)
            except TimeoutError:
                continue
            except OSError:
                # Windows tells here that an earlier reply found nobody. Should the socket be gone, do not spin.
                self._closing.wait(0.01)
                continue
            reply = _Reply(self._socket, host, port if self._reply_port is None else self._reply_port)
            if host in self._allowed:
                deliver(packet, self._desk, reply, f"osc {host}:{port}")
            else:
                self._desk.turn_away(reply, host)


@dataclass(frozen=True, slots=True)
class _Reply:
    socket: socket.socket
    host: str
    port: int

    def __call__(self, address: str, *values: Value) -> None:
        try:
            self.socket.sendto(write_message(address, values), (self.host, self.port))
        except Exception as error:  # a reply too long, or nobody there: the sender's loss, not the server's
            if self.socket.fileno() >= 0:
                _log.warning("osc: no reply to %s:%s: %s", self.host, self.port, error)
