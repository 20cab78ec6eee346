"""What the tests of several hosts' patches share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import write_fake_model
from jack_server import JackServer
from table_server import TableServer


@pytest.fixture(scope="session")
def fake_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that loads at once: each sample is half of knob 0, plus noise as strong as the temperature."""
    return write_fake_model(tmp_path_factory.mktemp("model") / "fake.onnx")


@pytest.fixture
def table_server() -> Iterator[TableServer]:
    with TableServer() as server:
        yield server


@pytest.fixture
def jack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    """A JACK server without a sound card, for the programs that a test starts."""
    if shutil.which("jackd") is None or shutil.which("jack_wait") is None:
        pytest.skip("jackd is not installed: apt install jackd2")
    server = JackServer(tmp_path / "jackd.log")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    try:
        server.start()
        yield server
    finally:
        server.stop()
