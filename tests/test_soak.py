"""Ten seconds of the soak: the shipped model under a thousand messages a second, MIDI, model swaps and a busy interpreter."""

from __future__ import annotations

import ctypes.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).with_name("soak.py")


def test_it_plays_on_and_every_message_is_accounted_for() -> None:
    if shutil.which("jackd") is None or ctypes.util.find_library("portaudio") is None:
        pytest.skip("jackd or PortAudio is not installed: apt install jackd2 libportaudio2")
    pytest.importorskip("jack", reason="JACK-Client is not installed: pip install JACK-Client")
    command = [sys.executable, SOAK, "--seconds", "10", "--swap-s", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if "jackd does not run here" in done.stderr:
        pytest.skip("jackd does not run here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost in the socket 0" in done.stdout
