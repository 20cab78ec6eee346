"""OSCQuery, asked over real HTTP: a host finds every control, with its type, range and value."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from latentone.export.errors import LatentoneError
from latentone.server.addresses import Namespace
from latentone.server.addresses.query_tree import query_tree
from latentone.server.controllers.oscquery import OscQuery
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping
from oscquery_rig import NAMES, OSC_PORT, ask, host, live, serving
from yarl import URL


@pytest.fixture
def serve() -> Iterator[Callable[..., SimpleNamespace]]:
    yield from serving()


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


def test_what_the_engine_says_fits_what_the_tree_promises():
    """Every value of the engine's own has the types that its address has, and can be sent."""
    namespace, mapping, levels = (
        Namespace(NAMES, 2),
        Mapping([0.0, 0.1, 0.2], temperature=0.5, glide_s=0.05, voices=2),
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


def test_a_port_in_use_gives_a_free_one_and_one_that_cannot_be_opened_is_one_line(serve):
    """Hosts find the port by themselves, so that a second instrument starts beside the first."""
    server = serve()
    parts: dict[str, Any] = dict(osc_port=1, name="x", namespace=server.namespace, clocked=None, desk=None, allowed=())
    with OscQuery("127.0.0.1", server.port, **parts) as second:
        assert second.port not in (0, server.port)
    with pytest.raises(LatentoneError, match=r"oscquery: nowhere.invalid:0 cannot be opened: .*; see osc.host"):
        OscQuery("nowhere.invalid", 0, **parts).__enter__()
