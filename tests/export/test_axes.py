"""An encoder's axes are in the order of what they rebuild: a player that hears but the first knobs is to hear what matters."""

from __future__ import annotations

import numpy as np
import pytest
from coupling_cases import blob, encoder_manifest, of_two_knobs, target
from latentone.export.calibrate import Calibration
from latentone.export.coupling import NAMES, fit
from latentone.export.encoders.axes import DEAD, rebuilt_axes
from latentone.export.errors import LatentoneError
from latentone.export.manifest import DataManifest
from latentone.export.runtime.load import load_data_encoder, shipped_data_encoder

ROWS = 2000


def latents_alike(strengths: list[float], seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latents as wide as each other, turned about; what a straight decoder makes of them, by direction so strongly; the turn."""
    chance = np.random.default_rng(seed)
    dim = len(strengths)
    turn, _ = np.linalg.qr(chance.standard_normal((dim, dim)))
    hidden = chance.standard_normal((ROWS, dim))
    columns, _ = np.linalg.qr(chance.standard_normal((20, dim)))
    return hidden @ turn.T, hidden * strengths @ columns.T + 0.5, turn


def test_what_rebuilds_most_comes_first_though_all_latents_are_as_wide() -> None:
    strengths = [0.5, 3.0, 0.0, 1.0]
    raw, rebuilt, turn = latents_alike(strengths)
    axes = rebuilt_axes(raw, rebuilt)
    order = [1, 3, 0, 2]
    np.testing.assert_allclose(np.abs((axes.directions.T @ turn[:, order]).diagonal()), 1, atol=0.02)
    np.testing.assert_allclose(axes.shares, np.square(strengths)[order] / np.square(strengths).sum(), atol=0.03)
    assert axes.shares.sum() == pytest.approx(1, abs=1e-6), "a straight decoder leaves nothing else"
    knobs = Calibration.along(axes.directions, raw, axes.minimum_range).knobs
    np.testing.assert_allclose(np.corrcoef(knobs, rowvar=False), np.eye(4), atol=0.01)
    np.testing.assert_allclose(np.quantile(knobs, (0.025, 0.975), axis=0)[:, :3], [[-1] * 3, [1] * 3], atol=1e-6)


def test_what_bends_is_not_counted_as_told() -> None:
    raw, rebuilt, _ = latents_alike([2.0, 1.0])
    bent = np.concatenate([rebuilt, 2 * np.cos(4 * raw)], axis=1)
    shares = rebuilt_axes(raw, bent).shares
    straight = rebuilt.var(axis=0).sum() / bent.var(axis=0).sum()
    assert shares.sum() == pytest.approx(straight, abs=0.02)


def test_latents_that_the_decoder_never_uses_come_last_and_do_not_fill_their_range() -> None:
    raw, rebuilt, _ = latents_alike([1.0, 2.0, 3.0])
    chance = np.random.default_rng(1)
    raw = np.concatenate([chance.normal(0, 0.06, (ROWS, 2)), raw, np.zeros((ROWS, 1))], axis=1)
    axes = rebuilt_axes(raw, rebuilt)
    assert (axes.shares[:3] > 0.05).all()
    assert (axes.shares[3:] == 0).all()
    calibration = Calibration.along(axes.directions, raw, axes.minimum_range)
    assert (calibration.knobs[:, 3:].std(axis=0) < DEAD).all()
    again = calibration.knobs @ calibration.matrix.T + calibration.offset
    np.testing.assert_allclose(again, raw, atol=1e-9, err_msg="nothing of the latents is lost")


def test_fewer_columns_than_latents_and_fewer_rows_than_latents() -> None:
    raw = np.random.default_rng(0).standard_normal((ROWS, 5)) * (1, 3, 2, 1, 1)
    axes = rebuilt_axes(raw, raw[:, :1])
    assert (axes.shares > 0).sum() == 1
    assert (np.abs(axes.directions[[1, 2], [1, 2]]) > 0.99).all(), (
        "what rebuilds nothing follows by its variance: the second latent, then the third"
    )
    few = rebuilt_axes(raw[:3], raw[:3, :2])
    assert np.linalg.matrix_rank(few.directions) == 5
    assert (few.shares > 0).sum() <= 2


@pytest.mark.parametrize(("name", "told"), [("digits", 0.75), ("genes", 0.75), ("motion", 0.75)])
def test_shipped_encoders_say_what_each_latent_rebuilds(name: str, told: float) -> None:
    shares = np.array([latent.share for latent in load_data_encoder(shipped_data_encoder(name)).manifest.latents])
    assert (np.diff(shares) <= 0).all()
    assert told < shares.sum() <= 1
    assert shares[:4].sum() > 0.4, "four knobs that are heard tell much of the data"


def of_shares(*shares: float) -> DataManifest:
    manifest = encoder_manifest(len(shares))
    latents = [
        latent.model_copy(update={"share": share}) for latent, share in zip(manifest.latents, shares, strict=True)
    ]
    return manifest.model_copy(update={"latents": latents})


def test_a_file_of_an_older_version_tells_no_shares_and_weighs_all_latents_alike() -> None:
    assert (
        DataManifest.from_json(
            encoder_manifest(3).model_dump_json(exclude={"latents": {0: {"share"}}}), ""
        ).latent_weights
        is None
    )
    assert of_shares(0.64, 0.16, 0).latent_weights == pytest.approx([2.0, 1.0, 0.0])


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_latent_that_tells_nothing_is_not_heard_however_wide_it_is(name: str) -> None:
    data, to = blob(200, 4, 0), target(blob(1000, 4, 1))
    coupling = fit(name, data, to, encoder=of_shares(0.6, 0.3, 0.1, 0.0), sound=of_two_knobs(0, 3))
    other = data.copy()
    other[:, 3] += 1
    np.testing.assert_allclose(coupling.apply(other), coupling.apply(data), atol=1e-6)
    assert np.ptp(coupling.apply(data), axis=0).max() > 0.5


def test_learned_goes_by_what_matters_in_the_data() -> None:
    """All dimensions are as wide, two of eight make the data: rows are to sound near that are near in these two."""
    data, unseen = (np.random.default_rng(seed).normal(0, 0.5, (200, 8)) for seed in (0, 1))
    to, sound, shares = target(blob(1000, 12, 1)), of_two_knobs(3, 10), (0.0001, 0.6, *[0.0001] * 5, 0.4)

    def in_order(encoder: DataManifest | None) -> float:
        coupling = fit("learned", data, to, encoder=encoder, sound=sound)
        heard = sound(coupling.apply(unseen).astype(float))
        apart = [np.linalg.norm(rows[:, None] - rows, axis=2).ravel() for rows in (heard, unseen[:, [1, 7]])]
        return float(np.corrcoef(*apart)[0, 1])

    assert in_order(of_shares(*shares)) > 0.6 > in_order(None) + 0.2


def test_weights_that_are_none_are_refused() -> None:
    data, to = blob(60, 3, 0), target(blob(1000, 3, 1))
    for weights in ([1.0, 2.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0], [1.0, float("nan"), 1.0]):
        with pytest.raises(LatentoneError, match="coupling whiten: weights must be 3 numbers from 0 on"):
            fit("whiten", data, to, weights=weights)
