"""OSC over TCP: programs connect, each frames its packets in its way, and hears its replies down its own connection."""

import os
import random
import shutil
import socket
import struct
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from desk_rig import DeskRig, until
from latentone.export.errors import LatentoneError
from latentone.server.allowed import Allowed
from latentone.server.controllers.osc_tcp import OscTcpController
from latentone.server.framing import LONGEST, Framing, FramingError, LengthPrefixed, Slip, framing_of
from osc_peer import DEADLINE_S, bundle, message
from pythonosc.osc_message import OscMessage

PACKETS = [b"/a\0\0", b"\xc0\xdb\xdc\xdd", b"#bundle\0", b"\xdb\xdd\xdc" * 100, bytes(range(256)), b"x" * 5000]


@pytest.mark.parametrize("framing", [Slip, LengthPrefixed])
def test_packets_come_out_as_they_went_in_however_the_stream_is_cut(framing):
    source = random.Random(5)
    stream = b"".join(framing().frame(packet) for packet in PACKETS)
    for most in (1, 3, 100, len(stream)):
        receiver, heard, place = framing(), [], 0
        while place < len(stream):
            size = source.randrange(1, most + 1)
            heard += receiver.feed(stream[place : place + size])
            place += size
        assert heard == PACKETS


def test_the_first_byte_tells_the_framing():
    assert isinstance(framing_of(Slip().frame(b"/a\0\0")), Slip)
    assert isinstance(framing_of(b"/a\0\0\xc0"), Slip), "END at the end only, as the RFC has it"
    assert isinstance(framing_of(b"#bundle\0"), Slip)
    assert isinstance(framing_of(LengthPrefixed().frame(b"/a\0\0")), LengthPrefixed)


@pytest.mark.parametrize("endless", [b"\0\x0f\xff\xff", b"/" * (2 * LONGEST + 1)])
def test_a_packet_without_end_is_refused(endless):
    with pytest.raises(FramingError):
        framing_of(endless).feed(endless)


class Program:
    """One that is connected, with its own framing."""

    def __init__(self, port: int, framing: Framing) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.framing, self.heard = framing, []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def send(self, packet: bytes) -> None:
        self.socket.sendall(self.framing.frame(packet))

    def hear(self) -> tuple:
        while not self.heard:
            data = self.socket.recv(65536)
            if not data:
                return ()
            self.heard += self.framing.feed(data)
        reply = OscMessage(self.heard.pop(0))
        return (reply.address, *reply.params)

    def ask(self, address: str, *arguments: object) -> tuple:
        self.send(message(address, *arguments))
        return self.hear()


@pytest.mark.parametrize("framing", [Slip, LengthPrefixed])
def test_a_program_plays_and_is_answered(tmp_path, framing):
    with DeskRig(tmp_path) as live, Program(live.tcp.port, framing()) as program:
        program.send(bundle(1, message("/latent/0", 0.5), message("/latent/brightness", 0.25)))
        first, second = live.events(2)
        assert (first.address, second.address) == ("/latent/0", "/latent/1")
        assert first.source.startswith("osc tcp 127.0.0.1:")
        assert program.ask("/version")[0] == "/version.reply"
        assert program.ask("/nonsense", "x" * 3000)[:2] == ("/fail", "/nonsense")
        program.send(b"neither a message nor a bundle")
        assert program.hear()[:2] == ("/fail", "")
        assert program.ask("/status")[10] == 1
        assert len([program.ask("/help", "/panic"), program.hear()]) == 2


def test_programs_hear_their_own_replies_and_their_notices_until_they_hang_up(tmp_path):
    with DeskRig(tmp_path) as live, Program(live.tcp.port, Slip()) as one:
        with Program(live.tcp.port, LengthPrefixed()) as other:
            for number in range(50):
                one.send(message("/sync", number))
                other.send(message("/sync", 1000 + number))
            assert [one.hear() for _ in range(50)] == [("/synced", number) for number in range(50)]
            assert [other.hear() for _ in range(50)] == [("/synced", 1000 + number) for number in range(50)]
            assert one.ask("/notify", 1) == other.ask("/notify", 1) == ("/done", "/notify")
            live.desk.notify_all("/source/ended", "steps")
            assert one.hear() == other.hear() == ("/source/ended", "steps")
        until(lambda: len(live.desk._notices._listeners) == 1)
        live.leave_desk()
        assert one.hear() == ("/quitting",)


def test_replies_still_go_out_when_the_port_closes(tmp_path):
    live = DeskRig(tmp_path)
    with live:
        program = Program(live.tcp.port, Slip())
        assert program.ask("/notify", 1) == ("/done", "/notify")
    with program:
        assert program.hear() == ("/quitting",)
        assert program.hear() == (), "then the connection is closed"


def test_a_stream_that_makes_no_sense_is_hung_up_on_and_counted(tmp_path):
    with DeskRig(tmp_path) as live:
        with Program(live.tcp.port, LengthPrefixed()) as program:
            program.socket.sendall(struct.pack(">i", 2**24 - 1))
            assert program.hear()[:2] == ("/fail", "")
            assert program.hear() == ()
        assert live.client.ask("/status")[10] == 1


def test_random_streams_never_stop_it(tmp_path):
    source = random.Random(99)
    with DeskRig(tmp_path) as live:
        for _ in range(100):
            with Program(live.tcp.port, Slip()) as program:
                program.socket.sendall(source.randbytes(source.randrange(1, 3000)))
                program.socket.shutdown(socket.SHUT_WR)
                while program.socket.recv(65536):
                    pass  # refusals, until it hangs up
        with Program(live.tcp.port, Slip()) as program:
            assert program.ask("/version")[0] == "/version.reply"
        assert live.client.ask("/status")[10] > 0


def test_a_program_that_reads_nothing_is_hung_up_on_and_the_others_play_on(tmp_path, caplog):
    with DeskRig(tmp_path) as live, Program(live.tcp.port, Slip()) as deaf:
        deaf.socket.settimeout(0.1)
        asking = Slip().frame(message("/help")) * 50
        with suppress(TimeoutError, ConnectionError):
            while True:
                deaf.socket.sendall(asking)
        until(lambda: "reads none of its replies" in caplog.text)
        with Program(live.tcp.port, Slip()) as program:
            assert program.ask("/version")[0] == "/version.reply"


def test_who_is_not_allowed_is_told_and_hung_up_on(tmp_path):
    with DeskRig(tmp_path, allowed=Allowed(["192.168.7.9"])) as live, Program(live.tcp.port, Slip()) as program:
        assert "is not allowed to send here" in program.hear()[2]
        assert program.hear() == ()


def test_a_busy_port_is_one_line_that_says_what_to_do(tmp_path):
    with (
        DeskRig(tmp_path) as live,
        pytest.raises(LatentoneError, match=rf"^osc: tcp 127.0.0.1:{live.tcp.port} is in use by another program"),
        OscTcpController("127.0.0.1", live.tcp.port, live.desk),
    ):
        pass


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="liblo's oscsend is not installed (Debian: liblo-tools)")
def test_liblo_plays_it_by_tcp(tmp_path):
    with DeskRig(tmp_path) as live:
        url = f"osc.tcp://127.0.0.1:{live.tcp.port}/"
        subprocess.run(["oscsend", url, "/latent/0", "f", "0.75"], check=True, timeout=DEADLINE_S)
        assert live.events(1)[0].values == (0.75,)


SCLANG = """
(
var server = NetAddr("127.0.0.1", %d);
OSCFunc({ |reply| "HEARD % ".postf(reply); 0.exit }, '/synced');
server.tryConnectTCP({
    server.sendBundle(0.2, ["/latent/0", 0.5], ["/latent/1", 0.25]);
    server.sendMsg("/sync", 5);
}, { 1.exit });
)
"""


@pytest.mark.skipif(shutil.which("sclang") is None, reason="SuperCollider's sclang is not installed")
def test_sclang_plays_it_by_tcp(tmp_path: Path):
    with DeskRig(tmp_path, block_s=0.002) as live:
        script = tmp_path / "play.scd"
        script.write_text(SCLANG.replace("%d", str(live.tcp.port)))
        headless = {
            "QT_QPA_PLATFORM": "offscreen",
            "QTWEBENGINE_DISABLE_SANDBOX": "1",
            **{f"XDG_{name}": str(tmp_path) for name in ("CONFIG_HOME", "DATA_HOME", "RUNTIME_DIR")},
        }
        done = subprocess.run(
            ["sclang", str(script)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=6 * DEADLINE_S,
            env={**os.environ, **headless},
        )
        assert "HEARD [ /synced, 5 ]" in done.stdout
        first, second = live.engine.taken
        assert (first.values, second.values) == ((0.5,), (0.25,))
        assert first.at_sample == second.at_sample is not None
