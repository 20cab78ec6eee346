"""OSCQuery, asked over real HTTP and real WebSockets: a host finds every control, moves it and hears it move."""

import asyncio
import functools
import json
import logging
import random
import socket
from collections.abc import AsyncIterator, Callable, Container, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from desk_rig import DeskRig
from latentone.export.errors import LatentoneError
from latentone.server.addresses import Namespace
from latentone.server.addresses.query_tree import query_tree
from latentone.server.arguments import AddressError
from latentone.server.controllers import Message, Reply
from latentone.server.controllers.oscquery import OscQuery
from latentone.server.events import Value
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping
from latentone.server.packets import read_packet
from osc_peer import DEADLINE_S, bundle, malformed, message, time_tag
from pythonosc.osc_message import OscMessage
from yarl import URL

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


@pytest.fixture
def serve() -> Iterator[Callable[..., SimpleNamespace]]:
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


def listed(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("CONTENTS", {}).values():
        yield from listed(inner)


def example(signature: dict[str, Any]) -> list[object]:
    """Arguments as a host would make them from what it was told, at the upper ends."""
    if signature["TYPE"] == "I":
        return []
    ranges = signature.get("RANGE") or [None] * len(signature["TYPE"])
    values: list[object] = []
    for tag, within in zip(signature["TYPE"], ranges, strict=True):
        within = within or {}
        values.append(within["VALS"][-1] if "VALS" in within else {"s": "x", "i": 1, "f": within.get("MAX", 0.5)}[tag])
        assert isinstance(values[-1], {"s": str, "i": int, "f": float}[tag])
    return values


@live
async def test_every_address_of_the_table_is_there_and_takes_what_its_type_and_range_say(serve):
    server = serve()
    async with host(server) as session:
        for address, (row, canonical) in server.namespace.addresses().items():
            node = await ask(session, str(URL.build(path=address)))
            assert node["FULL_PATH"] == address
            assert row.does in node["DESCRIPTION"]
            for signature in (node, *node.get("OVERLOADS", [])):
                [command] = server.namespace.parse(address, example(signature))
                assert command.address == canonical
            longest = [node, *node.get("OVERLOADS", [])][-1]
            assert set(longest["TYPE"]) == {argument.kind[0] for argument in row.arguments} or {"I"}


@live
async def test_the_tree_lists_every_control_once(serve):
    server = serve()
    async with host(server) as session:
        nodes = list(listed(await ask(session, "/")))
    paths = [node["FULL_PATH"] for node in nodes if "TYPE" in node]
    assert len(paths) == len(set(paths))
    assert set(paths) == {canonical for _, canonical in server.namespace.addresses().values()}
    knob = next(node for node in nodes if node["FULL_PATH"] == "/voice/1/latent/1")
    assert knob["DESCRIPTION"].startswith("brightness 2: "), "a host shows what the knob does"
    assert knob["TAGS"] == ["brightness 2"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/latent", {"TYPE": "fff", "RANGE": [{"MIN": -4.0, "MAX": 4.0}] * 3}),
        ("/latent/0", {"TYPE": "f", "RANGE": [{"MIN": -4.0, "MAX": 4.0}]}),
        ("/gain_db", {"TYPE": "f", "RANGE": [{"MIN": -90.0, "MAX": 24.0}], "UNIT": ["gain.db"]}),
        ("/glide_to", {"TYPE": "ffff", "UNIT": ["time.second", None, None, None]}),
        ("/glide_curve", {"TYPE": "s", "RANGE": [{"VALS": ["damped", "linear"]}]}),
        ("/voice/1/gate", {"TYPE": "f", "RANGE": [{"MIN": 0.0, "MAX": 1.0}]}),
        ("/transport", {"TYPE": "i", "RANGE": [{"MIN": 0, "MAX": 1}]}),
        ("/panic", {"TYPE": "I", "ACCESS": 2}),
        ("/status", {"TYPE": "I", "ACCESS": 2}),
        ("/sync", {"TYPE": "i", "ACCESS": 2}),
        ("/preset/path", {"TYPE": "fs", "RANGE": [{"MIN": 0.0, "MAX": 3600.0}, None]}),
        ("/preset/recall", {"TYPE": "s", "ACCESS": 2}),
        ("/source/my_score/rate", {"TYPE": "f", "RANGE": [{"MIN": 0.01, "MAX": 100.0}]}),
        ("/voice/0", {"ACCESS": 0}),
    ],
)
@live
async def test_a_method_says_what_it_takes(serve, path, expected):
    async with host(serve()) as session:
        node = await ask(session, path)
    assert {key: node.get(key) for key in expected} == expected


@live
async def test_optional_arguments_are_overloads(serve):
    async with host(serve()) as session:
        told = await ask(session, "/motion/lfo/0")
        assert told["TYPE"] == "ff", "what must be said"
        assert [overload["TYPE"] for overload in told["OVERLOADS"]] == ["ffs", "ffss"]
        assert told["OVERLOADS"][1]["RANGE"][3] == {"VALS": ["second", "beat"]}


@live
async def test_values_are_those_of_the_engine(serve):
    server = serve()
    server.engine.values |= {"/latent/1": (0.25,), "/glide_curve": ("linear",)}
    async with host(server) as session:
        assert (await ask(session, "/gain_db"))["VALUE"] == [-6.0]
        assert (await ask(session, "/gain_db"))["ACCESS"] == 3
        assert await ask(session, "/latent/1?VALUE") == {"VALUE": [0.25]}
        assert await ask(session, "/latent/brightness_2?VALUE") == {"VALUE": [0.25]}
        assert (await ask(session, "/latent"))["CONTENTS"]["1"]["VALUE"] == [0.25]
        assert (await ask(session, "/latent"))["VALUE"] == [0.0, 0.0, 0.0]
        assert await ask(session, "/glide_curve?VALUE") == {"VALUE": ["linear"]}
        assert (await ask(session, "/latent_add/1"))["ACCESS"] == 2, "a step has no value"


@live
async def test_single_attributes_and_what_is_not_there(serve):
    async with host(serve()) as session:
        assert await ask(session, "/latent/0?RANGE") == {"RANGE": [{"MIN": -4.0, "MAX": 4.0}]}
        assert await ask(session, "/latent/0?TYPE") == {"TYPE": "f"}
        assert await ask(session, "/voice/0?ACCESS") == {"ACCESS": 0}
        assert list(await ask(session, "/latent?CONTENTS")) == ["CONTENTS"]
        assert (await ask(session, "/latent/"))["FULL_PATH"] == "/latent"
        assert await ask(session, "/status?VALUE") == 204, "known, but this one has none"
        assert await ask(session, "/voice?TYPE") == 204
        assert await ask(session, "/latent/0?CLIPMODE") == 204
        assert await ask(session, "/latent/0?COLOUR") == 400
        assert await ask(session, "/latent/3") == 404
        assert await ask(session, "/nothing?VALUE") == 404
        async with session.post("/latent/0", data="1") as answer:
            assert answer.status == 405


@live
async def test_host_info_says_where_to_send_osc(serve):
    server = serve()
    async with host(server) as session:
        info = await ask(session, "/?HOST_INFO")
        assert await ask(session, "/latent/0?HOST_INFO") == info
    assert (info["NAME"], info["OSC_IP"], info["OSC_PORT"]) == ("Latentone", "127.0.0.1", OSC_PORT)
    assert (info["OSC_TRANSPORT"], info["WS_IP"], info["WS_PORT"]) == ("UDP", "127.0.0.1", server.port)
    has = {name for name, there in info["EXTENSIONS"].items() if there}
    assert has == {"TYPE", "ACCESS", "VALUE", "RANGE", "UNIT", "DESCRIPTION", "TAGS", "OVERLOADS"} | {
        "LISTEN",
        "PATH_ADDED",
        "PATH_REMOVED",
        "PATH_CHANGED",
    }


@live
async def test_who_listens_hears_what_changes_and_nothing_else(serve):
    server = serve()
    values = server.engine.values
    async with host(server) as session, session.ws_connect("/") as ws:
        await ws.send_json({"COMMAND": "LISTEN", "DATA": "/gain_db"})
        assert await hear(ws) == ("/gain_db", -6.0), "where it is now"
        values["/gain_db"] = (-6.0,)
        values["/temperature"] = (0.5,)
        values["/gain_db"] = (-12.0,)
        assert await hear(ws) == ("/gain_db", -12.0)
        await ws.send_json({"COMMAND": "LISTEN", "DATA": "/latent/pitch"})
        values["/latent/2"] = (0.75,)
        assert await hear(ws) == ("/latent/pitch", 0.75), "by the name that was asked for"
        await ws.send_json({"COMMAND": "IGNORE", "DATA": "/gain_db"})
        await ws.send_json({"COMMAND": "LISTEN", "DATA": "/latent"})
        assert await hear(ws) == ("/latent", 0.0, 0.0, 0.0)
        values["/gain_db"] = (0.0,)
        values["/latent"] = (1.0, 0.0, 0.0)
        assert await hear(ws) == ("/latent", 1.0, 0.0, 0.0)


@live
async def test_the_engine_is_left_alone_while_nobody_listens(serve):
    server = serve()
    async with host(server) as session, session.ws_connect("/") as ws:
        await ws.send_bytes(message("/gain_db", 0.0))
        await ws.send_bytes(message("/nothing"))
        assert (await hear(ws))[:2] == ("/fail", "/nothing")
    assert server.engine.looked_at == []


@live
async def test_osc_over_the_websocket_is_obeyed_and_answered(serve):
    server = serve()
    async with host(server) as session, session.ws_connect("/") as ws, session.ws_connect("/") as other:
        await other.send_json({"COMMAND": "LISTEN", "DATA": "/latent/0"})
        later = 2_000_000_000.5
        await ws.send_bytes(message("/latent/loudness", 0.5))
        assert await hear(other) == ("/latent/0", 0.5), "and others hear of it"
        await ws.send_bytes(bundle(time_tag(later), message("/latent/1", 1.0), message("/gain_db", -3.0)))
        await ws.send_bytes(message("/gian_db", -3.0))
        assert await hear(ws) == ("/fail", "/gian_db", "unknown address (did you mean /gain_db?)")
    [first, second, third] = server.engine.taken
    assert first[0].startswith("oscquery 127.0.0.1:")
    assert first[1:] == (None, ["/latent/loudness"])
    assert second[1:] == (pytest.approx(later, abs=1e-3), ["/latent/1", "/gain_db"]), "what is bundled stays together"
    assert third[2] == ["/gian_db"]


def test_an_impulse_is_a_message_without_arguments():
    """The type that methods without arguments have here, so hosts send it, over UDP as well."""
    [said] = read_packet(b"/panic\0\0,I\0\0")
    assert (said.address, said.arguments) == ("/panic", [])


@live
async def test_another_model_is_announced_and_its_knobs_are_there(serve):
    server = serve(names=["loudness", "pitch", "breath"], voices=1)
    server.engine.values["/latent/2"] = (0.5,)
    async with host(server) as session, session.ws_connect("/") as ws:
        await ws.send_json({"COMMAND": "LISTEN", "DATA": "/latent/2"})
        await ws.send_json({"COMMAND": "LISTEN", "DATA": "/gain_db"})
        assert {await hear(ws), await hear(ws)} == {("/latent/2", 0.5), ("/gain_db", -6.0)}
        server.namespace.use(["loudness", "brightness"])
        await asyncio.to_thread(server.query.namespace_changed)
        server.engine.values["/latent/2"] = (0.75,)
        server.engine.values["/gain_db"] = (0.0,)
        told: set[tuple] = set()
        while (said := await hear(ws)) != ("/gain_db", 0.0):
            told.add(said)
        assert {("PATH_REMOVED", "/latent/2"), ("PATH_REMOVED", "/voice/0/latent/2")} < told
        assert {("PATH_CHANGED", "/latent"), ("PATH_CHANGED", "/motion/lfo/1")} < told, "types and names"
        assert {said[0] for said in told} == {"PATH_REMOVED", "PATH_CHANGED"}, "a knob that is gone is heard no more"
        assert ("PATH_CHANGED", "/latent/1") not in told, "told with what it is in"
        assert await ask(session, "/latent/2") == 404
        assert (await ask(session, "/latent?TYPE")) == {"TYPE": "ff"}
        assert (await ask(session, "/latent/brightness?DESCRIPTION"))["DESCRIPTION"].startswith("brightness: ")
        server.namespace.use(["loudness", "brightness", "x"])
        await asyncio.to_thread(server.query.namespace_changed)
        assert await hear(ws) == ("PATH_ADDED", "/latent/2")


@live
async def test_a_host_that_does_not_read_holds_nobody_up(serve):
    """It misses what came while it did not read, all but the latest."""
    server = serve()
    replies: list[Reply] = []
    server.engine.refuse = lambda reply, why: replies.append(reply)
    async with host(server) as session, session.ws_connect("/") as slow, session.ws_connect("/") as ws:
        await slow.send_str("?")
        await ws.send_json({"COMMAND": "LISTEN", "DATA": "/gain_db"})
        assert await hear(ws) == ("/gain_db", -6.0)
        count = 20_000
        for number in range(count):
            replies[0]("/reply", number, "x" * 1000)
        server.engine.values["/gain_db"] = (1.0,)
        assert await hear(ws) == ("/gain_db", 1.0)
        heard = [await hear(slow)]
        while heard[-1][1] != count - 1:
            heard.append(await hear(slow))
        assert len(heard) < count


@live
async def test_malformed_requests_are_refused_and_nothing_stops(serve, caplog):
    server = serve()
    draw = random.Random(7)
    async with host(server) as session, session.ws_connect("/") as ws:
        for _ in range(150):
            start = draw.choice(
                [b"", b"GET ", b"GET /", b"GET /latent/0 HTTP/1.1\r\n", b"\x16\x03\x01", b"POST / HTTP/1.1\r\n"]
            )
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(start + draw.randbytes(draw.randrange(400)) + b"\r\n\r\n")
            writer.write_eof()
            with suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), DEADLINE_S)
            writer.close()
        for path in ["/" + "x" * 7000, "/" + "a/" * 3000, "/%00%ff%fe", "/latent/..%2f..%2fetc/passwd", "/latent//0"]:
            assert await ask(session, str(URL(path, encoded=True))) == 404  # type: ignore[arg-type]
        for path in ["/" + "x" * 100_000, "/?" + "&".join(["VALUE"] * 5000)]:
            assert await ask(session, str(URL(path, encoded=True))) == 400
        assert await ask(session, "/?%ff%00") == 400
        deep = "[" * 20_000
        for text in ["", "{", deep, "null", "3", '"LISTEN"', "[]", '{"DATA": 3}', draw.randbytes(50).hex()]:
            await ws.send_str(text)
            assert (await hear(ws))[0] == "/fail"
        for path in [None, 3, [], {}, "", "/nothing", "/voice", "\ud800", "\0", "x" * 10_000]:
            await ws.send_json({"COMMAND": "LISTEN", "DATA": path})
            await ws.send_json({"COMMAND": "IGNORE", "DATA": path})
            if path != "\ud800":  # no Unicode, so no answer can hold it
                assert (await hear(ws))[0] == "/fail"
        await ws.send_json({"COMMAND": "START_OSC_STREAMING", "DATA": {"LOCAL_SERVER_PORT": 1}})
        await ws.send_json({"COMMAND": []})
        for count in range(300):
            await ws.send_bytes(malformed(draw))
            assert (await hear(ws))[:2] == ("/fail", ""), count
        assert len(server.engine.refused) == 9 + 300, "each is counted"
        assert (await ask(session, "/gain_db"))["VALUE"] == [-6.0]
    assert server.engine.taken == []
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    "wrong", [b"\x81\xfe\xff\xff", b"\xff" * 40, b"\x82\x7f" + b"\xff" * 8, b"\x81\x82\0\0\0\0\xff\xfe"]
)
@live
async def test_broken_frames_end_one_websocket_only(serve, wrong, caplog):
    server = serve()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(wrong)
    writer.write_eof()
    await asyncio.wait_for(reader.read(), DEADLINE_S)
    writer.close()
    _, vanishing = await asyncio.open_connection("127.0.0.1", server.port)
    vanishing.write(HANDSHAKE)
    vanishing.transport.abort()
    async with host(server) as session, session.ws_connect("/", max_msg_size=0) as ws:
        await ws.send_bytes(b"/" * (1 << 17))
        assert (await ws.receive(DEADLINE_S)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert (await ask(session, "/gain_db"))["VALUE"] == [-6.0]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@live
async def test_a_fault_of_the_engine_is_logged_and_nothing_stops(serve, caplog):
    server = serve()
    async with host(server) as session, session.ws_connect("/") as ws:
        server.engine.values["/latent/0"] = (object(),)
        assert await ask(session, "/latent/0") == 500
        await ws.send_json({"COMMAND": "LISTEN", "DATA": "/latent/0"})
        assert (await ws.receive(DEADLINE_S)).data == 1011
        assert (await ask(session, "/gain_db"))["VALUE"] == [-6.0]
    assert [record.getMessage()[:20] for record in caplog.records] == ["oscquery: 127.0.0.1 ", "oscquery: oscquery 1"]


@live
async def test_what_is_no_websocket_is_told_so(serve):
    async with host(serve()) as session, session.get("/", headers={"Upgrade": "websocket"}) as answer:
        assert answer.status == 400


@live
async def test_many_hosts_are_served_and_one_too_many_is_told_so(serve):
    async with host(serve()) as session:
        hosts = [await session.ws_connect("/") for _ in range(32)]
        with pytest.raises(WSServerHandshakeError, match="503"):
            await session.ws_connect("/")
        await hosts[0].close()
        await hosts[1].send_json({"COMMAND": "LISTEN", "DATA": "/gain_db"})
        assert await hear(hosts[1]) == ("/gain_db", -6.0)
        async with session.ws_connect("/") as ws:
            await ws.send_json({"COMMAND": "LISTEN", "DATA": "/gain_db"})
            assert await hear(ws) == ("/gain_db", -6.0)
        await asyncio.gather(*(ws.close() for ws in hosts))


@live
async def test_web_pages_may_read_and_those_of_this_network_play(serve):
    server = serve()
    async with host(server) as session:
        async with session.get("/", headers={"Origin": "https://example.com"}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        for origin in ["http://localhost:8080", "http://127.0.0.1", "http://192.168.1.20:8080", "http://studio.local"]:
            async with session.ws_connect("/", headers={"Origin": origin}) as ws:
                await ws.send_bytes(message("/nothing"))
                assert (await hear(ws))[0] == "/fail"
        for origin in ["https://example.com", "http://8.8.8.8", "null", "http://localhost.example.com", "http://["]:
            with pytest.raises(WSServerHandshakeError):
                await session.ws_connect("/", headers={"Origin": origin})


@live
async def test_hosts_that_are_not_allowed_get_nothing(serve):
    server = serve(allowed=("192.0.2.7",))
    async with host(server) as session:
        assert await ask(session, "/") == 403
        with pytest.raises(WSServerHandshakeError):
            await session.ws_connect("/")
    assert server.engine.turned_away == ["127.0.0.1"] * 2, "each is counted"


@live
async def test_whoever_asked_for_notices_gets_them_over_the_websocket(tmp_path):
    """With the real desk: as long as the connection lasts, and to the last word."""
    with DeskRig(tmp_path) as rig:
        engine: Any = rig.engine
        parts: dict[str, Any] = dict(namespace=rig.desk.namespace, clocked=engine, desk=rig.desk, allowed=["127.0.0.1"])
        with OscQuery("127.0.0.1", 0, osc_port=rig.osc.port, name="x", **parts) as query:
            async with ClientSession(f"http://127.0.0.1:{query.port}") as session, session.ws_connect("/") as ws:
                async with session.ws_connect("/") as leaves:
                    await leaves.send_bytes(message("/notify", 1))
                    assert (await hear(leaves))[:2] == ("/done", "/notify")
                await ws.send_bytes(message("/notify", 1))
                assert (await hear(ws))[:2] == ("/done", "/notify")
                await ws.send_bytes(message("/status"))
                assert (await hear(ws))[0] == "/status.reply"
                await asyncio.to_thread(rig.leave_desk)
                assert await hear(ws) == ("/quitting",)


@live
async def test_leaving_says_goodbye_and_frees_the_port(serve, caplog):
    server = serve()
    engine: Any = server.engine
    replies: list[Reply] = []
    engine.refuse = lambda reply, why: (replies.append(reply), reply("/fail"))
    query = OscQuery(
        "127.0.0.1",
        0,
        osc_port=1,
        name="x",
        namespace=server.namespace,
        clocked=engine,
        desk=engine,
        allowed=["127.0.0.1"],
    )
    query.__enter__()
    place = f"http://127.0.0.1:{query.port}/"
    async with ClientSession() as session, session.ws_connect(place) as ws:
        slow = await session.ws_connect(place)
        for one in (slow, ws):
            await one.send_str("?")
            assert (await hear(one))[0] == "/fail"
        for _ in range(20_000):
            replies[0]("/flood", "x" * 1000)
        replies[1]("/done", "/quit")
        leaving = asyncio.create_task(asyncio.to_thread(query.__exit__))
        assert await hear(ws) == ("/done", "/quit"), "what is said last is heard"
        assert (await ws.receive(DEADLINE_S)).data == 1001
        await leaving
    replies[0]("/done", "too late")
    query.namespace_changed()
    assert not caplog.records
    with socket.create_server(("127.0.0.1", query.port)):
        pass


def test_a_port_that_cannot_be_opened_is_one_line(serve):
    server = serve()
    parts: dict[str, Any] = dict(osc_port=1, name="x", namespace=server.namespace, clocked=None, desk=None, allowed=())
    with pytest.raises(LatentoneError, match=rf"oscquery: 127.0.0.1:{server.port} is in use .* oscquery.port"):
        OscQuery("127.0.0.1", server.port, **parts).__enter__()
    with pytest.raises(LatentoneError, match=r"oscquery: nowhere.invalid:0 cannot be opened: .*; see osc.host"):
        OscQuery("nowhere.invalid", 0, **parts).__enter__()


def test_what_the_engine_says_fits_what_the_tree_promises():
    """Every value of the engine's own has the types that its address has, and can be sent."""
    namespace, mapping, levels = (
        Namespace(NAMES, 2),
        Mapping([0.0, 0.1, 0.2], gain_db=-6.0, temperature=0.5, glide_s=0.05, voices=2),
        Levels(-6.0, 2),
    )
    readable = set()
    for path, node in query_tree(namespace).items():
        told = node.describe(lambda address: levels.value_of(address) or mapping.value_of(address))
        if "VALUE" in told:
            readable.add(path)
            json.dumps(told)
            kinds = {"f": float, "i": int, "s": str}
            assert [type(value) for value in told["VALUE"]] == [kinds[tag] for tag in told["TYPE"]], path
    assert {"/latent", "/latent/0", "/latent/pitch", "/voice/1/latent/2", "/voice/1/gate"} < readable
    assert {"/gain_db", "/temperature", "/glide_s", "/glide_curve", "/envelope"} < readable
    assert readable.isdisjoint({"/panic", "/latent_add", "/glide_to", "/motion/stop", "/status"})
