"""Another program that hears OSC over UDP: started, waited for, asked and ended."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

START_DEADLINE_S = 60.0


class Peer:
    """Talks to a port of this machine, from a socket of its own."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.2)

    def send(self, address: str, *values: object) -> None:
        message = OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)  # pyright: ignore[reportArgumentType]
        self._socket.sendto(message.build().dgram, self._address)

    def ask(self, address: str, *values: object, deadline_s: float = 5.0) -> list[object] | None:
        """What is answered to `address`, its own name in front: (`/status.reply`, …), (`/done`, `/quit`), (`/fail`, …)."""
        self.send(address, *values)
        end_s = time.monotonic() + deadline_s
        while time.monotonic() < end_s:
            try:
                answer = OscMessage(self._socket.recv(65536))
            except (TimeoutError, ConnectionError):
                continue
            if answer.address.startswith(address) or address in answer.params or answer.address == "/synced":
                return [answer.address, *answer.params]
        return None

    def wait(self) -> None:
        """Until it answers."""
        end_s = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < end_s:
            if self.ask("/status", deadline_s=0.5) is not None:
                return
        raise TimeoutError(f"nothing answers at {self._address}")


@contextmanager
def started(command: list[str], port: int) -> Iterator[Peer]:
    """A program that is told to `/quit` at the end."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=tempfile.gettempdir())
    try:
        peer = Peer(port)
        peer.wait()
        yield peer
        peer.send("/quit")
        process.wait(10)
    finally:
        process.kill()
        process.wait()


def free_udp_port() -> int:
    """One that is free for TCP as well: `play` listens to both."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_INET) as tcp:
            udp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                tcp.bind(udp.getsockname())
                return udp.getsockname()[1]
