"""`latentone devices` as a person runs it, with a sounddevice library that tells what the test wants."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOUND_CARDS = """
class PortAudioError(Exception):
    pass

def query_hostapis():
    return ({"name": "ALSA", "default_output_device": 3},)

def query_devices():
    row = {
        "hostapi": 0,
        "default_samplerate": 44100.0,
        "default_low_output_latency": 0.0058,
        "default_high_output_latency": 0.0348,
    }
    return [
        {**row, "index": 1, "name": "HDMI", "max_output_channels": 8},
        {**row, "index": 2, "name": "Microphone", "max_output_channels": 0},
        {**row, "index": 3, "name": "USB [green] Audio", "max_output_channels": 2},
    ]

def check_output_settings(device, channels, dtype, samplerate):
    if samplerate > 48000:
        raise PortAudioError
"""
NO_CARDS = """
def query_hostapis():
    return ()

def query_devices():
    return []
"""
NO_PORTAUDIO = "raise OSError('PortAudio library not found')"


def list_devices(folder: Path, sounddevice: str) -> subprocess.CompletedProcess[str]:
    (folder / "sounddevice.py").write_text(sounddevice)
    command = [sys.executable, "-m", "latentone.server", "devices"]
    found_first = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": found_first, "COLUMNS": "120"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_each_device_that_can_play_is_a_row_and_the_default_is_first(tmp_path: Path) -> None:
    done = list_devices(tmp_path, SOUND_CARDS)
    assert (done.returncode, done.stderr) == (0, "")
    _, first, second = (line.split() for line in done.stdout.splitlines())
    latency_and_rates = ["5.8", "to", "34.8", "ms", "44.1", "kHz,", "also", "48"]
    assert first == ["3", "USB", "[green]", "Audio", "ALSA", "default", "2", *latency_and_rates]
    assert second == ["1", "HDMI", "ALSA", "8", *latency_and_rates]


@pytest.mark.parametrize(
    ("sounddevice", "told"), [(NO_PORTAUDIO, "apt install libportaudio2"), (NO_CARDS, "no audio output device")]
)
def test_nothing_to_list_is_one_line_and_status_1(tmp_path: Path, sounddevice: str, told: str) -> None:
    done = list_devices(tmp_path, sounddevice)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert told in done.stderr
