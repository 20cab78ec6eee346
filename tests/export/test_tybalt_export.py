"""From a table to an encoder that plays it, by the commands that people type: train, go on, export, look, measure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from latentone.export.encoders.tybalt_figures import Figures
from latentone.export.errors import LatentoneError
from latentone.export.runtime.load import load_data_encoder
from latentone.models.tables import read_table
from latentone.models.tybalt import network
from latentone.server.__main__ import app
from typer.testing import CliRunner

SMALL = ["--hidden", "24", "--bottleneck-hidden", "12", "--latents", "4", "-mf", "240", "-bs", "32"]


def latentone(*arguments: object) -> str:
    """What the command says, on either output; what a person would be told in a line is raised."""
    done = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "160"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    said = latentone("train", "tybalt", "-dp", "digits", "-ep", 2, "-ex", folder, "--held-out", 0.25, *SMALL)
    assert "179 rows of 64 columns to learn from, 61 held out, 10 classes" in said
    assert "constant in the rows to learn from" in said, "pixels in corners are always 0"
    latentone(
        "export", folder / "last.ckpt", "-o", folder / "small.encoder.onnx", "--licence", "BSD", "--credit", "UCI"
    )
    return folder


def test_a_run_leaves_checkpoints_and_a_curve_and_says_what_it_held_out(run: Path) -> None:
    for file in ("last.ckpt", "best.ckpt", "curve.png"):
        assert (run / file).stat().st_size > 1000
    model, record = network.load(run / "last.ckpt")
    table = read_table("digits")
    held_out = set(record["data"]["held_out"])
    assert len(held_out) == 61 == len(held_out & set(table.names))
    assert model.hyperparameters.latents == 4


def test_going_on_never_learns_from_what_was_held_out(run: Path, tmp_path: Path) -> None:
    said = latentone(
        "train",
        "tybalt",
        "-dp",
        "digits",
        "-ep",
        3,
        "-ex",
        tmp_path,
        "--seed",
        9,
        "--resume",
        run / "last.ckpt",
        *SMALL,
    )
    assert "179 rows of 64 columns to learn from, 61 held out" in said
    (before, first), (after, second) = (network.load(folder / "last.ckpt") for folder in (run, tmp_path))
    assert second["data"]["held_out"] == first["data"]["held_out"]
    assert second["global_step"] == 15 > first["global_step"] == 10
    for name in ("low", "high", "median"):
        assert bool((after.scaling.get_buffer(name) == before.scaling.get_buffer(name)).all())


def test_weights_alone_are_where_a_new_run_begins_with_the_same_rows_held_out(run: Path, tmp_path: Path) -> None:
    model, record = network.load(run / "last.ckpt")
    network.save(tmp_path / "weights.ckpt", model, data=record["data"])
    command = [
        "train",
        "tybalt",
        "-dp",
        "digits",
        "-ep",
        1,
        "-ex",
        tmp_path,
        "-lr",
        0,
        "--resume",
        tmp_path / "weights.ckpt",
    ]
    assert "179 rows of 64 columns to learn from, 61 held out" in latentone(*command, *SMALL)
    again, following = network.load(tmp_path / "last.ckpt")
    assert following["global_step"] == 5
    assert bool((again.mean.weight == model.mean.weight).all())


def test_the_file_says_what_it_is_and_encodes_rows_in_the_tables_units(run: Path) -> None:
    encoder = load_data_encoder(run / "small.encoder.onnx")
    manifest, table = encoder.manifest, read_table("digits")
    assert (manifest.family, manifest.name, manifest.inputs, manifest.state) == ("tybalt", "small", table.columns, [])
    assert manifest.frame_rate_hz is None
    assert manifest.trained_on == {"name": "digits", "rows": 179, "licence": "BSD", "credit": "UCI"}
    assert len(manifest.held_out) == 61
    chosen = np.linspace(0, 1796, 240).astype(int)
    learnt = [i for i in chosen if table.names[i] not in set(manifest.held_out)]
    knobs = encoder.encode_rows(table.values[learnt])
    low, high = np.quantile(knobs, (0.025, 0.975), axis=0)
    assert bool((low > -1.01).all())
    assert bool((high < 1.01).all())
    spread = knobs.std(axis=0)
    assert spread[0] > 0.3, "the first latent fills its range"
    row = table.values[:1].copy()
    row[0, 20] = np.nan
    filled = row.copy()
    filled[0, 20] = np.median(table.values[learnt][:, 20])
    np.testing.assert_allclose(encoder.encode_rows(row), encoder.encode_rows(filled), atol=1e-5)
    with pytest.raises(LatentoneError, match="reads rows of 64 values; these have 63"):
        encoder.encode_rows(table.values[:, 1:])


def test_inspect_shows_columns_and_latents(run: Path) -> None:
    said = latentone("inspect", run / "small.encoder.onnx")
    for fact in (
        "data_encoder, tybalt",
        "64 values: pixel_0_0",
        "61 never learnt from: digits_",
        "rows 179",
        "z3",
        "share of what is rebuilt",
    ):
        assert fact in said


def test_evaluate_measures_on_held_out_rows_beside_what_is_simpler(run: Path) -> None:
    figures = json.loads(latentone("evaluate", run / "last.ckpt", run / "small.encoder.onnx", "--json"))
    assert (figures["training_rows"], figures["held_out_rows"], figures["classes"]) == (179, 61, 10)
    assert 0 < figures["nats_at_best"] < figures["nats_of_means"]
    assert 0 < figures["r2_pca"] < 1
    for found in (figures["accuracy"], figures["cross_validated"]):
        assert 0 <= found["latents"]["nearest neighbour"] <= 1
        assert 0.5 < found["data"]["nearest neighbour"] <= 1
        assert 0.3 < found["components"]["logistic"] <= 1
    shown = [" ".join(row) for row in Figures(**figures).rows()]
    assert len(shown) == 7
    value = f"{figures['cross_validated']['latents']['logistic']:.3f}"
    assert f"logistic, within held-out rows: right of 10 classes {value} data: 0." in shown[-1]


def test_what_does_not_belong_together_is_refused(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ckpt"
    model, record = network.load(run / "last.ckpt")
    model.mean.weight.data.add_(1.0)
    network.save(other, model, data=record["data"])
    with pytest.raises(LatentoneError, match="was not exported from"):
        latentone("evaluate", other, run / "small.encoder.onnx")
    network.save(other, model, data={**record["data"], "data_path": str(tmp_path / "gone.tsv")})
    with pytest.raises(LatentoneError, match=r"gone\.tsv: the training data is not there any more; .*--data_path"):
        latentone("export", other, "-o", tmp_path / "small.encoder.onnx")
    with pytest.raises(
        LatentoneError, match="lacks columns that the model was trained on: pixel_0_0, pixel_0_1, pixel_0_2"
    ):
        latentone("export", other, "-o", tmp_path / "small.encoder.onnx", "-dp", "wine")
