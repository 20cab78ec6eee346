"""Data sets from end to end, as a person does it: train an encoder for one epoch, export it, sonify the rows it never saw."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

DATA = Path(os.environ.get("LATENTONE_DATA", Path(__file__).parents[2] / "shared" / "data"))
GENES = DATA / "genes" / "tcga_148_tybaltgenes_zeroone.tsv.gz"
MOVEMENT = DATA / "mocap" / "cmu_train_expmap117.npz"
STAGE_S = 120


def latentone(*arguments: object) -> str:
    command = [sys.executable, "-m", "latentone.server", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=STAGE_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


TABLE = ("--hidden", 32, "--latents", 8)
JOBS = [
    pytest.param("tybalt", "digits", ("-mf", 120, *TABLE), (), id="digits"),
    pytest.param(
        "tybalt", GENES, TABLE, ("--labels", f"{DATA / 'genes' / 'tcga_148_labels.tsv'}:acronym"), id="genes",
        marks=pytest.mark.skipif(not GENES.is_file(), reason=f"no {GENES}"),
    ),
    pytest.param(
        "mocap", MOVEMENT, ("-mf", 12,), (), id="movement",
        marks=pytest.mark.skipif(not MOVEMENT.is_file(), reason=f"no {MOVEMENT}"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("family", "data", "sizes", "labels"), JOBS)
def test_a_data_set_becomes_sound(
    family: str, data: object, sizes: tuple[object, ...], labels: tuple[object, ...], tmp_path: Path
) -> None:
    """What would be lost: a stage that does not read what the one before it wrote."""
    encoder, sounds = tmp_path / "mine.encoder.onnx", tmp_path / "sounds"
    latentone("train", family, "-dp", data, "-ep", 1, "-ex", tmp_path / "run", "-d", "cpu", *sizes, *labels)
    latentone("export", tmp_path / "run" / "last.ckpt", "-o", encoder, "--licence", "as the data")
    said = latentone("sonify", data, *labels, "--model", encoder, "-o", sounds, "--limit", 4, "--dwell", 0.1,
                     "--segment", 0.2, "--workers", 1)  # fmt: skip
    assert "held-out rows" in said
    record = json.loads((sounds / "manifest.json").read_text())
    with (sounds / "timeline.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(dict.fromkeys(line["sample"] for line in lines)) == [row["name"] for row in record["rows"]]
    assert len(record["rows"]) == 4
    assert not {row["name"] for row in record["rows"]} & set(record["settings"]["fitted_on"])
    for row in record["rows"]:
        assert soundfile.info(sounds / row["file"]).duration == pytest.approx(row["end_s"] - row["start_s"], abs=1e-3)
        assert row["label"]
    assert (sounds / "report.html").stat().st_size > 1000
    assert (sounds / "picture.png").read_bytes().startswith(b"\x89PNG")
