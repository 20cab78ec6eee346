"""MIDI, maps and OSC in the playing program: what a controller of JACK sends is learned, heard and kept."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest
import yaml
from fakes import write_fake_model
from latentone.server.addresses import StatusReply
from midi_rig import cc, off, on
from osc_peer import Client, message
from test_midi import until
from test_midi_jack import Box, box
from test_midi_jack import jack as jack  # a fixture

pytestmark = pytest.mark.skipif(shutil.which("jackd") is None, reason="needs jackd (apt install jackd2)")


class Playing:
    """A playing program, asked by OSC and by OSCQuery."""

    def __init__(self, settings: Path, osc: Client, query_port: int) -> None:
        self.settings, self.osc, self._query_port = settings, osc, query_port

    def value(self, address: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._query_port}{address}?VALUE", timeout=10) as answer:
            return json.load(answer)["VALUE"][0]

    def status(self, field: str) -> object:
        return StatusReply(*self.osc.ask("/status")[1:])._asdict()[field]


SETTINGS = """\
midi: {enabled: true, backend: jack, inputs: [box]}   # mine
osc: {port: 0}
oscquery: {port: 0, advertise: false}
audio: {sink: 'null'}
presets: {file: presets.yaml}
model: {voices: 2}
"""


@pytest.fixture
def sender() -> Iterator[Box]:
    with box() as sender:
        yield sender


@pytest.fixture
def playing(sender: Box, tmp_path: Path) -> Iterator[Playing]:
    settings = tmp_path / "my.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    model = write_fake_model(tmp_path / "fake.onnx")
    command = [
        sys.executable,
        "-m",
        "latentone.server",
        "play",
        str(model),
        "--config",
        str(settings),
        "--runtime",
        "onnx",
    ]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "TERM": "dumb"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("end"):
                break
        ports = [int(port) for port in re.findall(r"^(?:osc  .*udp|oscquery .*)[^\n]*?:(\d+)", said, re.MULTILINE)]
        assert len(ports) == 2, said
        with Client(ports[0]) as osc:
            playing = Playing(settings, osc, ports[1])
            # JACK connects a moment after the port is open.
            assert until(lambda: sender.send(cc(127, 21)) or playing.value("/latent/1") == 1.0)
            yield playing
            osc.send(message("/quit"))
        process.wait(30)


def test_a_controller_is_learned_played_and_kept_while_it_sounds(sender, playing):
    playing.osc.send(message("/map/learn", "z3", 0.0, 1.0))
    assert playing.osc.ask("/sync", 1) == ("/synced", 1)
    sender.send(cc(10, 77), cc(100, 77))
    assert playing.osc.hear() == ("/map/learned", "cc 77 channel 1", "z3")
    sender.send(cc(127, 77))
    assert until(lambda: playing.value("/latent/3") == 1.0)
    assert playing.osc.ask("/map/save") == ("/done", "/map/save")
    kept = playing.settings.read_text(encoding="utf-8")
    assert kept.startswith(SETTINGS)
    row = {"source": "cc 77 channel 1", "target": "z3", "range": [0.0, 1.0]}
    assert yaml.safe_load(kept)["mapping"]["midi"] == [row]


def test_an_osc_address_of_a_phone_moves_a_knob(sender, playing):
    assert playing.osc.ask("/map/add", "/1/fader1", "z2", -1.0, 1.0) == ("/done", "/map/add")
    playing.osc.send(message("/1/fader1", 0.75))
    assert until(lambda: playing.value("/latent/2") == 0.5)


def test_notes_sound_and_fall_silent(sender, playing):
    sender.send(on(60), on(64))
    assert until(lambda: playing.status("voices") == 2)
    sender.send(off(60), off(64))
    assert until(lambda: playing.status("voices") == 0)


def test_a_program_change_recalls_a_preset_and_the_clock_sets_the_tempo(sender, playing):
    for name, value in (("a", 0.25), ("b", 0.75)):
        playing.osc.send(message("/latent/0", value))
        assert playing.osc.ask("/preset/store", name) == ("/done", "/preset/store")
    sender.send(mido.Message("program_change", program=0))
    assert until(lambda: playing.value("/latent/0") == 0.25)
    began_s = time.monotonic()
    for tick in range(60):  # 125 beats a minute: 20 ms a tick
        while time.monotonic() < began_s + tick * 0.02:
            time.sleep(0.001)
        sender.send(mido.Message("clock"))
    assert until(lambda: playing.value("/tempo_bpm") == pytest.approx(125.0, abs=6.0))
