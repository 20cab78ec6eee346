"""Descriptors follow what is heard: if these failed, a report would speak of sounds that nobody hears."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.sonify.descriptors import NAMES, describe, describe_all, heard_as

RATE_HZ = 16000
TIME_S = np.arange(RATE_HZ) / RATE_HZ


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=RATE_HZ)


def low_passed(cutoff_hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(noise())
    spectrum[np.fft.rfftfreq(RATE_HZ, 1 / RATE_HZ) > cutoff_hz] = 0
    audio = np.fft.irfft(spectrum)
    return 0.1 * audio / audio.std()


@pytest.mark.parametrize("f0_hz", [80.0, 220.0, 440.0, 900.0])
def test_the_pitch_of_a_tone_is_its_note(f0_hz: float) -> None:
    heard = describe(0.3 * np.sin(2 * np.pi * f0_hz * TIME_S), RATE_HZ)
    assert heard["pitch_midi"] == pytest.approx(69 + 12 * np.log2(f0_hz / 440), abs=0.2)
    assert heard["voiced_share"] > 0.9


def test_a_glide_spreads_the_pitch_and_noise_has_none() -> None:
    glide_hz = 220 * 2**TIME_S
    glide = describe(0.3 * np.sin(2 * np.pi * np.cumsum(glide_hz) / RATE_HZ), RATE_HZ)
    steady = describe(0.3 * np.sin(2 * np.pi * 220 * TIME_S), RATE_HZ)
    assert glide["pitch_spread_st"] > 6 > 1 > steady["pitch_spread_st"]
    assert describe(0.1 * noise(), RATE_HZ)["voiced_share"] < 0.2


def test_brighter_noise_is_brighter() -> None:
    heard = [describe(low_passed(cutoff_hz), RATE_HZ) for cutoff_hz in (500, 1000, 2000, 4000, 8000)]
    for name in ("centroid_hz_mean", "rolloff_hz_mean", "flatness_db_mean"):
        values = [one[name] for one in heard]
        assert values == sorted(values), name


def test_onsets_are_counted() -> None:
    for clicks in (2, 4, 7):
        audio = np.zeros(2 * RATE_HZ)
        for start in np.linspace(0.1, 1.8, clicks):
            at = round(start * RATE_HZ)
            audio[at : at + 200] = 0.3 * noise()[:200]
        assert describe(audio, RATE_HZ)["onsets_per_s"] == pytest.approx(clicks / 2)


def test_louder_is_louder_and_a_crescendo_rises() -> None:
    tone = np.sin(2 * np.pi * 440 * TIME_S)
    levels = [describe(gain * tone, RATE_HZ)["loudness_db"] for gain in (0.01, 0.1, 1.0)]
    assert np.diff(levels) == pytest.approx([20, 20], abs=0.5)
    assert describe(tone * TIME_S, RATE_HZ)["loudness_slope_db"] > 10 > 1 > describe(tone, RATE_HZ)["loudness_slope_db"]


@pytest.mark.parametrize("samples", [0, 1, 300, 5000])
def test_silence_and_scraps_are_finite(samples: int) -> None:
    heard = describe_all([np.zeros(samples), 0.1 * noise()[:samples]], RATE_HZ)
    assert heard.shape == (2, len(NAMES))
    assert np.isfinite(heard).all()


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_a_tone_is_the_same_at_any_rate(rate_hz: int) -> None:
    at_s = np.arange(rate_hz) / rate_hz
    heard = describe(0.3 * np.sin(2 * np.pi * 330 * at_s), rate_hz)
    assert list(heard) == list(NAMES)
    assert heard["pitch_midi"] == pytest.approx(64.0, abs=0.2)
    assert heard["centroid_hz_mean"] == pytest.approx(330, rel=0.5)


def test_every_descriptor_has_a_name_that_a_listener_knows() -> None:
    assert heard_as("mfcc3_mean") == "timbre"
    assert heard_as("centroid_hz_std") == "movement of brightness"
    assert all(heard_as(name) for name in NAMES)
