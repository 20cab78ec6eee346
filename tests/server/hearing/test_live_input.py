"""`latentone play --input`: a recording, live, plays the knobs of a model through its own encoder, in the real server."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from streaming_decoder import Echo, RatedDecoder
from test_play import DEADLINE_S, Server, serving

RATE_HZ = 16000
LEVEL = 0.8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name, model in (("echo", Echo()), ("mute", RatedDecoder())):
        torch.jit.script(model.eval()).save(str(folder / f"{name}.ts"))
    signs = np.where(np.arange(RATE_HZ) % 8 < 4, 1.0, -1.0)
    soundfile.write(folder / "loud.wav", LEVEL * signs, RATE_HZ, subtype="FLOAT")
    (folder / "my.yaml").write_text(f"paths: {{models: ['{folder}']}}\nmapping: {{glide_s: 0.0}}\n")
    return folder


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[Server]:
    arguments = ("echo", "--config", folder / "my.yaml", "--input", folder / "loud.wav", "-o", tmp_path / "heard.wav")
    with serving(*arguments) as server:
        until(lambda: info(server)[5] > 80)  # more than a second, in which the level has settled
        yield server


def info(server: Server) -> list:
    return server.ask("/input/info").params


def until(true: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline_s, "it did not come"
        time.sleep(0.01)


def hold(server: Server) -> None:
    """Let it sound as it is for a third of a second and more: longer than all delays together."""
    assert server.ask("/sync", 1).address == "/synced"
    frames = info(server)[5]
    until(lambda: info(server)[5] > frames + 25)


def ended(server: Server, file: Path) -> np.ndarray:
    server.ask("/quit")
    status, _, err = server.end()
    assert (status, err) == (0, "")
    return soundfile.read(file)[0]


def test_a_recording_plays_the_knobs_and_the_performer_plays_along(server: Server, tmp_path: Path) -> None:
    """Each way to blend is held for a while; then all of them are found in what was heard, one after the other."""
    source, model, level_db, latency_ms, load, frames, starved, skipped = info(server)
    assert (source, model) == ("loud.wav, again and again", "echo")
    assert level_db == pytest.approx(20 * math.log10(LEVEL), abs=1.0)
    assert latency_ms == pytest.approx(1e3 * 256 / RATE_HZ, abs=1.0)
    assert load > 0
    assert frames > 80
    assert min(starved, skipped) >= 0
    goals = [0.5 * math.tanh(LEVEL)]
    ways: list[tuple[list[tuple[str, float | str]], float]] = [
        ([("/latent/0", 0.25), ("/input/scale", 0.5), ("/input/offset/0", 0.1)], 2 * (0.5 * LEVEL / 2 + 0.25 + 0.1)),
        ([("/input/mode/0", "replace")], 2 * (0.5 * LEVEL / 2 + 0.1)),
        ([("/input/mode/0", "off")], 2 * 0.25),
        ([("/panic", ""), ("/input/gain_db", -6.0)], LEVEL * 10 ** (-6 / 20)),
    ]
    for messages, latent in ways:
        for address, value in messages:
            server.send(address, *([value] if value != "" else []))
        hold(server)
        goals.append(0.5 * math.tanh(latent))
    assert server.ask("/model/attribute", "boost", 0.5).params == ["/model/attribute", "boost"]
    hold(server)
    goals.append(0.5 * goals[-1])
    audio = ended(server, tmp_path / "heard.wav")
    at = 0
    for goal in goals:
        there = np.flatnonzero(np.abs(audio[at:] - goal) < 1e-3)
        assert len(there) > 2000, f"{goal:.3f} is not heard for long"
        at += int(there[0])


def test_another_model_hears_by_its_own_encoder_and_one_that_cannot_plays_without(
    server: Server, tmp_path: Path
) -> None:
    server.send("/model/attributes")
    assert server.hear("/model/attributes.reply") == ["boost", "float", 1.0]
    refused = server.ask("/model/attribute", "bost", 0.5)
    assert refused.address == "/fail"
    assert "it has boost" in str(refused.params[1])
    for name, hears in (("mute", ""), ("echo", "echo")):
        assert server.ask("/model/load", name).address == "/done"
        until(lambda hears=hears: info(server)[1] == hears)
    until(lambda: info(server)[5] > 20)
    server.send("/quit")
    status, out, err = server.end()
    assert (status, err) == (0, "")
    assert "loud.wav, again and again: its knobs come 16 ms after the sound" in out
    assert "(block 8 + the model's frame 8 + " in out, "16 ms are made at once, of which a block is 8"
    assert "the input is not heard: " in out
    assert "has no encode method" in out
    audio, _ = soundfile.read(tmp_path / "heard.wav")
    assert np.isfinite(audio).all()


def test_a_model_that_cannot_hear_is_refused_in_one_line(folder: Path) -> None:
    arguments = ("mute", "--config", folder / "my.yaml", "--input", folder / "loud.wav", "--sink", "null")
    with serving(*arguments) as server:
        status, _, err = server.end()
    assert status == 1
    assert "has no encode method" in err
    assert len(err.strip().splitlines()) == 1
