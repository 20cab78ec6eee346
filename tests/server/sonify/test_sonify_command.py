"""`latentone sonify` as a person meets it: one line for what is wrong, an interruption that loses nothing, and a report."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from latentone.export.errors import LatentoneError
from latentone.server.datasets.items import DataSet, Item
from latentone.server.sonify.pieces import Piece, cut, file_names, limited
from latentone.server.sonify.selection import select
from sonify_rig import HELD_OUT, ROWS, contents, row_names, run, write_material

DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_material(tmp_path_factory.mktemp("material"))


def start(material: Path, *arguments: object) -> subprocess.Popen[str]:
    models = ("--model", material / "data.encoder.onnx", "--labels", "kind")
    command = [sys.executable, "-m", "latentone.server", "sonify", material / "data.csv", *models, *arguments]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_whole_files_and_says_how_to_go_on(material: Path, tmp_path: Path, workers: int) -> None:
    arguments = (
        "--decoder",
        "voice",
        "--as",
        "rows",
        "--rows",
        "all",
        "--dwell",
        3,
        "--workers",
        workers,
        "--no-report",
    )
    running = start(material, *arguments, "-o", tmp_path)
    deadline_s = time.monotonic() + DEADLINE_S
    while len(done := contents(tmp_path)) < 2:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 1
    assert errors.splitlines()[-1].endswith("interrupted; what is there is whole, and the same command goes on")
    there = contents(tmp_path)
    assert done.items() <= there.items()
    assert 2 <= len(there) < ROWS
    assert not list(tmp_path.rglob("*.part"))
    assert {soundfile.info(tmp_path / name).frames for name in there} == {48000}


def test_the_report_is_about_rows_that_nothing_was_fitted_on(material: Path, tmp_path: Path) -> None:
    run(material, tmp_path, rows="all", coupling="direct,standardise", report=True)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["items"] == ROWS // 2
    fitted_on = json.loads((tmp_path / "direct" / "manifest.json").read_text())["settings"]["fitted_on"]
    assert len(fitted_on) == ROWS // 2
    page = (tmp_path / "report.html").read_text()
    assert {name for name in row_names() if name in page} == set(row_names()) - set(fitted_on)
    assert report["best"] in ("direct", "standardise")
    assert len(list((tmp_path / "baseline").glob("*.wav"))) == ROWS
    assert report["telling"]["all"]["direct"]["told"]["accuracy"] > 0.9, "what differs in loudness is told by it"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--coupling", "quantil"), "--coupling quantil: is no file, and none of direct"),
        (("--coupling", "direct,direct"), "direct is there twice"),
        (("--order", "size"), "there is no order 'size'"),
        (("--decoder", "nobody"), "nobody"),
        (("--temperature", "7"), "temperature"),
        (("--ray", "127.0.0.1:1"), "--ray 127.0.0.1:1: cannot be reached"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_is_wrong_is_one_line(material: Path, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    with start(material, "--decoder", material / "fake.onnx", "--limit", 2, "-o", tmp_path, *arguments) as running:
        _, errors = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 1
    assert says in errors
    assert len([line for line in errors.splitlines() if line.startswith("latentone:")]) == 1
    assert "Traceback" not in errors


def test_a_movement_is_heard_in_segments_frame_by_frame(material: Path, tmp_path: Path) -> None:
    clips = [Item("walking/1", "walking", _ramp(75)), Item("running/1", "running", _ramp(20))]
    data = DataSet("moves", ["x", "y", "z"], clips, frame_rate_hz=30.0)
    pieces = cut(data, [clip.values for clip in clips], segment_s=1.0)
    assert [piece.name for piece in pieces] == ["walking/1@0", "walking/1@1", "running/1@0"]
    assert [piece.latents.shape[1] for piece in pieces] == [30, 30, 20]
    np.testing.assert_array_equal(pieces[1].latents, clips[0].values[:, 30:60])


def _ramp(frames: int) -> np.ndarray:
    return np.tile(np.linspace(-1, 1, frames, dtype=np.float32), (3, 1))


def _pieces(labels: str) -> list[Piece]:
    nothing = np.zeros((1, 1), np.float32)
    return [Piece(f"r{index}", f"r{index}", label, nothing, nothing) for index, label in enumerate(labels)]


def test_a_limit_keeps_every_class_in_its_share() -> None:
    pieces = _pieces("a" * 60 + "b" * 30 + "c")
    few = limited(pieces, 10, seed=0)
    counts = {label: sum(piece.label == label for piece in few) for label in "abc"}
    assert counts == {"a": 6, "b": 3, "c": 1}
    assert few == sorted(few, key=pieces.index)
    assert limited(pieces, 10, seed=0) == few != limited(pieces, 10, seed=1)


@pytest.mark.parametrize(("rows", "heard"), [(None, HELD_OUT), ("all", ROWS), ("train", ROWS - HELD_OUT)])
def test_no_row_is_both_fitted_on_and_judged(rows: str | None, heard: int) -> None:
    """A coupling that has seen a row may flatter it."""
    pieces = _pieces("ab" * (ROWS // 2))
    chosen = select(pieces, [f"r{index}" for index in range(HELD_OUT)], rows, None, 0, "data")  # pyright: ignore[reportArgumentType]
    assert len(chosen.heard) == heard
    assert chosen.judged
    assert not {piece.name for piece in chosen.judged} & {piece.name for piece in chosen.fitted_on}


def test_without_held_out_rows_all_are_heard_and_that_is_said() -> None:
    pieces = _pieces("ab" * 5)
    chosen = select(pieces, ["other"], None, None, 0, "data")
    assert len(chosen.heard) == 10
    assert "none is known as held out" in chosen.said
    with pytest.raises(LatentoneError, match="--rows all"):
        select(pieces, ["other"], "held-out", None, 0, "data")


def test_names_become_files_that_every_system_can_hold() -> None:
    names = file_names(["a/b", "a b", "TCGA-02.x", "../up", "Ä" * 200])
    assert len(set(names)) == 5
    assert names[2] == "TCGA-02.x"
    assert all("/" not in name and not name.startswith(".") and len(name) < 100 for name in names)
