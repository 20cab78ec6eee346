"""The parameter mapping that others are measured against: each component is heard as what it says, and as that alone."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.sonify.baseline import LEVEL_DB, PITCH_HZ, fit_baseline
from latentone.server.sonify.descriptors import describe

RATE_HZ = 16000
ROWS = (
    np.random.default_rng(0).normal(size=(200, 6))
    * [5, 3, 2, 0.1, 0.1, 0.1]
    @ np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0]
)
HEARD_AS = ("pitch_midi", "centroid_hz_mean", "loudness_db")


def along(component: int, places: np.ndarray) -> np.ndarray:
    """Rows (places, inputs) along a component of ROWS, the others in the middle."""
    baseline = fit_baseline(ROWS)
    scores = np.repeat((baseline.high + baseline.low)[None] / 2, len(places), axis=0)
    scores[:, component] = baseline.low[component] + places * (baseline.high - baseline.low)[component]
    return baseline.mean + (scores @ baseline.axes) * baseline.scale


@pytest.mark.parametrize("component", [0, 1, 2])
def test_more_of_a_component_is_more_of_its_target(component: int) -> None:
    baseline = fit_baseline(ROWS)
    heard = [
        describe(baseline.render(row[:, None], 0.5, RATE_HZ), RATE_HZ) for row in along(component, np.linspace(0, 1, 5))
    ]
    moved = [one[HEARD_AS[component]] for one in heard]
    assert moved == sorted(moved)
    if component:
        assert np.ptp([one["pitch_midi"] for one in heard]) < 0.2
    else:
        assert heard[0]["pitch_midi"] == pytest.approx(69 + 12 * np.log2(PITCH_HZ[0] / 440), abs=0.3)
        assert heard[-1]["pitch_midi"] == pytest.approx(69 + 12 * np.log2(PITCH_HZ[1] / 440), abs=0.3)


def test_level_is_what_it_says_and_nothing_clips() -> None:
    baseline = fit_baseline(ROWS)
    for row, level_db in zip(along(2, np.array([0.0, 1.0])), LEVEL_DB, strict=True):
        audio = baseline.render(row[:, None], 1.0, RATE_HZ)
        assert audio.dtype == np.float32
        assert audio.shape == (RATE_HZ,)
        assert 10 * np.log10(np.mean(audio**2)) == pytest.approx(level_db, abs=0.5)
        assert np.abs(audio).max() <= 1
        assert np.abs(audio[[0, -1]]).max() < 0.05


def test_a_movement_is_followed_and_is_the_same_each_time() -> None:
    baseline = fit_baseline(ROWS)
    frames = along(0, np.linspace(0, 1, 61)).T
    audio = baseline.render(frames, 1.0, RATE_HZ, frame_rate_hz=60.0)
    third = RATE_HZ // 3
    heard = [describe(audio[start : start + third], RATE_HZ)["pitch_midi"] for start in (0, third, 2 * third)]
    assert heard[0] + 6 < heard[1] < heard[2] - 6
    np.testing.assert_array_equal(audio, baseline.render(frames, 1.0, RATE_HZ, frame_rate_hz=60.0))
    np.testing.assert_array_equal(audio, fit_baseline(ROWS).render(frames, 1.0, RATE_HZ))


def test_units_do_not_matter_and_constant_columns_do_no_harm() -> None:
    scale = np.array([1000.0, 1, 1, 1, 1, 1, 1])
    wide = np.concatenate([ROWS, np.full((200, 1), 4.0)], axis=1)
    plain, other = fit_baseline(wide), fit_baseline(wide * scale)
    np.testing.assert_allclose(plain.positions(wide.T), other.positions((wide * scale).T), atol=1e-9)
    beyond = np.concatenate([ROWS[:3] * 100, np.full((3, 1), 9.0)], axis=1)
    assert np.isin(plain.positions(beyond.T)[0], (0, 1)).any()


def test_with_classes_the_pitch_is_what_tells_them_apart() -> None:
    """One small column tells the classes; principal components would leave it out."""
    labels = [f"kind {row % 2}" for row in range(200)]
    rows = ROWS.copy()
    rows[:, 4] += np.where(np.arange(200) % 2, 0.5, -0.5) * 6 * rows[:, 4].std()
    apart = {
        name: np.abs(np.diff([fitted.positions(rows.T)[0][kind::2].mean() for kind in (0, 1)])).item()
        for name, fitted in (("plain", fit_baseline(rows)), ("knowing", fit_baseline(rows, labels)))
    }
    assert apart["knowing"] > 0.5 > apart["plain"]


def test_more_columns_than_rows_and_fewer_than_three() -> None:
    wide = np.random.default_rng(0).normal(size=(20, 300))
    assert fit_baseline(wide).positions(wide.T).shape == (3, 20)
    narrow = fit_baseline(ROWS[:, :1])
    assert (narrow.positions(ROWS[:, :1].T)[1:] == 0.5).all()
    assert np.isfinite(narrow.render(np.zeros((1, 1)), 0.1, RATE_HZ)).all()
