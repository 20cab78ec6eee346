"""A place between a program and a server that passes every packet on and keeps a copy of what went to the server."""

from __future__ import annotations

import select
import socket
import threading
from typing import Self


class Relay:
    """A context manager; the program sends to `port`."""

    def __init__(self, server_port: int) -> None:
        self._server = ("127.0.0.1", server_port)
        self._inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._inside.bind(("127.0.0.1", 0))
        self._outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._outside.bind(("127.0.0.1", 0))
        self.port: int = self._outside.getsockname()[1]
        self.packets: list[bytes] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._pass_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._thread.join()
        self._inside.close()
        self._outside.close()

    def _pass_on(self) -> None:
        program = None
        while not self._closing.is_set():
            ready, _, _ = select.select([self._inside, self._outside], [], [], 0.1)
            if self._outside in ready:
                packet, program = self._outside.recvfrom(65535)
                self.packets.append(packet)
                self._inside.sendto(packet, self._server)
            if self._inside in ready and program is not None:
                self._outside.sendto(self._inside.recv(65535), program)
