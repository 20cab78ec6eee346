"""Resampling in blocks sounds as resampling in one piece, on time, with nothing added that is heard."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from latentone.server.resampler import Resampler

RATES = [(16000, 48000), (16000, 44100), (32000, 48000), (44100, 48000), (48000, 44100)]


def resample(audio: np.ndarray, from_hz: int, to_hz: int, sizes: list[int]) -> np.ndarray:
    """All of `audio` (rows, samples), in blocks of the output's samples that go round `sizes`."""
    resampler = Resampler(from_hz, to_hz, audio.shape[0], audio.shape[1])
    outputs = audio.shape[1] * to_hz // from_hz
    audio = np.pad(audio, ((0, 0), (0, resampler.ahead_samples + 2)))
    blocks, given, at = [], 0, 0
    while at < outputs:
        for size in sizes:
            size = min(size, outputs - at)
            needed = max(resampler.needs(at + size), given)
            resampler.put(audio[:, given:needed])
            given = needed
            blocks.append(np.zeros((audio.shape[0], size), np.float32))
            resampler.take(at, blocks[-1])
            at += size
    return np.concatenate(blocks, axis=1)


def sine(rate_hz: int, frequency_hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz).astype(np.float32)[np.newaxis]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_odd_blocks_equal_one_pass(from_hz: int, to_hz: int) -> None:
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (2, from_hz // 4)).astype(np.float32)
    whole = resample(noise, from_hz, to_hz, [to_hz])
    np.testing.assert_array_equal(resample(noise, from_hz, to_hz, [1, 7, 160, 333, 0]), whole)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("frequency_hz", [440.0, 3000.0, 6500.0])
def test_a_sine_stays_the_same_sine_at_the_same_time(from_hz: int, to_hz: int, frequency_hz: float) -> None:
    """Level, phase and purity: what is left when the ideal sine is taken out is 70 dB down."""
    heard = resample(sine(from_hz, frequency_hz), from_hz, to_hz, [160])[0]
    middle = slice(to_hz // 4, to_hz * 3 // 4)
    wanted = sine(to_hz, frequency_hz)[0]
    fit = float(heard[middle] @ wanted[middle] / (wanted[middle] @ wanted[middle]))
    assert abs(20 * np.log10(fit)) < 0.02
    rest = np.sqrt(np.mean((heard[middle] - fit * wanted[middle]) ** 2))
    assert 20 * np.log10(rest) < -70


@pytest.mark.parametrize(("from_hz", "to_hz"), [(16000, 48000), (48000, 16000)])
def test_what_does_not_fit_into_the_band_is_not_folded_into_it(from_hz: int, to_hz: int) -> None:
    """Upwards no image above the old band is heard, downwards no alias of what the new one cannot hold."""
    top_hz = 6500.0 if from_hz < to_hz else 10000.0
    heard = resample(sine(from_hz, top_hz), from_hz, to_hz, [160])[0]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) / len(heard) * 4
    frequencies = np.fft.rfftfreq(len(heard), 1 / to_hz)
    elsewhere = spectrum[np.abs(frequencies - 6500.0) > 20]
    assert 20 * np.log10(elsewhere.max()) < -65


def test_it_looks_ahead_by_under_two_milliseconds() -> None:
    assert Resampler(16000, 48000, 1, 64).ahead_samples / 16000 < 0.002


def test_equal_rates_pass_through_untouched_and_undelayed() -> None:
    noise = np.random.default_rng(3).normal(size=(3, 500)).astype(np.float32)
    np.testing.assert_array_equal(resample(noise, 16000, 16000, [33]), noise)
    assert Resampler(16000, 16000, 1, 64).ahead_samples == 0


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_place_in_the_output_and_in_the_input_are_the_same_moment(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz, 1, 64)
    for sample in (0, 1, 63, 1000, 48001):
        there = resampler.output_sample(sample)
        assert 0 <= there / to_hz - sample / from_hz < 1 / to_hz
        if from_hz <= to_hz:
            assert resampler.input_sample(there) == sample


def test_it_goes_on_from_a_state_as_if_nothing_had_been() -> None:
    noise = np.random.default_rng(4).normal(size=(1, 4000)).astype(np.float32)
    first, second = (Resampler(16000, 44100, 1, 4000) for _ in range(2))
    out, again = np.zeros((1, 500), np.float32), np.zeros((1, 500), np.float32)
    first.put(noise[:, : first.needs(1000)])
    first.take(0, np.zeros((1, 1000), np.float32))
    second.load(first.save())
    for resampler, heard in ((first, out), (second, again)):
        resampler.put(noise[:, resampler.needs(1000) : resampler.needs(1500)])
        resampler.take(1000, heard)
    assert np.abs(out).max() > 0.1
    np.testing.assert_array_equal(out, again)


def test_playing_allocates_nothing_that_stays() -> None:
    resampler = Resampler(16000, 48000, 2, 64)
    audio, out = np.zeros((2, 64), np.float32), np.zeros((2, 192), np.float32)
    resampler.put(np.zeros((2, resampler.ahead_samples + 1), np.float32))

    def play(blocks: int, start: int) -> None:
        for block in range(start, start + blocks):
            resampler.put(audio)
            resampler.take(192 * block, out)

    play(100, 0)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        play(2000, 100)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1024
