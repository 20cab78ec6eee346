"""Couplings do to the data what their names say, and go smoothly: what jumps here is heard as a click in the sound."""

from __future__ import annotations

import numpy as np
import pytest
from coupling_cases import blob, classes_in_late_dimensions, of_two_knobs, skewed, target
from latentone.export.coupling import NAMES, Coupling, fit, learned, triplets
from latentone.export.coupling.surrogate import Surrogate
from latentone.export.coupling.target import Target
from latentone.export.errors import LatentoneError
from scipy.stats import ks_2samp
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

PAIRING = NAMES[:-1]
"""Couplings in which dimension i moves mostly knob i."""


def fitted(name: str, data: np.ndarray, to: Target, **options) -> Coupling:
    ear = of_two_knobs(0, to.dim - 1) if name == "learned" else None
    return fit(name, data, to, sound=ear, **options)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Kolmogorov and Smirnov's: the most that the distributions of two samples differ."""
    return float(ks_2samp(one, other)[0])  # pyright: ignore[reportArgumentType]


def test_direct_leaves_all_as_it_is() -> None:
    data, to = blob(50, 4, 0, spread=0.2), target(blob(2000, 4, 1))
    np.testing.assert_array_equal(fitted("direct", data, to).apply(data), data.astype(np.float32))


def test_standardise_matches_mean_and_deviation() -> None:
    data, cloud = 7 + 3 * blob(400, 5, 0), blob(1000, 5, 1)
    knobs = fitted("standardise", data, target(cloud)).unlimited(data)
    np.testing.assert_allclose(knobs.mean(axis=0), cloud.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(knobs.std(axis=0), cloud.std(axis=0), rtol=1e-4)


def test_quantile_matches_the_distribution_and_keeps_the_order() -> None:
    data, cloud = skewed(600, 3, 0), blob(1000, 3, 1)
    coupling = fitted("quantile", data, target(cloud))
    knobs = coupling.apply(data)
    for index in range(3):
        assert distance(data[:, index], cloud[:, index]) > 0.3, "there was nothing to match"
        assert distance(knobs[:, index], cloud[:, index]) < 0.03
        order = np.argsort(data[:, index])
        assert (np.diff(knobs[order, index]) >= 0).all()
    edge = np.quantile(data, 0.997, axis=0)
    beyond = coupling.unlimited(np.array([edge + 0.1, edge + 0.2, edge + 99]))
    assert (np.diff(beyond, axis=0) > 0).all(), "what is further out is still heard as such"
    assert (beyond[-1] < cloud.max(axis=0) + 6 * cloud.std(axis=0)).all(), "but does not run away"


def test_quantile_does_not_tear_a_heap_of_equal_values_apart() -> None:
    """Half of the rows are nearly zero, as expression of a gene is: stretched over half of the knob, noise would be heard."""
    chance = np.random.default_rng(0)
    data = np.where(chance.random((500, 1)) < 0.5, 1e-6 * chance.random((500, 1)), 0.1 + chance.random((500, 1)))
    knobs = fitted("quantile", data, target(blob(1000, 1, 1))).apply(data)
    assert np.ptp(knobs[data < 1e-3]) < 0.01 < np.ptp(knobs)


def test_whiten_gives_the_decoders_covariance() -> None:
    data, cloud = skewed(500, 6, 0) @ blob(6, 6, 3), blob(1000, 6, 1)
    knobs = fitted("whiten", data, target(cloud)).unlimited(data)
    np.testing.assert_allclose(np.cov(knobs, rowvar=False), np.cov(cloud, rowvar=False), atol=1e-3)
    np.testing.assert_allclose(knobs.mean(axis=0), cloud.mean(axis=0), atol=1e-3)


def test_transport_between_normal_clouds_is_the_closed_form() -> None:
    """Peyré and Cuturi, Computational Optimal Transport, eq. 2.40, from the samples' own moments, where the data is."""
    data, cloud = blob(3000, 3, 0), blob(3000, 3, 1)
    mapped = fitted("transport", data, target(cloud)).unlimited(data)
    values, axes = np.linalg.eigh(np.cov(data, rowvar=False))
    root, inverse = (axes * np.sqrt(values)) @ axes.T, (axes / np.sqrt(values)) @ axes.T
    inner, turn = np.linalg.eigh(root @ np.cov(cloud, rowvar=False) @ root)
    matrix = inverse @ (turn * np.sqrt(inner)) @ turn.T @ inverse
    exact = (data - data.mean(axis=0)) @ matrix.T + cloud.mean(axis=0)
    typical = np.sqrt(
        np.square(mapped - exact).sum(axis=1).mean() / np.square(exact - exact.mean(axis=0)).sum(axis=1).mean()
    )
    assert typical < 0.2
    assert np.sqrt(np.square(data - exact).sum(axis=1).mean()) > 0.3, "there was nothing to move"
    np.testing.assert_allclose(np.cov(mapped, rowvar=False), np.cov(cloud, rowvar=False), atol=0.03)


def test_transport_bends_a_cloud_that_mean_and_covariance_cannot_match() -> None:
    """The data is one heap, the decoder only ever did one of two things: what lies between them is played less."""
    chance = np.random.default_rng(0)
    data = chance.normal(0, 0.5, (800, 2))
    cloud = np.where(chance.random((1000, 1)) < 0.5, -0.8, 0.8) + chance.normal(0, 0.1, (1000, 2))
    between = {
        name: np.mean(np.abs(fitted(name, data, target(cloud)).apply(data).mean(axis=1)) < 0.4) for name in PAIRING
    }
    assert between["transport"] < 0.25 < 0.35 < between["whiten"]


def test_learned_finds_what_is_heard_and_brings_all_dimensions_there() -> None:
    """Classes in the last of 8 dimensions, of 12 knobs only two others are heard: paired, all classes sound alike.

    Judged on rows that it never saw, by the sound itself, not by the surrogate of it.
    """
    (data, labels), to, sound = classes_in_late_dimensions(200, 8, 0), target(blob(1000, 12, 1)), of_two_knobs(3, 10)
    (unseen, kinds), scale = classes_in_late_dimensions(200, 8, 5), sound(to.cloud).std(axis=0)
    trust, told = {}, {}
    for name in ("direct", "learned"):
        coupling = fit(name, data, to, sound=sound)
        trained, heard = (sound(coupling.apply(rows).astype(float)) / scale for rows in (data, unseen))
        trust[name] = trustworthiness(unseen, heard, n_neighbors=8)
        told[name] = KNeighborsClassifier(5).fit(trained, labels).score(heard, kinds)
    assert trust["learned"] > trust["direct"] + 0.15
    assert told["learned"] > 0.95 > 0.45 > told["direct"]


def test_learned_keeps_classes_apart_that_are_near_in_the_data() -> None:
    """Two classes differ in one dimension among others that vary more: with labels, that one is what one hears."""
    chance = np.random.default_rng(0)
    data, unseen = (chance.normal(0, (0.5, 0.5, 0.5, 0.08), (200, 4)) for _ in range(2))
    kinds = [np.where(rows[:, 3] > 0, "high", "low") for rows in (data, unseen)]
    to, sound = target(blob(1000, 6, 1)), of_two_knobs(1, 4)
    told = []
    for labels in (None, [str(kind) for kind in kinds[0]]):
        coupling = fit("learned", data, to, sound=sound, labels=labels)
        trained, heard = (sound(coupling.apply(rows).astype(float)) for rows in (data, unseen))
        told.append(KNeighborsClassifier(5).fit(trained, kinds[0]).score(heard, kinds[1]))
    assert told[1] > 0.85 > told[0] + 0.1


def test_learned_goes_down_the_slope_that_it_works_out() -> None:
    """The gradient by hand against differences: a wrong one still fits something, only worse."""
    chance, to = np.random.default_rng(0), target(blob(400, 6, 1))
    data, settings = blob(40, 5, 0), learned.some_settings(to.cloud, 100, chance)
    surrogate = Surrogate.fit(settings, of_two_knobs(1, 4)(settings) + 0.1 * chance.standard_normal((100, 3)))
    problem = learned._Problem.of(data, to, surrogate, triplets.choose(data, None, chance))
    matrix, offset = problem.paired()
    at = np.concatenate([(matrix + 1.5 * chance.standard_normal((6, 5))).ravel(), offset])

    def value(flat: np.ndarray) -> float:
        return problem.loss(flat[:30].reshape(6, 5), flat[30:])[0]

    by_matrix, by_offset = problem.loss(at[:30].reshape(6, 5), at[30:])[1]
    by_hand = np.concatenate([by_matrix.ravel(), by_offset])
    steps = 1e-6 * np.eye(len(at))
    np.testing.assert_allclose(by_hand, [(value(at + step) - value(at - step)) / 2e-6 for step in steps], atol=1e-5)
    assert np.abs(by_hand).max() > 0.1


def test_learned_stays_within_the_cloud() -> None:
    data, to = blob(120, 8, 0), target(blob(1000, 6, 1))
    knobs = fitted("learned", data, to).apply(data)
    precision = np.linalg.inv(np.cov(to.cloud, rowvar=False))
    away, own = knobs - to.cloud.mean(axis=0), to.cloud - to.cloud.mean(axis=0)
    furthest = np.quantile(np.einsum("fi,ij,fj->f", own, precision, own), 0.99)
    assert np.mean(np.einsum("fi,ij,fj->f", away, precision, away) < furthest) > 0.95


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dim", "knobs"), [(8, 32), (32, 16)])
def test_unequal_dimensions_rest_at_home_or_are_dropped(name: str, dim: int, knobs: int) -> None:
    data, to = blob(60, dim, 0), target(blob(1000, knobs, 1))
    coupling = fitted(name, data, to)
    out = coupling.apply(data)
    assert (out.shape, out.dtype) == ((60, knobs), np.float32)
    assert np.ptp(out, axis=0)[: min(dim, knobs)].max() > 0.5
    if name in PAIRING:
        np.testing.assert_allclose(out[:, dim:], 0.1, atol=1e-6, err_msg="surplus knobs rest at home")
        assert any("rest at home" in note or "are dropped" in note for note in coupling.header.notes)


@pytest.mark.parametrize("name", NAMES)
def test_small_steps_stay_small(name: str) -> None:
    """A stream of frames on the way from one row to another, and out of the data, beyond all that was fitted to."""
    data, to = skewed(100, 6, 0), target(blob(1000, 8, 1))
    coupling = fitted(name, data, to)
    way = np.concatenate([np.linspace(a, b, 2001) for a, b in zip(data[:8], [*data[1:8], data[8] * 10], strict=True)])
    steps = np.linalg.norm(np.diff(way, axis=0), axis=1)
    moved = np.linalg.norm(np.diff(coupling.apply(way), axis=0), axis=1)
    inside = steps > 0
    ratio = np.linalg.norm(to.cloud.std(axis=0)) / np.linalg.norm(data.std(axis=0))
    assert (moved[inside] < 20 * ratio * steps[inside] + 1e-5).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_dimension_that_does_not_vary_is_not_made_loud(name: str) -> None:
    """Nor one that does so only by rounding: live, it would be noise on a knob."""
    data, to = blob(60, 4, 0), target(blob(1000, 4, 1))
    data[:, 1] = 0.3
    data[:, 2] = 0.3 + 1e-6 * data[:, 0]
    coupling = fitted(name, data, to)
    assert np.isfinite(coupling.apply(data)).all()
    nudged = data.copy()
    nudged[:, 1:3] += 1e-4
    assert np.abs(coupling.apply(nudged) - coupling.apply(data)).max() < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_limits_hold_and_fits_are_the_same_twice(name: str) -> None:
    data, to = blob(60, 5, 0), target(blob(1000, 5, 1))
    coupling, again = fitted(name, data, to, seed=3), fitted(name, data, to, seed=3)
    for key, array in coupling.arrays.items():
        np.testing.assert_array_equal(array, again.arrays[key])
    low, high = coupling.arrays["low"], coupling.arrays["high"]
    far = coupling.apply(np.array([[1e6] * 5, [-1e6] * 5]))
    assert ((far >= low) & (far <= high)).all()
    assert (low >= -4).all()
    assert (high <= 4).all()
    one = np.concatenate([coupling.apply(row[None]) for row in data])
    np.testing.assert_allclose(one, coupling.apply(data), atol=1e-5, err_msg="each row stands for itself")


@pytest.mark.parametrize("name", NAMES)
def test_three_rows_are_enough_to_be_heard_and_two_are_refused(name: str) -> None:
    data, to = blob(3, 4, 0), target(blob(1000, 4, 1))
    knobs = fitted(name, data, to).apply(data)
    assert np.isfinite(knobs).all()
    assert np.linalg.norm(knobs[0] - knobs[1]) > 0.05
    if name != "direct":
        with pytest.raises(LatentoneError, match=f"coupling {name}: needs at least 3 rows to be fitted; got 2"):
            fitted(name, data[:2], to)
        with pytest.raises(LatentoneError, match="all 3 rows are the same"):
            fitted(name, np.repeat(data[:1], 3, axis=0), to)
