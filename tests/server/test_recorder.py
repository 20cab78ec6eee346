"""What was heard can be heard again: a recording's score renders to the very same samples."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
import yaml
from fakes import write_fake_model
from test_play import DEADLINE_S, Server, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    write_fake_model(folder / "other.onnx")
    settings = {"paths": {"models": [str(folder)], "recordings": str(folder)}, "presets": {"file": "presets.yaml"}}
    (folder / "my.yaml").write_text(yaml.safe_dump(settings))
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving("--config", folder / "my.yaml", "--sink", "null", "--voices", "2") as server:
        server.ask("/status")
        yield server


def told(server: Server, reply: str, address: str, *values: float | str) -> list:
    """Say it once, and return what the reply says."""
    server.send(address, *values)
    return server.hear(reply)


def play_for(server: Server, seconds: float) -> None:
    """Turn this and that while so much sound is made."""
    until_s = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until_s:
        number += 1
        server.send(f"/latent/{number % 4}", (number % 21 - 10) / 10)
        server.send("/voice/1/gate", number // 7 % 2)
        server.send("/voice/0/pan", (number % 11 - 5) / 5)
        server.send("/gain_db", -(number % 13))
        server.ask("/sync", number)


def rendered(score: Path) -> tuple[bytes, str]:
    again = score.with_name("again.wav")
    command = [sys.executable, "-m", "latentone.server", "render", str(score), "-o", str(again)]
    config = ["--config", str(score.with_name("my.yaml"))]
    done = subprocess.run([*command, *config], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    return again.read_bytes(), done.stdout


def test_a_session_renders_to_the_same_bytes_with_another_model_in_the_middle(folder: Path, server: Server) -> None:
    """Begun in mid-performance, with knobs on their way and a voice that fades: nothing of it may be lost."""
    server.send("/glide_s", 0.3)
    server.send("/motion/lfo/3", 2.0, 0.5)
    play_for(server, 0.4)
    assert told(server, "/done", "/record/start", "take") == ["/record/start", str(folder / "take.wav")]
    play_for(server, 0.5)
    assert told(server, "/done", "/model/load", "other") == ["/model/load", "other"]
    play_for(server, 0.5)
    assert told(server, "/done", "/model/load", "voice") == ["/model/load", "voice"]
    play_for(server, 0.3)
    stopped = told(server, "/record/stop.reply", "/record/stop")
    assert stopped[0] == str(folder / "take.wav")
    heard, _ = soundfile.read(folder / "take.wav")
    assert heard.shape[1] == 2
    assert len(heard) / 48000 == pytest.approx(stopped[1], abs=1e-3)
    assert stopped[1] > 1.5
    score = (folder / "take.score.yaml").read_text()
    assert score.count("/model/load") == 2
    again, _ = rendered(folder / "take.score.yaml")
    assert again == (folder / "take.wav").read_bytes()


def test_a_second_recording_of_a_name_does_not_overwrite_the_first(folder: Path, server: Server) -> None:
    for wanted in ("again-and.flac", "again-and-2.flac"):
        assert told(server, "/done", "/record/start", "again-and.flac")[1] == str(folder / wanted)
        assert told(server, "/record/stop.reply", "/record/stop")[0] == str(folder / wanted)
        assert soundfile.info(folder / wanted).channels == 2


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", "", "x" * 200])
def test_a_name_is_never_a_path(server: Server, name: str) -> None:
    assert told(server, "/fail", "/record/start", name)[0] == "/record/start"


def test_what_cannot_be_done_is_said(server: Server) -> None:
    assert "nothing is being recorded" in told(server, "/fail", "/record/stop")[1]
    told(server, "/done", "/record/start", "one")
    assert "is being recorded" in told(server, "/fail", "/record/start", "two")[1]
    told(server, "/record/stop.reply", "/record/stop")


@pytest.mark.skipif(sys.platform != "linux", reason="how large another process's files may be is asked of Linux")
def test_what_was_recorded_is_kept_when_the_disk_is_full(folder: Path, server: Server) -> None:
    """The end of a concert may be lost, but not the concert."""
    import resource

    told(server, "/done", "/notify", 1)
    told(server, "/done", "/record/start", "full")
    limits = (200_000, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)  # pyright: ignore[reportAttributeAccessIssue]
    file, why = server.hear("/record/stopped")
    assert file == str(folder / "full.wav")
    assert "cannot be written" in why
    assert soundfile.info(file).frames > 10_000
    assert not list(folder.glob(".*.part"))
    assert "nothing is being recorded" in told(server, "/fail", "/record/stop")[1]


def test_a_recording_is_whole_when_the_server_ends(folder: Path, server: Server) -> None:
    told(server, "/done", "/record/start", "ending")
    play_for(server, 0.2)
    server.ask("/quit")
    assert server.end()[0] == 0
    assert soundfile.info(folder / "ending.wav").frames > 48000 * 0.1
    assert "seconds:" in (folder / "ending.score.yaml").read_text()
