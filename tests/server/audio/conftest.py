"""A JACK server of its own for each test that asks for one."""

from __future__ import annotations

import ctypes.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jack_server import JackServer


@pytest.fixture
def jack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    if shutil.which("jackd") is None or shutil.which("jack_wait") is None:
        pytest.skip("jackd is not installed: apt install jackd2")
    if ctypes.util.find_library("portaudio") is None:
        pytest.skip("PortAudio is not installed: apt install libportaudio2")
    server = JackServer(tmp_path / "jackd.log")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    try:
        server.start()
        yield server
    finally:
        server.stop()
