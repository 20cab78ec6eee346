"""`latentone play` with a data set, as a person runs it: a process, a real socket, real couplings, a recording."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from data_encoders import data_manifest, write_frame_encoder, write_row_encoder
from fakes import write_fake_model
from figures_of_men import bvh, walk
from latentone.export.coupling import fit, learned
from latentone.export.errors import LatentoneError
from latentone.models.mocap.bvh import read_bvh
from latentone.models.mocap.clips import INPUTS
from latentone.server.datasets.opened import Fitter
from latentone.server.play import play
from test_play import Server, serving
from test_recorder import rendered, told

ROWS = 40
SMALL = "small.encoder.onnx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 40 rows in 4 classes, its encoder, and two models with 4 and with 6 knobs."""
    folder = tmp_path_factory.mktemp("data")
    write_fake_model(folder / "four.onnx")
    write_fake_model(folder / "six.onnx", dim=6)
    write_row_encoder(folder / "small.encoder.onnx", ["a", "b", "c"], 3)
    values = np.random.default_rng(0).normal(size=(ROWS, 3))
    lines = [f"row{number},class {number % 4},{a},{b},{c}" for number, (a, b, c) in enumerate(values)]
    (folder / "flowers.csv").write_text("\n".join(["id,kind,a,b,c", *lines]))
    settings = {
        "paths": {"models": [str(folder)], "recordings": str(folder)},
        "presets": {"file": "presets.yaml"},
        "sources": [
            {"data": "flowers.csv", "model": SMALL, "labels": "kind", "loop": True, "dwell_s": 0.05},
            {"name": "by class", "data": "flowers.csv", "model": "small.encoder.onnx", "labels": "kind", "order": "label",
             "coupling": "standardise"},
        ],
    }  # fmt: skip
    (folder / "my.yaml").write_text(yaml.safe_dump(settings))
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving("four", "--config", folder / "my.yaml", "--sink", "null", "--voices", "2") as server:
        server.ask("/status")
        told(server, "/done", "/notify", 1)
        yield server


def test_a_table_plays_and_tells_what_sounds(server: Server) -> None:
    assert server.ask("/source/list").params == ["flowers", "by_class", "sweep"]
    assert told(server, "/done", "/source/flowers/play") == ["/source/flowers/play"]
    heard = [server.hear("/source/at") for _ in range(ROWS + 2)]
    assert heard == [["flowers", number % ROWS, f"class {number % 4}"] for number in range(ROWS + 2)]
    told(server, "/done", "/source/flowers/stop")
    server.send("/source/by_class/dwell_s", 0.02)
    told(server, "/done", "/source/by_class/play")
    while (first := server.hear("/source/at"))[0] != "by_class":
        pass  # what had been handed over already
    heard = [first, *(server.hear("/source/at") for _ in range(ROWS - 1))]
    assert [label for _, _, label in heard] == sorted(label for _, _, label in heard)
    assert server.hear("/source/ended") == ["by_class"]


def test_a_class_as_long_as_a_chapter_is_told_by_its_beginning(folder: Path) -> None:
    """Whole, it would be longer than any datagram: nobody would be told what sounds."""
    long = "tale " * 14_000
    (folder / "long.csv").write_text(f"id,kind,a,b,c\nrow0,{long},1,2,3\nrow1,short,3,2,1\nrow2,{long},2,2,2\n")
    flags = ["--data", folder / "long.csv", "--data-model", folder / SMALL, "--labels", "kind", "--coupling", "direct"]
    with serving(folder / "four.onnx", "--sink", "null", *flags) as server:
        server.ask("/notify", 1)
        server.send("/source/long/loop", 1)
        labels = {server.hear("/source/at")[2] for _ in range(3)}
    assert labels == {"short", long[:99] + "…"}


def test_what_a_source_cannot_do_is_told(server: Server) -> None:
    for address, values, why in (
        ("/source/flowers/row", (0.5,), "flowers takes 3 values, got 1"),
        ("/source/flowers/row", (0.5, float("nan"), 0.5), "value must be a number, got nan"),
        ("/source/flowers/frame", (0.5, 0.5, 0.5), "flowers is a table: it takes rows, by /source/flowers/row"),
        ("/source/flowers/order", ("height",), "there is no order 'height'"),
        ("/source/flowers/coupling", ("nonsense",), "coupling nonsense: is neither one of direct, "),
        ("/source/flowers/index", (ROWS,), f"index must be 0 to {ROWS - 1}, got {ROWS}"),
        ("/source/flowers/seek", (ROWS + 1,), f"place must be 0 to {ROWS}, got {ROWS + 1}"),
        ("/source/sweep/seek", (0.5,), "sweep is a score: this is for data sets"),
    ):
        failed = told(server, "/fail", address, *values)
        assert failed[0] == address
        assert why in failed[1]


def test_a_session_with_a_data_set_renders_to_the_same_bytes(folder: Path, server: Server) -> None:
    """Rows that play, one that is sent, a place that is sought, another coupling and another model: all are events."""
    told(server, "/done", "/source/flowers/play")
    server.hear("/source/at")
    told(server, "/done", "/record/start", "take")
    for number in range(12):
        server.hear("/source/at")
        server.send("/source/flowers/row", 0.1 * number, -0.5, 0.5)
        server.send("/source/flowers/rate", 1 + number / 4)
    told(server, "/done", "/source/flowers/coupling", "whiten")
    server.send("/source/flowers/index", 30)
    while server.hear("/source/at")[1] != 33:
        pass
    assert told(server, "/done", "/model/load", "six") == ["/model/load", "six"]
    for _ in range(20):
        server.hear("/source/at")
    told(server, "/record/stop.reply", "/record/stop")
    score = (folder / "take.score.yaml").read_text()
    turns = [line for line in score.splitlines() if "/glide_to" in line]
    assert {line.count(",") for line in turns} == {2 + 4, 2 + 6}, "fitted to four knobs, then to six"
    again, _ = rendered(folder / "take.score.yaml")
    assert again == (folder / "take.wav").read_bytes()


def test_a_movement_plays_by_flags_alone_and_its_skeletons_frames_are_taken_as_they_come(tmp_path: Path) -> None:
    """Raw frames, 60 a second, of the file's own skeleton: poses at the model's 30 come of them, as from the file."""
    frames = walk(1.0)
    (tmp_path / "walk.bvh").write_text(bvh(frames))
    write_fake_model(tmp_path / "four.onnx")
    write_frame_encoder(tmp_path / "poses.encoder.onnx", INPUTS, 4, matrix=np.eye(4, len(INPUTS), dtype=np.float32))
    flags = ["--data", tmp_path / "walk.bvh", "--data-model", tmp_path / "poses.encoder.onnx", "--coupling", "direct"]
    with serving(tmp_path / "four.onnx", "--sink", "null", *flags) as server:
        server.ask("/notify", 1)
        server.send("/source/walk/loop", 1)
        assert server.hear("/source/at") == ["walk", 0, "walk"]
        why = told(server, "/fail", "/source/walk/frame", 0.5)[1]
        assert "a frame has 1 values; it should have" in why
        told(server, "/done", "/source/walk/stop")
        raw = read_bvh(tmp_path / "walk.bvh").values
        for frame in raw[:30]:
            server.send("/source/walk/frame", *map(float, frame))
        server.ask("/sync", 1)
        assert server.ask("/status").params[7] == 0, "no frame was dropped"
        server.ask("/quit")
        status, out, err = server.end()
    assert (status, err) == (0, "")
    assert "fitting the coupling direct of poses to fake" in out
    assert "walk: 1 clip of poses, direct" in out


def test_a_fit_says_each_stage_once_and_does_not_count_across_the_screen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`learned` listens to hundreds of settings: a line that stays for every thirty-two would push all else out of sight."""
    monkeypatch.setattr(learned, "SETTINGS", 64)
    monkeypatch.setattr(learned, "AGAIN", 32)
    rows, said, counts = np.random.default_rng(0).normal(size=(ROWS, 3)), list[str](), list[str]()
    encoder = data_manifest("small", ["a", "b", "c"], 3)
    Fitter(lambda: folder / "four.onnx", said.append).couple("learned", rows, [""] * ROWS, encoder)
    assert said == [
        "data: fitting the coupling learned of small to fake",
        "listening to 64 settings",
        "fitting a first map",
        "listening to 32 settings where it leads",
        "fitting the map",
    ]
    fit("learned", rows, folder / "four.onnx", encoder=encoder, progress=counts.append)
    assert counts == [f"listened to {heard} settings" for heard in ("32 of 64", "64 of 64", "32 of 32")]


def test_a_skeleton_that_is_none_of_a_human_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "snake.bvh").write_text(bvh(walk(0.2), without=["LeftArm", "RightArm", "LeftUpLeg", "RightUpLeg"]))
    write_frame_encoder(tmp_path / "poses.encoder.onnx", INPUTS, 4)
    model = str(tmp_path / "poses.encoder.onnx")
    with pytest.raises(LatentoneError, match=r"snake\.bvh: the skeleton has no left") as raised:
        play(
            str(write_fake_model(tmp_path / "four.onnx")),
            sink="null",
            data=str(tmp_path / "snake.bvh"),
            data_model=model,
        )
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ({"data": "flowers.csv"}, "--data flowers.csv: --data-model must say what encodes it"),
        ({"coupling": "direct"}, "say how to play what --data names, which is missing"),
        ({"data": "none.csv", "data_model": SMALL}, "none.csv"),
        ({"data": "flowers.csv", "data_model": "four.onnx"}, "is a decoder: that is another kind of model"),
        ({"data": "flowers.csv", "data_model": "wide.encoder.onnx"}, "lacks 1 of the 2 columns that wide reads: z"),
        ({"data": "flowers.csv", "data_model": SMALL, "labels": "sort"}, "sort"),
        ({"data": "flowers.csv", "data_model": SMALL, "coupling": "odd"}, "coupling odd: is neither"),
    ],
)
def test_what_cannot_be_played_is_told_before_any_sound(
    folder: Path, monkeypatch: pytest.MonkeyPatch, flags: dict[str, str], why: str
) -> None:
    monkeypatch.chdir(folder)
    write_row_encoder(folder / "wide.encoder.onnx", ["a", "z"], 2)
    with pytest.raises(LatentoneError, match=re.escape(why)) as raised:
        play("four.onnx", sink="null", seconds=1, osc_port=0, **flags)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_two_data_sets_of_one_name_are_told_apart_or_refused(folder: Path) -> None:
    one = {"data": "flowers.csv", "model": SMALL}
    (folder / "twice.yaml").write_text(yaml.safe_dump({"sources": [one, one | {"name": "flowers"}]}))
    with pytest.raises(LatentoneError, match="sources: 2 are called flowers"):
        play(str(folder / "four.onnx"), config=folder / "twice.yaml", sink="null", seconds=1)


def test_playing_without_data_loads_nothing_that_only_data_needs(folder: Path) -> None:
    """Of scipy numba takes what multiplies matrices, and nothing else."""
    heavy = "pandas", "scipy.spatial", "scipy.stats", "scipy.optimize", "sklearn", "ot", "pyarrow", "torch"
    code = f"""
import sys
from latentone.server.__main__ import app
try:
    app(["play", {str(folder / "four.onnx")!r}, "--sink", "null", "--seconds", "0.1", "--osc-port", "0"])
except SystemExit as end:
    assert not end.code
print(sorted(set({heavy!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
