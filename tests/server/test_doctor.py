"""`latentone doctor` as a person runs it: it says what works and what to change, whatever is broken."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes import write_fake_model
from latentone.export.errors import LatentoneError
from latentone.server.config import load_config
from latentone.server.doctor import outside
from latentone.server.doctor.command import tell
from latentone.server.doctor.finding import Finding, find
from latentone.server.doctor.sound import advice
from rich.console import Console

PROBES = ["installed", "settings", "real time", "kernel", "devices", "MIDI", "providers", "sound"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor")
    write_fake_model(folder / "fake.onnx")
    (folder / "my.yaml").write_text("model: {name: fake.onnx}\nruntime: {name: onnx, provider: cpu}\n")
    return folder / "my.yaml"


def examine(settings: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "latentone.server",
        "doctor",
        "--config",
        str(settings),
        "--seconds",
        "1",
        *arguments,
    ]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=settings.parent,
        env={**os.environ, "JACK_DEFAULT_SERVER": "nobody", **environment},
    )


def test_every_probe_answers_and_the_latency_is_measured_part_by_part(settings: Path) -> None:
    done = examine(settings, "--json", "--latency-ms", "40")
    assert (done.returncode, done.stderr) == (0, "")
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert list(findings) == PROBES
    assert findings["installed"]["facts"]["versions"]["numpy"]
    assert findings["providers"]["facts"]["started"]["cpu"] is None
    sound = findings["sound"]["facts"]
    assert sound["model"] == "fake"
    assert sound["latency"]["ring"]["median_ms"] == pytest.approx(40, abs=15), "what was asked for is what is measured"
    parts = [part["median_ms"] for name, part in sound["latency"].items() if name != "total"]
    assert sound["latency"]["total"]["median_ms"] == pytest.approx(sum(parts))


def test_what_is_broken_is_a_finding_and_never_a_traceback(settings: Path, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    (tmp_path / "rtmidi.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(settings.read_text().replace("fake.onnx", str(settings.parent / "fake.onnx")) + "osc: {prot: 1}\n")
    done = examine(wrong, PYTHONPATH=path)
    assert "Traceback" not in done.stdout + done.stderr
    assert "apt install libportaudio2" in done.stdout
    assert "killed by signal 9" in done.stdout, "a driver that dies takes nothing with it"
    assert "did you mean port?" in done.stdout
    assert done.returncode == 0, "the null sink still plays"


def test_only_when_nothing_can_play_the_status_is_1(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_text("not a model")
    (tmp_path / "my.yaml").write_text("model: {name: broken.onnx}\n")
    done = examine(tmp_path / "my.yaml")
    assert done.returncode == 1
    assert "broken.onnx" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_probe_that_raises_is_a_fault_with_its_reason() -> None:
    def broken() -> Finding:
        raise ZeroDivisionError("by\nnothing")

    assert find("x", broken) == Finding("x", "fault", ["ZeroDivisionError: by nothing"])

    def expected() -> Finding:
        raise LatentoneError("the card is on fire")

    assert find("x", expected).says == ["the card is on fire"]


def facts(**changes: Any) -> dict[str, Any]:
    quiet = {"underruns": {"ring_dry": 0, "device_late": 0, "lost": 0}, "load": 0.3, "least_spare_ms": 2.0}
    return {**quiet, **changes}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (facts(underruns={"ring_dry": 3, "device_late": 0, "lost": 0}), "late 3 times: more than --latency-ms 20"),
        (facts(underruns={"ring_dry": 0, "device_late": 1, "lost": 0}), "late once: a longer period"),
        (facts(underruns={"ring_dry": 0, "device_late": 0, "lost": 1}), "went away"),
        (facts(load=1.4), "a smaller model"),
        (facts(load=0.8), "80% of a core"),
        (facts(least_spare_ms=16.0), "--latency-ms 12"),
    ],
)
def test_the_advice_follows_what_was_measured(found: dict[str, Any], told: str) -> None:
    config = load_config(None, {"audio.latency_ms": 20.0})
    [line] = advice(config, found)
    assert told in line


def test_where_all_is_well_nothing_is_to_be_changed() -> None:
    assert advice(load_config(None, {"audio.latency_ms": 20.0}), facts()) == []
    heard = io.StringIO()
    tell([Finding("sound", "ok", ["all [is] well"])], Console(file=heard))
    assert "all [is] well" in heard.getvalue()
    assert "Nothing to change." in heard.getvalue()


def test_a_driver_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "rtmidi.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setattr(outside, "DEADLINE_S", 1.0)
    finding = find("MIDI", outside.midi)
    assert finding.state == "fault"
    assert "hung" in finding.says[0]
