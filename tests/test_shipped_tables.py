"""The shipped encoders of tables: small files whose latents tell classes apart in rows that they never saw."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from latentone.export.encoders.tybalt_figures import Figures, evaluate
from latentone.export.runtime.data_encoder import DataEncoder
from latentone.export.runtime.load import SHIPPED_MODELS, load_data_encoder, shipped_data_encoder
from latentone.models import vae
from latentone.models.tables import read_table
from latentone.models.tybalt import network

ROOT = Path(__file__).parent.parent
GENES = Path(os.environ.get("LATENTONE_DATA", ROOT.parent / "shared" / "data")) / "genes"
MOST_BYTES = 5_000_000
SHIPPED = {"digits": ("digits", 1438, 359, "Alpaydin"), "genes": ("tcga_148_tybaltgenes_zeroone", 89, 59, "Cognoma")}
"""By model: its data, how many rows it learnt from, how many were held out, and whom to credit."""

needs_genes = pytest.mark.skipif(not GENES.is_dir(), reason=f"no {GENES}: set LATENTONE_DATA")


@pytest.fixture(params=SHIPPED)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def encoder_of(name: str) -> DataEncoder:
    return load_data_encoder(shipped_data_encoder(name))


def test_it_was_exported_from_the_checkpoint_beside_it_and_says_what_it_never_saw(name: str) -> None:
    model, record = network.load(SHIPPED_MODELS / f"{name}.ckpt")
    manifest = encoder_of(name).manifest
    data, rows, held_out, credit = SHIPPED[name]
    assert vae.fingerprint(model) == manifest.weights_sha256
    assert (manifest.kind, manifest.family, manifest.name) == ("data_encoder", "tybalt", name)
    assert (manifest.trained_on["name"], manifest.trained_on["rows"]) == (data, rows)
    assert credit in manifest.trained_on["credit"]
    assert credit in (SHIPPED_MODELS / f"{name}.LICENCE.txt").read_text()
    assert (manifest.inputs, len(manifest.latents)) == (model.columns, 32)
    assert manifest.held_out == record["data"]["held_out"]
    assert len(set(manifest.held_out)) == held_out
    assert "/" not in record["data"]["data_path"], "no path of the machine that it was made on"


def test_it_is_small() -> None:
    files = [file for name in SHIPPED for file in SHIPPED_MODELS.glob(f"{name}.*")]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_its_page_and_its_figures_say_the_same(name: str) -> None:
    figures = Figures(**json.loads((SHIPPED_MODELS / f"{name}.figures.json").read_text()))
    page = (SHIPPED_MODELS / f"{name}.md").read_text()
    for value in (
        figures.r2,
        figures.r2_pca,
        *figures.accuracy["latents"].values(),
        *figures.cross_validated["latents"].values(),
    ):
        assert f"{value:.3f}" in page
    assert f"{figures.active_units} of {figures.latents}" in page


def test_a_row_is_encoded_while_a_block_is_played(name: str) -> None:
    """Any row of finite values gives finite latents, missing values and values far out among them."""
    encoder = encoder_of(name)
    rows = np.random.default_rng(0).normal(0, 100, (4, len(encoder.manifest.inputs))).astype(np.float32)
    rows[1], rows[2, ::2] = 1e30, np.nan
    latents = encoder.encode_rows(rows)
    assert latents.shape == (4, 32)
    assert bool(np.isfinite(latents).all())
    np.testing.assert_allclose(encoder.encode_rows(rows[2:3])[0], latents[2], atol=1e-4, err_msg="a row is for itself")


def check(found: Figures, said: Figures) -> None:
    """Another machine's arithmetic may turn a row that is a tie, or two."""
    assert (found.training_rows, found.held_out_rows) == (said.training_rows, said.held_out_rows)
    assert found.r2 == pytest.approx(said.r2, abs=0.005)
    assert found.active_units == pytest.approx(said.active_units, abs=1)
    for classifier, share in said.accuracy["latents"].items():
        assert found.accuracy["latents"][classifier] == pytest.approx(share, abs=0.035)
    assert found.cross_validated["latents"]["logistic"] == pytest.approx(
        said.cross_validated["latents"]["logistic"], abs=0.03
    )


def figures_of(name: str) -> Figures:
    return Figures(**json.loads((SHIPPED_MODELS / f"{name}.figures.json").read_text()))


def test_digits_that_it_never_saw_come_back_and_are_told_apart() -> None:
    found = evaluate(SHIPPED_MODELS / "digits.ckpt", shipped_data_encoder("digits"))
    check(found, figures_of("digits"))
    assert found.accuracy["latents"]["nearest neighbour"] > 0.95
    assert found.nats < 0.25 * found.nats_of_means + 0.75 * found.nats_at_best


@needs_genes
def test_tumours_that_it_never_saw_are_told_apart_by_type() -> None:
    table = GENES / "tcga_148_tybaltgenes_zeroone.tsv.gz"
    labels = f"{GENES / 'tcga_148_labels.tsv'}:acronym"
    found = evaluate(SHIPPED_MODELS / "genes.ckpt", shipped_data_encoder("genes"), str(table), labels)
    check(found, figures_of("genes"))
    assert found.accuracy["latents"]["logistic"] > 8 * found.chance
    assert read_table(table).columns == encoder_of("genes").manifest.inputs
