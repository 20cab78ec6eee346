"""OSCQuery in a network that wishes it ill, or is merely broken: nothing stops, and others are served on."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from latentone.server.controllers import Reply
from osc_peer import malformed, message
from oscquery_rig import DEADLINE_S, HANDSHAKE, ask, hear, host, live, serving
from yarl import URL


@pytest.fixture
def serve() -> Iterator[Callable[..., SimpleNamespace]]:
    yield from serving()


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
