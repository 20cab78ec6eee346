"""A folder of checkpoints becomes a folder of instruments: a failure would lose a night's work, or leave half a file behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from data_checkpoints import save_motion, save_rows
from figures_of_men import bvh, walk
from latentone.export.bulk.find import find
from latentone.export.bulk.report import Entry, read
from latentone.export.bulk.run import Options
from latentone.export.bulk.run import run as export_all
from latentone.export.errors import LatentoneError
from latentone.export.manifest import DataManifest
from latentone.export.runtime.load import load_data_encoder, load_decoder, load_encoder
from nn_host import NnHost

pytestmark = pytest.mark.timeout(900)
VOICE, ROWS, DANCE = (
    ["voice-last.onnx", "voice-last.encoder.onnx", "voice-last.ts"],
    ["rows.encoder.onnx", "rows.ts"],
    ["dance-best.encoder.onnx", "dance-best.ts"],
)


def started(checkpoints: Path, output: Path, *options: str) -> subprocess.Popen[str]:
    """As in a job without a terminal."""
    command = [sys.executable, "-m", "latentone.server", "export", str(checkpoints), "-o", str(output), *options]
    return subprocess.Popen(
        command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ran(checkpoints: Path, output: Path, *options: str) -> tuple[int, str]:
    process = started(checkpoints, output, *options)
    said, complaint = process.communicate(timeout=600)
    assert "Traceback" not in complaint, complaint
    return process.returncode, said + complaint


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """When each file was written, and what it holds."""
    return {
        path.name: (path.stat().st_mtime_ns, sha256(path.read_bytes()).hexdigest()) for path in sorted(folder.iterdir())
    }


@pytest.fixture(scope="module")
def checkpoints(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three families, and one that a full disk cut off."""
    folder = tmp_path_factory.mktemp("runs")
    for run in ("voice", "dance"):
        (folder / run).mkdir()
    shutil.copy(checkpoint, folder / "voice/last.ckpt")
    shutil.copy(checkpoint, folder / "voice/latest.ckpt")
    save_motion(folder / "dance/best.ckpt")
    whole = save_rows(folder / "rows.ckpt").read_bytes()
    (folder / "cut.ckpt").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture(scope="module")
def interrupted(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str], list[str]]:
    """A run that was killed when the first instrument was there and the next under way: the folder, its files, those that stand."""
    output = tmp_path_factory.mktemp("instruments")
    process = started(checkpoints, output)
    deadline_s = time.monotonic() + 300
    while not ("dance-best" in read(output) and any((output / ".unfinished").iterdir())):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline_s
        time.sleep(0.002)
    process.kill()
    process.communicate()
    entries = read(output)
    return output, {path.name for path in output.iterdir()}, [name for name, entry in entries.items() if entry.ok]


@pytest.fixture(scope="module")
def exported_all(checkpoints: Path, interrupted: tuple[Path, set[str], list[str]]) -> tuple[Path, int, str]:
    """The same, run again to its end."""
    output, _, _ = interrupted
    return output, *ran(checkpoints, output)


def test_what_was_interrupted_leaves_whole_files_and_goes_on(
    interrupted: tuple[Path, set[str], list[str]], exported_all: tuple[Path, int, str]
) -> None:
    output, left, standing = interrupted
    assert standing == ["dance-best"]
    assert left == {*DANCE, "report.json", ".unfinished"}
    _, _, said = exported_all
    assert "dance-best: unchanged" in said
    assert not (output / ".unfinished").exists()


def test_each_checkpoint_leaves_in_both_formats_and_the_broken_one_is_named(
    exported_all: tuple[Path, int, str],
) -> None:
    output, status, said = exported_all
    assert status == 1
    assert "cut: FAILED: cut.ckpt:" in said
    assert "2 exported, 1 unchanged, 1 failed" in said
    assert sorted(path.name for path in output.iterdir()) == sorted([*VOICE, *ROWS, *DANCE, "report.json"])
    assert load_decoder(output / VOICE[0]).manifest.name == "voice-last"
    assert load_encoder(output / VOICE[1]).manifest.kind == "encoder"
    for encoder, script in (ROWS, DANCE):
        manifest = load_data_encoder(output / encoder).manifest
        said_of_itself = DataManifest.from_json(NnHost(output / script).files["latentone.manifest"], script)
        assert said_of_itself.weights_sha256 == manifest.weights_sha256


def test_the_report_says_of_each_what_was_proved_or_why_it_failed(exported_all: tuple[Path, int, str]) -> None:
    output, _, _ = exported_all
    report = json.loads((output / "report.json").read_text())
    assert (report["exported"], report["failed"]) == (3, 1)
    entries = {entry["name"]: entry for entry in report["checkpoints"]}
    assert list(entries) == ["cut", "dance-best", "rows", "voice-last"]
    assert not entries["cut"]["ok"]
    assert "not a readable checkpoint" in entries["cut"]["reason"]
    assert {name: entry["family"] for name, entry in entries.items() if entry["ok"]} == {
        "voice-last": "wavenet_vae",
        "rows": "tybalt",
        "dance-best": "mocap",
    }
    for entry in entries.values():
        for file in entry["files"]:
            assert file["bytes"] == (output / file["file"]).stat().st_size
            assert entry["seconds"] > 0
            assert len(entry["knobs"]) == 4
            assert (file["format"] == "torchscript") == ("times_real_time" in file)
            for proof in file["parity"].values():
                assert proof.get("different", 0) <= 0.001 * proof.get("draws", 0)
                assert proof.get("largest_latent_error", 0.0) <= 1e-4
    decoder = entries["voice-last"]["files"][0]
    assert {runtime.split(" ")[0] for runtime in decoder["parity"]} == {"ONNX", "fused"}


def test_a_second_run_leaves_what_stands_and_makes_what_is_spoilt(
    checkpoints: Path, exported_all: tuple[Path, int, str]
) -> None:
    output, _, _ = exported_all
    before = contents(output)
    status, said = ran(checkpoints, output)
    assert contents(output) == before, "not a byte, not a date, the report's included"
    assert (status, "0 exported, 3 unchanged, 1 failed" in said) == (1, True)
    (output / "rows.ts").write_bytes(b"half a file")
    status, said = ran(checkpoints, output)
    after = contents(output)
    assert "1 exported, 2 unchanged, 1 failed" in said
    assert {name for name in before if after[name][0] != before[name][0]} == {*ROWS, "report.json"}
    assert NnHost(output / "rows.ts").params("encode") == [13, 1, 4, 1]


def made_anew(folder: Path, output: Path, **others: Any) -> list[str]:
    """Which of the folder's checkpoints a run does not leave as they were."""
    options = Options(("onnx",), None, None, None, "", "", 0, "float32")
    anew: list[str] = []

    def ended(entry: Entry, left: bool) -> None:
        assert entry.ok, entry.reason
        anew.extend([] if left else [entry.name])

    export_all(folder, output, replace(options, **others), lambda *_: None, lambda _: None, ended)
    return anew


def test_what_was_fitted_to_data_that_has_changed_is_made_anew(tmp_path: Path) -> None:
    """Or knobs would go on spanning movements that are no longer those of the training data."""
    folder, output = tmp_path / "runs", tmp_path / "instruments"
    folder.mkdir()
    save_motion(folder / "dance.ckpt")
    movements = folder / "dance-movement"
    assert made_anew(folder, output) == ["dance"]
    before = contents(output)
    (movements / "notes.odt").write_text("what no model is trained on")
    assert made_anew(folder, output) == []
    (movements / "walk.bvh").write_text(bvh(walk(4.0, speed=20.0)))
    assert made_anew(folder, output) == ["dance"]
    after = contents(output)
    assert {name for name in before if after[name][1] != before[name][1]} == {"dance.encoder.onnx", "report.json"}
    shutil.rmtree(movements)
    assert made_anew(folder, output) == [], "it could not be fitted again"
    assert contents(output) == after


def test_a_flag_that_changes_the_files_makes_them_anew(tmp_path: Path) -> None:
    """Or a folder would be handed on whose files are not what was asked for last."""
    folder, output = tmp_path / "runs", tmp_path / "instruments"
    folder.mkdir()
    save_rows(folder / "rows.ckpt")
    for others in ({}, {"weights": "int8"}):
        assert made_anew(folder, output, **others) == ["rows"]
        assert made_anew(folder, output, **others) == []
    assert load_data_encoder(output / ROWS[0]).manifest.weights["kind"] == "int8"


def test_names_come_from_paths_and_an_earlier_state_of_a_run_is_left_out(checkpoints: Path, tmp_path: Path) -> None:
    assert list(find(checkpoints)) == ["cut", "dance-best", "rows", "voice-last"]
    with pytest.raises(LatentoneError, match="holds no checkpoint"):
        find(tmp_path)
    for path in ("a/b.ckpt", "a-b.ckpt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    with pytest.raises(LatentoneError, match="would be named a-b"):
        find(tmp_path)
