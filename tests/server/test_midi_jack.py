"""MIDI for real: messages of another program, over a JACK server without hardware, through ports that come and go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mido
import pytest
import yaml
from latentone.server.controllers.midi import MidiController
from latentone.server.events import EventQueue
from latentone.server.midi.notes import NoteVoices
from latentone.server.midi.ports import RtMidiSystem
from midi_rig import binding, cc, maps, on
from test_midi import taken, until

pytestmark = pytest.mark.skipif(shutil.which("jackd") is None, reason="needs jackd (apt install jackd2)")

SENDER = """
import sys, mido
backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
port = backend.open_output("knobs", virtual=True, client_name=sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    port._rt.send_message(list(bytes.fromhex(line)))
port.close()
"""


@pytest.fixture(scope="module", autouse=True)
def jack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A JACK server of the test's own; programs that it starts find it by the environment."""
    name = f"latentone-midi-{os.getpid()}"
    with pytest.MonkeyPatch.context() as patch:
        for key, value in (("NO_AUDIO_RESERVATION", "1"), ("NO_START_SERVER", "1"), ("DEFAULT_SERVER", name)):
            patch.setenv(f"JACK_{key}", value)
        log = (tmp_path_factory.mktemp("jack") / "log").open("w")
        # The server ends when its input does: also with tests that were killed.
        with_us = 'jackd "$@" </dev/null & read -r _; kill $!; wait $!'
        command = ["sh", "-c", with_us, "sh", "-n", name, "-r", "-d", "dummy", "-r", "48000", "-p", "256"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        try:
            if not until(lambda: _is_up(name)):
                pytest.skip(f"jackd does not run here: {Path(log.name).read_text(errors='replace').strip()[-200:]}")
            yield
        finally:
            process.communicate(timeout=10)
            for file in Path("/dev/shm").glob(f"jack*{name}*"):
                file.unlink(missing_ok=True)


def _is_up(name: str) -> bool:
    said = subprocess.run(["jack_wait", "-c", "-s", name], capture_output=True, text=True).stdout.split("\n")
    return "running" in said


def _is_connected(port: str) -> bool:
    """JACK connects with the next period, after a port is open. What it is connected to is listed indented."""
    listed = subprocess.run(["jack_lsp", "-c", port], capture_output=True, text=True).stdout
    return "\n   " in listed


class Box:
    """A knob box: another program with a MIDI output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, *messages: mido.Message | bytes) -> None:
        assert self._process.stdin is not None
        for message in messages:
            data = message if isinstance(message, bytes) else bytes(message.bytes())
            print(data.hex(), file=self._process.stdin, flush=True)


@contextmanager
def box(name: str = "box") -> Iterator[Box]:
    command = [sys.executable, "-c", SENDER, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield Box(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


def connect(sender: Box, events: EventQueue) -> None:
    """Wait until what is sent arrives: JACK connects a moment after the port is open."""
    assert until(lambda: sender.send(cc(64)) or taken(events))
    sender.send(cc(1))
    assert until(lambda: ("/latent/0", (-1 + 1 / 64,)) in taken(events))


def controller(events: EventQueue, **options) -> MidiController:
    played = maps(binding(), binding("cc14 2", "z1"), voices=2)
    settings = {"events": events, "maps": played, "notes": NoteVoices(2), "system": lambda: RtMidiSystem("jack")}
    return MidiController(["box"], **(settings | options))


def heard(events: EventQueue, count: int) -> list[tuple[str, tuple]]:
    said: list[tuple[str, tuple]] = []
    assert until(lambda: said.extend(taken(events)) or len(said) >= count), f"only {said}"
    return said


def test_another_programs_knobs_and_notes_play():
    events = EventQueue()
    with box() as sender, controller(events) as midi:
        assert midi.describe() == "midi  box:knobs"
        connect(sender, events)
        sender.send(cc(127), cc(64, 2), cc(0, 34), on(60))
        assert heard(events, 3) == [("/latent/0", (1.0,)), ("/latent/1", (0.0,)), ("/voice/0/gate", (1.0,))]


def test_bytes_that_are_no_message_sysex_clock_and_sensing_pass_in_peace():
    events = EventQueue()
    with box() as sender, controller(events):
        connect(sender, events)
        sysex = bytes([0xF0, *[1] * 300, 0xF7])
        sender.send(b"\xe0", b"\x90\x40", b"\xb0", b"\xf4", sysex, b"\xfe", b"\xf8", b"\xf2\x01\x02", b"\x7f")
        sender.send(cc(127))
        assert heard(events, 1) == [("/latent/0", (1.0,))]


def test_a_box_that_goes_and_comes_back_plays_again_without_a_restart():
    events = EventQueue()
    with controller(events) as midi:
        assert midi.inputs() == []
        for voice in (0, 1, 0):
            with box() as sender:
                assert until(lambda: midi.inputs() == ["box:knobs"])
                connect(sender, events)
                sender.send(on(60), cc(127))
                assert heard(events, 2) == [(f"/voice/{voice}/gate", (1.0,)), ("/latent/0", (1.0,))]
            assert until(lambda: midi.inputs() == [])
            assert heard(events, 1) == [(f"/voice/{voice}/gate", (0.0,))], "the note that was held ends"


def test_another_program_finds_the_input_of_ones_own_and_plays_to_it():
    events = EventQueue()
    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    with controller(events, virtual=True):
        name = next(name for name in backend.get_output_names() if name == "Latentone:Latentone")
        with backend.open_output(name) as port:
            assert until(lambda: _is_connected(name))
            port.send(cc(0))
            assert heard(events, 1) == [("/latent/0", (-1.0,))]


def latentone_midi(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "latentone.server", "midi", "--seconds", "30", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "TERM": "dumb"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines_until(process: subprocess.Popen[str], part: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if part in line:
            return lines
    raise AssertionError(f"{part!r} was not said: {lines} {process.communicate()[1]}")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "my.yaml"
    file.write_text("# mine\nmidi: {backend: jack, inputs: [box]}  # the box\n", encoding="utf-8")
    return file


def test_the_monitor_says_in_plain_words_what_arrives_and_what_it_moves(settings):
    with box() as sender, latentone_midi("--config", str(settings)) as process:
        lines = lines_until(process, "move something; Ctrl-C ends")
        assert "input  box:knobs" in lines
        assert until(lambda: _is_connected("box:knobs"))
        sender.send(cc(64, 21), cc(1, 90), on(60, velocity=100))
        assert lines_until(process, "key 60")[-3:] == [
            "box:knobs: CC 21 (knob, fader or button) on channel 1 at 64 → /latent/1 pitch_2 = +0.00",
            "box:knobs: CC 90 (knob, fader or button) on channel 1 at 1 → nothing",
            "box:knobs: key 60 (C4) on channel 1 struck at 100 → /voice/0/gate = +0.79",
        ]
        process.terminate()
        assert process.wait(20) == 0


def test_a_control_is_learned_by_moving_it_and_kept(settings):
    with box() as sender, latentone_midi("--config", str(settings), "--learn", "z3") as process:
        lines_until(process, "move the control that is to move z3")
        assert until(lambda: _is_connected("box:knobs"))
        sender.send(cc(10, 77), cc(30, 77))
        said = lines_until(process, "written into")[-1]
        assert said == f"cc 77 channel 1 moves z3 from now on: written into {settings}"
        assert process.wait(20) == 0
    text = settings.read_text(encoding="utf-8")
    assert text.startswith("# mine\nmidi: {backend: jack, inputs: [box]}  # the box\n")
    assert yaml.safe_load(text)["mapping"]["midi"] == [{"source": "cc 77 channel 1", "target": "z3"}]


def test_where_there_is_no_input_it_says_what_to_do(settings):
    with latentone_midi("--config", str(settings), "--seconds", "0.1") as process:
        said = process.communicate(timeout=60)[0]
    assert "there is no MIDI input: connect a controller, or start a program that sends MIDI" in said


def test_where_there_is_no_midi_it_says_what_is_missing(settings):
    environment = os.environ | {"JACK_DEFAULT_SERVER": "no-such-server"}
    command = [sys.executable, "-m", "latentone.server", "midi", "--config", str(settings)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("latentone: the JACK server is not running")
