"""OSCQuery over real WebSockets: a host moves controls, hears them move, and learns of another model."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from desk_rig import DeskRig, until
from latentone.server.addresses import Namespace
from latentone.server.controllers import Reply
from latentone.server.controllers.oscquery import OscQuery
from latentone.server.packets import read_packet
from osc_peer import bundle, message, time_tag
from oscquery_rig import DEADLINE_S, ask, hear, host, live, serving


@pytest.fixture
def serve() -> Iterator[Callable[..., SimpleNamespace]]:
    yield from serving()


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
    await asyncio.to_thread(until, lambda: len(server.engine.forgotten) == 2)


def test_an_impulse_is_a_message_without_arguments():
    """The type that methods without arguments have here, so hosts send it, over UDP as well."""
    [said] = read_packet(b"/panic\0\0,I\0\0")
    [command] = Namespace(["loudness"]).parse(said.address, said.arguments)
    assert (command.address, command.values) == ("/panic", ())


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
        while (said := await hear(ws)) != ("PATH_ADDED", "/latent/2"):
            assert said[0] == "PATH_ADDED"


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
