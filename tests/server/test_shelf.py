"""Another model is loaded while one plays: the sound never stops, and stays as it was if anything is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
import yaml
from fakes import write_fake_model
from latentone.export.runtime.load import SHIPPED_MODELS
from test_play import Server, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good model, and what people put into such a folder by mistake."""
    folder = tmp_path_factory.mktemp("models")
    whole = write_fake_model(folder / "good.onnx").read_bytes()
    (folder / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.onnx").write_bytes(b"")
    (folder / "noise.onnx").write_bytes(bytes(range(256)) * 40)
    shutil.copy(SHIPPED_MODELS / "voice.encoder.onnx", folder / "listener.onnx")
    (folder / "my.yaml").write_text(yaml.safe_dump({"paths": {"models": [str(folder)]}, "audio": {"gain_db": -6.0}}))
    return folder


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[Server]:
    with serving("good", "--config", folder / "my.yaml", "-o", tmp_path / "heard.wav") as server:
        server.ask("/status")
        server.send("/glide_s", 0.0)
        server.send("/latent/0", 0.8)
        yield server


def load(server: Server, name: str) -> tuple[str, list]:
    server.send("/model/load", name)
    while (message := server.hear_any()).address not in ("/done", "/fail"):
        pass
    return message.address, message.params


@pytest.mark.parametrize(
    "name", ["cut", "empty", "noise", "listener", "nowhere", "../good", "/etc/passwd", "good.onnx"]
)
def test_what_is_no_model_is_refused_with_the_reason_and_all_plays_on(
    server: Server, tmp_path: Path, name: str
) -> None:
    address, said = load(server, name)
    assert (address, said[0]) == ("/fail", "/model/load")
    assert len(str(said[1]).splitlines()) == 1
    assert server.ask("/status").params[0] == "fake"
    for number in range(20):  # some blocks more
        server.ask("/sync", number)
    server.send("/quit")
    assert server.end()[0] == 0
    audio, _ = soundfile.read(tmp_path / "heard.wav")
    assert audio[-100] == pytest.approx(0.4 * 10 ** (-6 / 20), abs=1e-3), "the knob is where it was"


def test_models_take_turns_and_the_knobs_have_their_names(server: Server, tmp_path: Path) -> None:
    server.send("/notify", 1)
    server.hear("/done")
    for name, knob, frames in [("voice", "/latent/pitch", 32), ("good", "/latent/z3", 4)]:
        assert load(server, name) == ("/done", ["/model/load", name])
        assert server.hear("/model/changed") == [name]
        server.send("/model/info")
        assert server.hear("/model/info.reply")[2] == frames
        server.send(knob, 0.1)
        assert server.ask("/sync", 7).address == "/synced"
    server.send("/latent/pitch", 0.1)
    assert "unknown address" in server.hear("/fail")[1], "the other model's knobs are gone"
    server.send("/quit")
    assert server.end()[0] == 0
    audio, _ = soundfile.read(tmp_path / "heard.wav")
    assert abs(audio).max() < 1.0
