"""Zeroconf, seen by a real browser on this machine: what is advertised is found, and gone when the server is."""

import logging
import queue
import socket
import struct
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from latentone.server.controllers.advertise import Advertisement
from zeroconf import ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

DEADLINE_S = 15.0
KINDS = ("_osc._udp", "_osc._tcp", "_oscjson._tcp")
LOOPBACK = "127.0.0.1"


def loopback_has_multicast() -> bool:
    group = socket.inet_aton("224.0.0.251") + socket.inet_aton(LOOPBACK)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        try:
            ears.bind(("", 0))
            ears.settimeout(1.0)
            ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("8s", group))
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
            mouth.sendto(b"?", ("224.0.0.251", ears.getsockname()[1]))
            return ears.recv(1) == b"?"
        except OSError:
            return False


needs_multicast = pytest.mark.skipif(
    not loopback_has_multicast(), reason="the loopback interface has no multicast here"
)


class Host(ServiceListener):
    """A program that browses for servers, and notes which come and go."""

    def __init__(self) -> None:
        self.zeroconf = Zeroconf(interfaces=[LOOPBACK])
        self.news: queue.Queue[tuple[str, str]] = queue.Queue()
        self.browser = ServiceBrowser(self.zeroconf, [f"{kind}.local." for kind in KINDS], self)

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.news.put(("found", name))

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.news.put(("gone", name))

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        pass

    def wait(self, what: str, start: str, count: int) -> set[str]:
        """The next `count` services found or gone whose names start so; those of others are passed over."""
        names: set[str] = set()
        deadline = time.monotonic() + DEADLINE_S
        while len(names) < count:
            news, name = self.news.get(timeout=max(0.01, deadline - time.monotonic()))
            if news == what and name.startswith(start):
                names.add(name)
        return names

    def look_up(self, name: str) -> ServiceInfo:
        info = self.zeroconf.get_service_info(name.split(".", 1)[1], name)
        assert info is not None
        return info


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.zeroconf.close()


@needs_multicast
def test_a_host_finds_every_port_and_loses_it_when_the_server_ends(host):
    name = f"Latentone {uuid4()}"
    with Advertisement(LOOPBACK, name, osc_port=9001, osc_tcp_port=9003, oscquery_port=9002):
        names = host.wait("found", name, 3)
        assert names == {f"{name}.{kind}.local." for kind in KINDS}
        found = {kind: host.look_up(f"{name}.{kind}.local.") for kind in KINDS}
        assert {kind: info.port for kind, info in found.items()} == dict(zip(KINDS, (9001, 9003, 9002), strict=True))
        assert {tuple(info.parsed_addresses()) for info in found.values()} == {(LOOPBACK,)}
        assert found["_osc._udp"].decoded_properties == {"txtvers": "1", "version": "1.1", "types": "ifsbhdtrmTFNI"}
        assert found["_osc._tcp"].decoded_properties["framing"] == "slip"
        assert found["_oscjson._tcp"].decoded_properties == {"txtvers": "1"}
    assert host.wait("gone", name, 3) == names


@needs_multicast
def test_two_servers_of_one_name_are_told_apart(host):
    name = f"Latentone {uuid4()}"
    with Advertisement(LOOPBACK, name, osc_port=9001):
        [first] = host.wait("found", name, 1)
        with Advertisement(LOOPBACK, name, osc_port=9011):
            [second] = host.wait("found", name, 1)
            assert (host.look_up(first).port, host.look_up(second).port) == (9001, 9011)


@needs_multicast
def test_leaving_before_it_is_announced_is_no_trouble(caplog):
    with Advertisement(LOOPBACK, f"Latentone {uuid4()}", osc_port=9001) as advertisement:
        assert "_osc._udp" in advertisement.describe()
    assert not caplog.records


@pytest.mark.parametrize(
    ("host", "name"),
    [("nowhere.invalid", "x"), ("203.0.113.1", "x"), (LOOPBACK, "x" * 100)],
    ids=["no such host", "no such interface", "a name that cannot be sent"],
)
def test_what_goes_wrong_is_one_warning(host, name, caplog):
    with Advertisement(host, name, osc_port=9001) as advertisement:
        advertisement._thread.join(DEADLINE_S)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("zeroconf: hosts will not find this server by themselves: ")
    assert "\n" not in record.getMessage()


def test_without_a_network_it_plays_on(caplog, monkeypatch):
    def unreachable(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("latentone.server.controllers.advertise.AsyncZeroconf", unreachable)
    with Advertisement("0.0.0.0", "x", osc_port=9001) as advertisement:
        advertisement._thread.join(DEADLINE_S)
    [record] = caplog.records
    assert record.getMessage().endswith(": Network is unreachable")
