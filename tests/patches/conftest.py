"""What the tests of several hosts' patches share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import write_fake_model
from table_server import TableServer


@pytest.fixture(scope="session")
def fake_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that loads at once: each sample is half of knob 0, plus noise as strong as the temperature."""
    return write_fake_model(tmp_path_factory.mktemp("model") / "fake.onnx")


@pytest.fixture
def table_server() -> Iterator[TableServer]:
    with TableServer() as server:
        yield server
