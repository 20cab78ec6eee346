"""`latentone couple` as one types it: a table in, a file out that plays, and an account of what was matched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from data_encoders import write_row_encoder
from latentone.export.coupling import audio_cloud, load_coupling
from latentone.export.errors import LatentoneError
from latentone.export.runtime.load import SHIPPED_MODELS, load_data_encoder, load_decoder
from latentone.server.__main__ import app
from typer.testing import CliRunner

ROWS = np.random.default_rng(0).normal([5.0, 0.0, -1.0], [2.0, 0.5, 0.1], (60, 3))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    lines = ["sample,a,b,c,kind", *(f"r{i},{a},{b},{c},{'xy'[i % 2]}" for i, (a, b, c) in enumerate(ROWS.tolist()))]
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "table.csv"


def couple(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "latentone.server", "couple", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_table_is_coupled_into_a_file_and_a_picture(table: Path, tmp_path: Path) -> None:
    """Fitted without the rows that were held out, which are to be judged by later."""
    encoder = write_row_encoder(tmp_path / "three.encoder.onnx", held_out=["r0", "r1", "r2"])
    file, picture = tmp_path / "mine.coupling.npz", tmp_path / "mine.png"
    done = couple(
        table, "--model", encoder, "--labels", "kind", "--coupling", "standardise", "-o", file, "--picture", picture
    )
    assert done.returncode == 0, done.stderr
    for said in (
        "57 frames of 57 of 60 items",
        f"{ROWS[3:, 0].mean():+.2f} ± ",
        "clipped, of all knobs",
        "3 to 31 rest at home",
    ):
        assert said in done.stdout
    decoder = load_decoder(SHIPPED_MODELS / "voice.onnx")
    cloud = audio_cloud(SHIPPED_MODELS / "voice.onnx")
    coupling = load_coupling(file, load_data_encoder(encoder).manifest, decoder.manifest)
    knobs = coupling.unlimited(ROWS[3:])[:, :3]
    np.testing.assert_allclose(knobs.std(axis=0), cloud.std(axis=0)[:3], rtol=0.01)
    assert coupling.header.rows == 57
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_coupled_is_said_in_one_line(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = write_row_encoder(tmp_path / "three.encoder.onnx")
    monkeypatch.chdir(tmp_path)
    for arguments, said in (
        (("--model", encoder, "--coupling", "nosuch"), "--coupling nosuch: is not one of direct, standardise"),
        (("--model", "nosuch", "--coupling", "direct"), "nosuch: no such model file"),
        (("--model", encoder, "--coupling", "direct", "--decoder", "nosuch"), "nosuch: no such model file"),
        (("--model", encoder, "--coupling", "direct", "--decoder", encoder), "is a data_encoder"),
    ):
        done = CliRunner().invoke(app, ["couple", str(table), *map(str, arguments)])
        assert isinstance(done.exception, LatentoneError)
        assert said in str(done.exception)
        assert "\n" not in str(done.exception)
    done = couple(table, "--model", encoder, "--coupling", "nosuch")
    assert done.returncode == 1
    assert done.stderr.startswith("latentone: --coupling nosuch")
    assert done.stderr.count("\n") == 1
