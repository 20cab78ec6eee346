"""A table's VAE learns of the rows that it may see, in the shape that the thesis project gave Tybalt.

A failure would be heard as rows that sound alike, or as figures that held-out rows do not bear out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from latentone.models.errors import LatentoneError
from latentone.models.tables import Table
from latentone.models.tybalt import data, network
from latentone.models.tybalt.hyperparameters import Hyperparameters
from torch import nn


def table(rows: int = 40, columns: int = 6, labels: list[str] | None = None) -> Table:
    values = np.random.default_rng(0).normal(5, 3, (rows, columns)).astype(np.float32)
    names = [f"s{i}" for i in range(rows)]
    return Table("made", [f"g{i}" for i in range(columns)], names, values, labels or [""] * rows)


def small(of: Table, **others: float) -> network.Tybalt:
    torch.manual_seed(0)
    h = Hyperparameters(len(of.columns), hidden=16, bottleneck_hidden=8, latents=3)
    return network.Tybalt(replace(h, **others), of.columns)


def test_the_layers_are_those_of_the_thesis_project() -> None:
    model = network.Tybalt(Hyperparameters(50), [f"g{i}" for i in range(50)])
    half = [nn.Linear, nn.BatchNorm1d, nn.LeakyReLU, nn.Dropout] * 2
    assert [type(layer) for layer in model.encoder] == [nn.Dropout, *half]
    assert [type(layer) for layer in model.decoder] == [*half, nn.Linear]
    sizes = [(one.in_features, one.out_features) for one in model.modules() if isinstance(one, nn.Linear)]
    assert sizes == [(50, 1000), (1000, 64), (64, 32), (64, 32), (32, 64), (64, 1000), (1000, 50)]
    assert {one.negative_slope for one in model.modules() if isinstance(one, nn.LeakyReLU)} == {0.1}


def test_scaling_is_that_of_the_rows_it_was_fitted_on() -> None:
    scaling = network.Scaling(3)
    scaling.fit(np.array([[0, 7, 10], [4, 7, np.nan], [1, 7, 30]], dtype=np.float32))
    scaled = scaling(torch.tensor([[2.0, 7.0, 10.0], [9.0, 8.0, torch.nan], [-1.0, 7.0, 25.0]]))
    # Beyond the range is at its end, a constant column says nothing, and what is missing is the median, 20.
    np.testing.assert_allclose(scaled, [[0.5, 0, 0], [1, 1, 0.5], [0, 0, 0.75]])
    np.testing.assert_allclose(scaling.inverse(torch.tensor([[0.5, 0.3, 0.75]])), [[2, 7, 25]])


def test_a_row_costs_the_cross_entropy_of_its_columns_and_nothing_for_what_is_missing() -> None:
    made = table()
    model = small(made).eval()
    model.scaling.fit(made.values)
    row = torch.from_numpy(made.values[:1])
    mean, log_variance = model.encode(row)
    said, wanted = torch.sigmoid(model.decoder(mean)), model.scaling(row)
    terms = -(wanted * said.log() + (1 - wanted) * (1 - said).log())
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
    losses = model.losses([row], 0.5)
    torch.testing.assert_close(losses.reconstruction, terms.sum())
    torch.testing.assert_close(losses.objective, terms.sum() + 0.5 * kl)
    gap = row.clone()
    gap[0, 2] = torch.nan
    model.scaling.get_buffer("median")[2] = row[0, 2]  # the encoder sees the same
    torch.testing.assert_close(model.losses([gap], 0.0).reconstruction, terms.sum() - terms[0, 2])


def test_latents_are_drawn_while_learning_and_means_when_judged() -> None:
    made = table()
    model, rows = small(made), [torch.from_numpy(made.values)]
    model.train()
    assert model.losses(rows, 0.0).reconstruction != model.losses(rows, 0.0).reconstruction
    model.eval()
    assert model.losses(rows, 0.0).reconstruction == model.losses(rows, 0.0).reconstruction


def test_rows_are_held_out_class_by_class_as_the_seed_says() -> None:
    made = table(labels=["a"] * 20 + ["b"] * 10 + ["c"] * 5 + ["d"] * 2 + ["e"] + [""] * 2)
    names = data.choose_held_out(made, 0.4, seed=3)
    label = dict(zip(made.names, made.labels, strict=True))
    assert Counter(label[name] for name in names) == {"a": 8, "b": 4, "c": 2, "d": 1, "": 1}
    assert names == data.choose_held_out(made, 0.4, seed=3) != data.choose_held_out(made, 0.4, seed=4)
    training, held_out = data.Source("made", held_out=names).split(made)
    assert held_out.names == names
    assert sorted([*training.names, *names]) == sorted(made.names)
    assert [label[name] for name in training.names] == training.labels
    assert set(training.labels) == set(made.labels), "no class is held out whole"


@pytest.mark.parametrize(("rows", "batch", "sizes"), [(33, 16, [16, 16]), (5, 64, [5]), (9, 4, [4, 4]), (3, 2, [2])])
def test_no_batch_is_too_small_for_batch_normalisation(rows: int, batch: int, sizes: list[int]) -> None:
    made = table(rows)
    model = small(made).train()
    learnt, judged = data.loaders(made, table(7), batch)
    batches = list(learnt)
    assert [len(values) for (values,) in batches] == sizes
    for one in batches:
        assert torch.isfinite(model.losses(one, 1.0).objective)
    assert sum(len(values) for (values,) in judged) == 7, "every held-out row is judged"


def test_too_little_to_learn_from_or_to_judge_by_is_refused() -> None:
    with pytest.raises(LatentoneError, match="1 rows to learn from and 7 held out"):
        data.loaders(table(1), table(7), 4)
    with pytest.raises(LatentoneError, match="7 rows to learn from and 0 held out: at least 2 and 1"):
        data.loaders(table(7), table(0), 4)


def test_odd_columns_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    made = table()
    made.values[:, 1], made.values[3, 2] = 7, np.nan
    data.fit_scaling(small(made), made, "made.tsv")
    said = capsys.readouterr().err
    assert "constant in the rows to learn from, so nothing is learnt of them: g1" in said
    assert "1 values missing" in said
    assert "g2" in said
    made.values[:, 3] = np.nan
    with pytest.raises(LatentoneError, match=r"made\.tsv: columns without a value in the rows to learn from: g3"):
        data.fit_scaling(small(made), made, "made.tsv")


def test_columns_are_put_in_the_models_order_or_named_when_they_lack() -> None:
    made = table()
    picked = data.columns_of(made, ["g3", "g0"], "made.tsv")
    np.testing.assert_array_equal(picked.values, made.values[:, [3, 0]])
    with pytest.raises(LatentoneError, match=r"made\.tsv: lacks columns .*: x, y of 3"):
        data.columns_of(made, ["x", "g0", "y"], "made.tsv")


def test_a_checkpoint_holds_the_model_even_in_half_precision(tmp_path: Path) -> None:
    made, path = table(), tmp_path / "small.ckpt"
    model = small(made, dropout=0.1).eval()
    model.scaling.fit(made.values)
    network.save(path, model, data={"held_out": ["s3"]})
    again, record = network.load(path)
    assert (again.hyperparameters, again.columns, record["data"]) == (
        model.hyperparameters,
        made.columns,
        {"held_out": ["s3"]},
    )
    rows = torch.from_numpy(made.values)
    torch.testing.assert_close(again.encode(rows), model.encode(rows))
    halved = torch.load(path, weights_only=True)
    halved["state_dict"] = {
        key: one.half() if one.is_floating_point() else one for key, one in halved["state_dict"].items()
    }
    torch.save(halved, path)
    assert network.load(path)[0].encode(rows)[0].dtype == torch.float32
    torch.save({**halved, "hyperparameters": {**halved["hyperparameters"], "latents": 4}}, path)
    with pytest.raises(LatentoneError, match="weights do not fit"):
        network.load(path)
