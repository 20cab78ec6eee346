"""`latentone play` as a person runs it: a process, a real socket, a real signal."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from command_line import in_this_process
from fakes import FakeDecoder, write_fake_model
from latentone.export.errors import LatentoneError
from latentone.export.runtime.choose import Choice
from latentone.server import output as output_module
from latentone.server import play as play_module
from latentone.server import priority
from latentone.server.audio.device import AudioUnavailable
from latentone.server.audio.null import NullSink
from latentone.server.config import load_config
from latentone.server.engine import Status
from latentone.server.play import play_with
from latentone.server.screen import Latency, Screen, in_lumps, troubles
from osc_peer import bundle, message
from osc_program import free_udp_port
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from rich.console import Console

DEADLINE_S = 60.0
QUIET = {"PYTHONUNBUFFERED": "1", "TERM": "dumb"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_model(tmp_path_factory.mktemp("model") / "fake.onnx")


class Server:
    """A playing process, and a socket to talk to it."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self._address = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.2)

    def send(self, address: str, *values: float | str) -> None:
        message = OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        self._socket.sendto(message.build().dgram, self._address)

    def send_packet(self, packet: bytes) -> None:
        self._socket.sendto(packet, self._address)

    def ask(self, address: str, *values: float | str) -> OscMessage:
        """Send until it is answered: while the server starts, nobody listens. What answers something else is passed over."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.communicate()
            self.send(address, *values)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while not _answers(message := OscMessage(self._socket.recv(65535)), address):
                    pass
                return message
        raise AssertionError(f"no answer to {address}")

    def hear_any(self) -> OscMessage:
        """The next message."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                return OscMessage(self._socket.recv(65535))
        raise AssertionError("nothing was heard")

    def hear(self, address: str) -> list:
        """What the next message of this address says; others that come before it are passed over."""
        while (message := self.hear_any()).address != address:
            pass
        return message.params

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, out, err


def _answers(message: OscMessage, address: str) -> bool:
    if message.address in ("/done", "/fail"):
        return message.params[:1] == [address]
    return message.address == {"/sync": "/synced"}.get(address, f"{address}.reply")


def chosen(decoder: FakeDecoder, times_real_time: float = 9.0) -> Callable[..., Choice]:
    """What stands in for loading a model and measuring it."""
    return lambda config, console: Choice(decoder, times_real_time)


@contextmanager
def serving(*arguments: object) -> Iterator[Server]:
    port = free_udp_port()
    command = [sys.executable, "-m", "latentone.server", "play", *map(str, arguments), "--osc-port", str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **QUIET}
    )
    try:
        yield Server(process, port)
    finally:
        process.kill()
        process.wait()


def test_plays_answers_and_ends_on_quit(model: Path) -> None:
    with serving(model, "--sink", "null") as server:
        assert server.ask("/status").params[:2] == ["fake", 4]
        assert server.ask("/nonsense").address == "/fail"
        server.send("/latent/0", 0.8)
        assert server.ask("/quit").params == ["/quit"]
        status, out, err = server.end()
    assert (status, err) == (0, "")
    for promised in ("model", "runtime", "output", "latency", "oscsend localhost", "underruns"):
        assert promised in out


def test_it_listens_to_the_network_when_told_and_to_tcp_on_the_same_port(model: Path) -> None:
    with serving(model, "--sink", "null", "--listen") as server:
        server.ask("/status")
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
            asking = message("/version")
            connection.sendall(len(asking).to_bytes(4, "big") + asking)
            assert connection.recv(65536)[4:].startswith(b"/version.reply")
        server.ask("/quit")
        status, out, err = server.end()
    assert (status, err) == (0, "")
    assert f"udp 0.0.0.0:{server.port}" in out
    assert f"tcp 0.0.0.0:{server.port}" in out


def test_who_listens_to_notices_hears_that_it_ends(model: Path) -> None:
    with serving(model, "--sink", "null") as server:
        assert server.ask("/notify", 1).address == "/done"
        server.process.send_signal(signal.SIGTERM)
        server.hear("/quitting")
        assert server.end()[0] == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0(model: Path, how: signal.Signals) -> None:
    with serving(model, "--sink", "null") as server:
        server.ask("/status")
        server.process.send_signal(how)
        status, out, err = server.end()
    assert (status, err) == (0, "")
    assert "played" in out


def test_a_knob_turned_by_osc_is_heard_in_the_file(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "heard.wav"
    with serving(model, "-o", output) as server:
        server.ask("/sync", 1)
        server.send("/temperature", 0.0)
        server.send("/glide_s", 0.0)
        server.send("/latent/0", 0.8)
        time.sleep(0.3)  # what is heard in that time is what is looked at
        server.process.send_signal(signal.SIGTERM)
        status, _, err = server.end()
    assert (status, err) == (0, "")
    audio, _ = soundfile.read(output)
    assert np.median(audio[-1600:-400]) == pytest.approx(0.4, abs=1e-4)


def test_ends_by_itself_after_seconds(model: Path) -> None:
    with serving(model, "--sink", "null", "--seconds", "0.5") as server:
        status, out, err = server.end()
    assert (status, err) == (0, "")
    assert "played 0.5 s" in out


def test_never_loads_torch(model: Path) -> None:
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('torch' in sys.modules))\n"
        f"sys.argv = ['latentone', 'play', {str(model)!r}, '--sink', 'null', '--seconds', '0.1', '--osc-port', '0']\n"
        "from latentone.server.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=DEADLINE_S, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_a_busy_port_is_one_line(model: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        arguments = ["play", str(model), "--sink", "null", "--osc-port", str(port)]
        done = subprocess.run(
            [sys.executable, "-m", "latentone.server", *arguments], capture_output=True, text=True, timeout=DEADLINE_S
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(port) in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["no-such-model"], "no-such-model"),
        (["--config", "no-such.yaml"], "no-such.yaml"),
        (["--latency-ms", "0.1"], "latency_ms"),
        (["--sink", "trumpet"], "trumpet"),
        (["digits"], "--data-model digits"),
    ],
)
def test_bad_input_is_one_line_and_status_1(
    arguments: list[str], expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """As the busy port, which is met by a process of its own."""
    done = in_this_process(capfd, "play", *arguments)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert expected in done.stderr


def test_without_a_sound_card_it_says_so_and_plays_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoDevice:
        def __init__(self, *arguments: object) -> None:
            pass

        def __enter__(self) -> None:
            raise AudioUnavailable("PortAudio is not installed: apt install libportaudio2")

        def __exit__(self, *exc: object) -> None:
            pass

    monkeypatch.setattr(output_module, "DeviceSink", NoDevice)
    monkeypatch.setattr(play_module, "choose_decoder", chosen(FakeDecoder()))
    heard = io.StringIO()
    play_with(load_config(None, {"osc.port": 0}), 0.2, Console(file=heard, width=100))
    said = heard.getvalue()
    assert "apt install libportaudio2" in said
    assert "null" in said
    assert "played 0.2 s" in said


def test_a_mono_device_plays_with_the_settings_as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    class MonoDevice(NullSink):
        """As the device sink does: a number of channels is a demand, none takes what is there."""

        def __init__(
            self, device: object, rate_hz: int | None, channels: int | None, latency_s: float, *narrowed: object
        ) -> None:
            if channels not in (None, 1):
                raise LatentoneError(f"audio device speaker has 1 channels, not {channels}")
            super().__init__(rate_hz or 48000, 1, latency_s)

    monkeypatch.setattr(output_module, "DeviceSink", MonoDevice)
    monkeypatch.setattr(play_module, "choose_decoder", chosen(FakeDecoder()))
    heard = io.StringIO()
    play_with(load_config(None, {"osc.port": 0}), 0.2, Console(file=heard, width=100))
    assert "played 0.2 s" in heard.getvalue()
    with pytest.raises(LatentoneError, match="not 2"):
        play_with(load_config(None, {"osc.port": 0, "audio.channels": 2}), 0.2, Console(file=heard, width=100))


@pytest.mark.parametrize(("asked", "written"), [(None, 1), (2, 2)])
def test_a_file_has_the_models_channels_unless_a_number_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: int | None, written: int
) -> None:
    monkeypatch.setattr(play_module, "choose_decoder", chosen(FakeDecoder()))
    output = tmp_path / "heard.wav"
    settings = {"audio.sink": "file", "audio.file": output, "audio.channels": asked, "osc.port": 0}
    play_with(load_config(None, settings), 0.2, Console(file=io.StringIO(), width=100))
    assert soundfile.info(output).channels == written


def test_several_voices_play_are_counted_and_go_out_in_stereo(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "heard.wav"
    with serving(model, "--voices", "3", "-o", output) as server:
        deadline = time.monotonic() + DEADLINE_S
        for sounding in (1, 3):
            while server.ask("/status").params[10] != sounding:
                assert time.monotonic() < deadline, "the voices that sound are not counted"
            server.send("/voice/[12]/gate", 1)
        server.ask("/quit")
        status, out, err = server.end()
    assert (status, err) == (0, "")
    assert "/voice/1/gate" in out
    assert soundfile.info(output).channels == 2


def test_several_voices_play_on_a_mono_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play_module, "choose_decoder", chosen(FakeDecoder()))
    heard = io.StringIO()
    settings = {"audio.sink": "null", "audio.channels": 1, "model.voices": 2, "osc.port": 0}
    play_with(load_config(None, settings), 0.2, Console(file=heard, width=100))
    assert "played 0.2 s" in heard.getvalue()


@pytest.mark.parametrize("refused", ["", "the engine plays at normal priority: no"])
def test_real_time_that_is_not_granted_is_one_line_and_no_error(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    asked_by: list[str] = []

    def ask() -> str:
        asked_by.append(threading.current_thread().name)
        return refused

    monkeypatch.setattr(priority, "ask", ask)
    monkeypatch.setattr(play_module, "choose_decoder", chosen(FakeDecoder()))
    heard = io.StringIO()
    play_with(load_config(None, {"audio.sink": "null", "osc.port": 0}), 0.2, Console(file=heard, width=100))
    assert asked_by == ["engine"]
    assert heard.getvalue().count("priority") == bool(refused)
    assert "played 0.2 s" in heard.getvalue()


def test_a_decoder_that_cannot_keep_up_leaves_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It never rests, so it would take a processor from everything else on the machine."""

    class Slow(FakeDecoder):
        def sound(self, knob: np.ndarray, noise: np.ndarray, temperature: np.ndarray) -> np.ndarray:
            time.sleep(0.03)
            return super().sound(knob, noise, temperature)

    given_up: list[str] = []
    monkeypatch.setattr(priority, "ask", lambda: "")
    monkeypatch.setattr(priority, "give_up", lambda thread: given_up.append(thread.name))
    monkeypatch.setattr(play_module, "SETTLED_S", 0.1)
    monkeypatch.setattr(play_module, "choose_decoder", chosen(Slow()))
    heard = io.StringIO()
    play_with(load_config(None, {"audio.sink": "null", "osc.port": 0}), 0.6, Console(file=heard, width=100))
    assert given_up == ["engine"]
    assert "so there are gaps" in heard.getvalue()


def test_it_says_beforehand_that_the_machine_is_too_slow_and_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play_module, "choose_decoder", chosen(FakeDecoder(), times_real_time=0.5))
    heard = io.StringIO()
    settings = {"audio.sink": "null", "osc.port": 0, "model.voices": 2, "runtime.name": "onnx"}
    play_with(load_config(None, settings), 0.2, Console(file=heard, width=100))
    before, _, after = heard.getvalue().partition("fake (numpy)")
    for said in ("0.50 s of sound a second with all 2 voices", "fewer --voices", "smaller model", "--runtime auto"):
        assert said in before
    assert "played 0.2 s" in after


def test_a_preset_is_stored_after_the_knobs_of_its_own_bundle(model: Path, tmp_path: Path) -> None:
    """What a performer stores is what was just set, although the engine looks once in so long a block."""
    (tmp_path / "my.yaml").write_text("presets: {file: p.yaml}\naudio: {block_samples: 4096}\n")
    with serving(model, "--sink", "null", "--config", tmp_path / "my.yaml") as server:
        server.ask("/status")
        server.send_packet(bundle(1, message("/latent/0", 0.75), message("/preset/store", "a")))
        assert server.hear("/done") == ["/preset/store"]
        server.ask("/quit")
    stored = yaml.safe_load((tmp_path / "p.yaml").read_text())["a"]
    assert stored == {"model": "fake", "knobs": {"z0": 0.75, "z1": 0.0, "z2": 0.0, "z3": 0.0}}


def test_a_broken_decoder_is_reported_and_playing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play_module, "choose_decoder", chosen(FakeDecoder(broken_calls=(3,))))
    heard = io.StringIO()
    play_with(load_config(None, {"audio.sink": "null", "osc.port": 0}), 0.6, Console(file=heard, width=100))
    assert heard.getvalue().count("told to break") == 1
    assert "played 0.6 s" in heard.getvalue()


def status(**changes: object) -> Status:
    fine = {
        "seconds": 5.0, "load": 0.4, "load_peak": 0.8, "peak": 0.5, "underruns": 0, "events_late": 0,
        "events_dropped": 0, "faults": 0, "first_fault": "", "idle": False, "voices": 1,
    }  # fmt: skip
    return Status(**{**fine, **changes})  # type: ignore[arg-type]


def test_troubles_come_with_a_figure_and_a_remedy() -> None:
    assert list(troubles(status(), 60, settled=True)) == []
    [(kind, slow)] = troubles(status(load=1.6, underruns=9), 60, settled=True)
    assert kind == "slow"
    assert "0.62 s of sound a second" in slow
    assert "smaller model" in slow
    [(_, dry)] = troubles(status(underruns=1), 60, settled=True)
    assert "--latency-ms 60" in dry
    [(_, loud)] = troubles(status(peak=2.0), 60, settled=True)
    assert "6.0 dB" in loud
    assert list(troubles(status(load=1.6), 60, settled=False)) == [], "the first blocks say nothing about the load"


def test_the_screen_counts_the_voices_when_there_are_several() -> None:
    for voices, said in ((1, False), (4, True)):
        terminal = io.StringIO()
        screen = Screen(Console(file=terminal, force_terminal=True, width=200), [], voices)
        with screen:
            screen.update(status(voices=3))
        assert ("voices 3 of 4" in terminal.getvalue()) == said


def test_a_model_that_makes_more_at_once_than_is_kept_ready_is_warned_of() -> None:
    """Else it would be heard as a gap at every frame, on a machine that is fast enough."""
    assert in_lumps(0.046, 1.5, latency_ms=20.0) == (
        "the model makes 46 ms of sound at a time, which takes 31 ms here: try --latency-ms 61, or there will be gaps"
    )
    assert in_lumps(0.046, 4.0, latency_ms=20.0) == ""
    assert in_lumps(0.004, 1.5, latency_ms=20.0) == ""


def test_latency_is_told_part_by_part() -> None:
    told = str(Latency(0.003, 0.02, 0.0, 0.004, frame_s=0.043))
    assert told == "70 ms at most (block 3 + the model's frame 43 + output 20 + model 4)"
    assert str(Latency(0.02, 0.06, 0.0, 0.005)) == "85 ms at most (block 20 + output 60 + model 5)"
