"""A JACK server of its own for each test that asks for one; and nothing of it is left."""

from __future__ import annotations

import ctypes.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jack_server import JackServer, wait_for


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


@pytest.fixture
def no_shared_memory_is_left() -> Iterator[None]:
    """What tests beside this one share meanwhile goes, too, when they end."""
    before = set(Path("/dev/shm").glob("psm_*"))
    yield
    made = set(Path("/dev/shm").glob("psm_*")) - before
    assert wait_for(lambda: not any(memory.exists() for memory in made), deadline_s=60), made
