"""A program at the other end of the OSC port, in good and in bad faith, for the tests."""

import random
import socket
import struct
from typing import Self

from latentone.server.packets import UNIX_EPOCH_NTP_S
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

DEADLINE_S = 10.0


def message(address: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)  # type: ignore[arg-type]
    return builder.build().dgram


def bundle(time_tag: int, *elements: bytes) -> bytes:
    return b"#bundle\0" + struct.pack(">Q", time_tag) + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def time_tag(unix_time_s: float) -> int:
    return int((unix_time_s + UNIX_EPOCH_NTP_S) * 2**32)


class Client:
    """A program that sends OSC and hears the replies."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE_S)
        self.server = ("127.0.0.1", port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    def send(self, packet: bytes) -> None:
        self.socket.sendto(packet, self.server)

    def hear(self) -> tuple:
        reply = OscMessage(self.socket.recv(65535))
        return (reply.address, *reply.params)

    def ask(self, address: str, *arguments: object) -> tuple:
        self.send(message(address, *arguments))
        return self.hear()


def malformed(random: random.Random) -> bytes:
    """A packet that no reader should take: noise, or a good packet that was cut, bent, or claims a wrong size."""
    first = message("/latent/0", 0.5, "text", 3, b"blob")
    good = bundle(1, first, message("/latent", 0.1, 0.2))
    match random.randrange(8):
        case 0:
            return random.randbytes(random.randrange(200))
        case 1:
            whole = (16, 16 + 4 + len(first))  # cut there, it is a bundle that is merely shorter
            return good[: random.choice([length for length in range(1, len(good)) if length not in whole])]
        case 2:
            return bundle(1, *[b""] * random.randrange(1, 4))
        case 3:
            size = random.choice([-4, -1, -(2**31), 2**31 - 1, 1000])
            return (
                b"#bundle\0" + struct.pack(">Qi", random.getrandbits(64), size) + random.randbytes(random.randrange(64))
            )
        case 4:
            nested = message("/latent/0", 0.5)
            for _ in range(random.choice([17, 100, 2000])):
                nested = bundle(1, nested)
            return nested
        case 5:
            return b"/latent/0\0\0\0," + random.choice([b"[f\0", b"]\0\0", b"zf\0", b"Qc\0"]) + b"\0\0\0\0"
        case 6:
            return b"/\xff\xfe\xfd\0\0\0\0,f\0\0" + random.randbytes(4)
        case _:
            return b"/latent/0\0\0\0,b\0\0" + struct.pack(">i", random.choice([2**31 - 1, 4096]))
