"""`latentone play` as a process of its own, for programs that play it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osc_program import free_udp_port
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

DEADLINE_S = 60.0


def message(address: str, *values: object) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)  # type: ignore[arg-type]
    return builder.build().dgram


def send(port: int, address: str, *values: object) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(message(address, *values), ("127.0.0.1", port))


def ask(port: int, address: str, *values: object) -> OscMessage:
    """Send until an answer comes: while a server starts, nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            client.sendto(message(address, *values), ("127.0.0.1", port))
            try:
                return OscMessage(client.recv(65535))
            except (TimeoutError, ConnectionError):
                continue
    raise AssertionError(f"no answer to {address} at port {port}")


@contextmanager
def playing(model: Path | str, folder: Path, *arguments: object) -> Iterator[int]:
    """The OSC port of a server that plays; it is told to quit at the end, so a file that it plays into is whole then.

    Its presets are kept in `folder`.
    """
    port = free_udp_port()
    settings = folder / "settings.yaml"
    settings.write_text("presets: {file: presets.yaml}\n")
    command = [sys.executable, "-m", "latentone.server", "play", str(model), "--config", str(settings)]
    process = subprocess.Popen(
        [*command, "--osc-port", str(port), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"TERM": "dumb"},
    )
    try:
        ask(port, "/version")
        yield port
        if process.poll() is None:
            ask(port, "/quit")
            assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
