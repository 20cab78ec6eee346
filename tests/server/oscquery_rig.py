"""An OSCQuery port with a made-up engine and desk behind it, and the programs that ask it."""

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable, Container, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from latentone.server.addresses import Namespace
from latentone.server.arguments import AddressError
from latentone.server.controllers import Message, Reply
from latentone.server.controllers.oscquery import OscQuery
from latentone.server.events import Value
from osc_peer import DEADLINE_S
from pythonosc.osc_message import OscMessage

NAMES = ["loudness", "brightness 2", "pitch"]
OSC_PORT = 9001
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Engine:
    """What is set, as the engine would say; a desk that sets it at once, and keeps what it was handed."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.values: dict[str, tuple[Value, ...]] = {"/gain_db": (-6.0,), "/latent": (0.0, 0.0, 0.0)}
        self.taken: list[tuple[str, float | None, list[str]]] = []
        self.refused: list[str] = []
        self.turned_away: list[str] = []
        self.forgotten: list[Reply] = []
        self.looked_at: list[str] = []

    def value_of(self, address: str) -> tuple[Value, ...] | None:
        self.looked_at.append(address)
        return self.values.get(address)

    def take(self, messages: Sequence[Message], reply: Reply, source: str, at_unix_s: float | None = None) -> None:
        self.taken.append((source, at_unix_s, [said.address for said in messages]))
        for said in messages:
            try:
                commands = self.namespace.parse(said.address, said.arguments)
            except AddressError as error:
                reply("/fail", said.address, error.why)
                continue
            self.values.update({command.address: command.values for command in commands})

    def take_bundle(self, parts: Sequence[tuple[float | None, Sequence[Message]]], reply: Reply, source: str) -> None:
        for at_unix_s, messages in parts:
            self.take(messages, reply, source, at_unix_s)

    def turn_away(self, reply: Reply, host: str) -> None:
        self.turned_away.append(host)
        reply("/fail", "", "not allowed")

    def forget(self, reply: Reply) -> None:
        self.forgotten.append(reply)

    def refuse(self, reply: Reply, why: str) -> None:
        self.refused.append(why)
        reply("/fail", "", why)


def serving() -> Iterator[Callable[..., SimpleNamespace]]:
    """For a fixture: a function that opens a port with everything behind it; all are closed at the end."""
    opened: list[OscQuery] = []

    def serve(names: Sequence[str] = NAMES, voices: int = 2, allowed: Container[str] = ("127.0.0.1",)):
        namespace = Namespace(names, voices, ["my score"])
        engine: Any = Engine(namespace)
        query = OscQuery(
            "127.0.0.1",
            0,
            osc_port=OSC_PORT,
            name="Latentone",
            namespace=namespace,
            clocked=engine,
            desk=engine,
            allowed=allowed,
        )
        opened.append(query.__enter__())
        return SimpleNamespace(query=query, namespace=namespace, engine=engine, port=query.port)

    yield serve
    for query in opened:
        query.__exit__()
        assert not query._thread.is_alive()


def live(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs a test that is a coroutine; it fails when it does not come to its end."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        asyncio.run(asyncio.wait_for(test(**fixtures), 3 * DEADLINE_S))

    return run


@asynccontextmanager
async def host(server: SimpleNamespace) -> AsyncIterator[ClientSession]:
    async with ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session


async def ask(session: ClientSession, path: str) -> Any:
    """What a path answers: its JSON, or the status when it is not 200."""
    async with session.get(path) as answer:
        if answer.status != 200:
            return answer.status
        assert answer.content_type == "application/json"
        return json.loads(await answer.text())


async def hear(ws: ClientWebSocketResponse) -> tuple:
    """The next OSC message, or (command, path) of a JSON one."""
    said = await ws.receive(DEADLINE_S)
    if said.type is WSMsgType.TEXT:
        told = json.loads(said.data)
        return told["COMMAND"], told["DATA"]
    assert said.type is WSMsgType.BINARY, said
    packet = OscMessage(said.data)
    return (packet.address, *packet.params)
