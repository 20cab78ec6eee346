"""A server that plays nothing: it checks what it hears against the table of addresses, and answers as the table says."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Sequence
from typing import Self

from latentone.server.addresses import Address, Namespace
from latentone.server.arguments import AddressError
from latentone.server.events import Value
from latentone.server.packets import read_packet, write_message

ANSWERS: dict[str, list[tuple[str, list[Value]]]] = {
    "/status": [("/status.reply", ["voice", 4, 0, 0.5, 0.75, 60.0, 16000, 0, 0, 0, 1])],
    "/version": [("/version.reply", ["latentone", "0.1.0"])],
    "/preset/list": [("/preset/list.reply", ["dawn", "dusk"])],
    "/model/list": [("/model/list.reply", ["voice", "choir"])],
    "/model/info": [("/model/info.reply", ["voice", 16000, 4, 1, 4, "fused on one core"])],
    "/model/knobs": [
        *[("/model/knobs.reply", [i, name, 0.25]) for i, name in enumerate(["pitch", "brightness", "z2", "z3"])],
        ("/done", ["/model/knobs"]),
    ],
    "/map/list": [("/map/list.reply", ["cc 20", "/latent/0", -1.0, 1.0, "linear"]), ("/done", ["/map/list"])],
    "/map/learn": [("/map/learned", ["cc 21", "/latent/3"])],
    "/source/list": [("/source/list.reply", ["sweep", "digits"])],
    "/record/start": [("/done", ["/record/start", "take.wav"])],
    "/record/stop": [("/record/stop.reply", ["take.wav", 1.5])],
    "/help": [("/help.reply", ["/panic", "Sends knobs home."]), ("/done", ["/help"])],
    "/notify": [("/done", ["/notify"]), ("/late", ["/latent", 0.25])],
}
"""Where more is to come than /done and the address."""


class TableServer:
    """A context manager; `port` is where it listens, 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        self._namespace = Namespace(["pitch", "brightness", "z2", "z3"], voices=4, sources=["sweep", "digits"])
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self.heard: list[tuple[str, tuple[Value, ...]]] = []
        """Every message that the table allows, knobs by index."""
        self.rows: set[str] = set()
        """The rows that were spoken to."""
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            packet, sender = self._socket.recvfrom(65535)
            if not packet:
                return
            for message in read_packet(packet):
                self._take(message.address, message.arguments, sender)

    def _take(self, address: str, arguments: Sequence[object], sender: tuple[str, int]) -> None:
        try:
            commands = self._namespace.parse(address, arguments)
        except AddressError as error:
            self.refused.append(str(error))
            self._reply(sender, "/fail", error.address, error.why)
            return
        for command in commands:
            self.heard.append((command.address, command.values))
            self.rows.add(command.row.pattern)
            self._answer(command.row, command.address, command.values, sender)

    def _answer(self, row: Address, address: str, values: tuple[Value, ...], sender: tuple[str, int]) -> None:
        if address == "/sync":
            self._reply(sender, "/synced", *values)
        elif (address == "/notify" and values == (0,)) or (re.match(r"/done\b", row.reply) and address not in ANSWERS):
            self._reply(sender, "/done", address)
        for reply, answer in ANSWERS.get(address, []):
            self._reply(sender, reply, *answer)

    def _reply(self, sender: tuple[str, int], address: str, *values: Value) -> None:
        self._socket.sendto(write_message(address, values), sender)
