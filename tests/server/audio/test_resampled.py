"""Resampling in blocks sounds as resampling in one piece, as late as it says and no later."""

from __future__ import annotations

from typing import Self

import numpy as np
import pytest
from latentone.export.errors import LatentoneError
from latentone.server.audio.resampled import ResampledSink

RATES = [(16000, 48000), (16000, 44100), (44100, 48000), (48000, 44100)]


class MemorySink:
    """Keeps what it is given."""

    underruns = 0
    latency_s = 0.5

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.blocks: list[np.ndarray] = []
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.closed = True

    def write(self, audio: np.ndarray) -> None:
        self.blocks.append(audio.copy())

    def describe(self) -> str:
        return "memory"

    @property
    def audio(self) -> np.ndarray:
        return np.concatenate([np.zeros((self.channels, 0), np.float32), *self.blocks], axis=1)


def resample(audio: np.ndarray, from_hz: int, to_hz: int, sizes: list[int], channels: int = 2) -> np.ndarray:
    inner = MemorySink(to_hz, channels)
    with ResampledSink(inner, from_hz, audio.shape[0]) as sink:
        start = 0
        while start < audio.shape[1]:
            for size in sizes:
                sink.write(audio[:, start : start + size])
                start += size
    return inner.audio


def sine(rate_hz: int, seconds: float = 1.0, frequency_hz: float = 1000.0) -> np.ndarray:
    wave = np.sin(2 * np.pi * frequency_hz * np.arange(int(rate_hz * seconds)) / rate_hz)
    return wave.astype(np.float32)[np.newaxis]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_odd_blocks_equal_one_pass(from_hz: int, to_hz: int):
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (1, from_hz)).astype(np.float32)
    whole = resample(noise, from_hz, to_hz, [from_hz])
    np.testing.assert_array_equal(resample(noise, from_hz, to_hz, [1, 7, 160, 333]), whole)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_every_second_that_goes_in_comes_out(from_hz: int, to_hz: int):
    assert resample(sine(from_hz), from_hz, to_hz, [160]).shape == (2, to_hz)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("frequency_hz", [440.0, 6500.0])
def test_a_sine_stays_a_sine_of_the_same_level(from_hz: int, to_hz: int, frequency_hz: float):
    heard = resample(sine(from_hz, 1.0, frequency_hz), from_hz, to_hz, [160])[0][to_hz // 4 : to_hz * 3 // 4]
    phase = 2 * np.pi * frequency_hz * np.arange(len(heard)) / to_hz
    quadratures = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    fit = np.linalg.lstsq(quadratures, heard.astype(float), rcond=None)[0]
    level_db = 20 * np.log10(np.hypot(*fit))
    distortion_db = 20 * np.log10(np.abs(heard - quadratures @ fit).max())
    assert abs(level_db) < 0.01
    assert distortion_db < -90


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_the_reported_delay_is_the_one_an_impulse_shows(from_hz: int, to_hz: int):
    inner = MemorySink(to_hz, 1)
    at = from_hz // 2
    with ResampledSink(inner, from_hz) as sink:
        sink.write(np.zeros((1, at), np.float32))
        sink.write(np.ones((1, 1), np.float32))
        silence = np.zeros((1, 1), np.float32)
        late_samples = 0
        # one sample at a time, until the impulse's own moment has come out
        while inner.audio.shape[1] <= at * to_hz / from_hz:
            sink.write(silence)
            late_samples += 1
            assert late_samples < from_hz // 10
        assert abs(sink.delay_s * from_hz - late_samples) <= 1 + from_hz / to_hz
        assert sink.latency_s == sink.delay_s + inner.latency_s
    peak_s = np.abs(inner.audio[0]).argmax() / to_hz
    assert abs(peak_s - at / from_hz) < 1e-4, "and nothing is shifted besides"


def test_samples_come_as_steadily_as_they_go_in():
    inner = MemorySink(48000, 1)
    with ResampledSink(inner, 16000) as sink:
        for _ in range(100):
            sink.write(np.zeros((1, 160), np.float32))
        sizes = {block.shape[1] for block in inner.blocks[5:]}
    assert max(sizes) - min(sizes) <= 3, "bursts would starve a short ring"


def test_mono_goes_to_every_channel():
    heard = resample(sine(16000, 0.1), 16000, 16000, [100], channels=4)
    assert (heard == sine(16000, 0.1)).all()
    assert heard.shape[0] == 4


def test_equal_rates_pass_through_untouched_and_undelayed():
    inner = MemorySink(16000, 2)
    block = np.ones((2, 10), np.float32)
    with ResampledSink(inner, 16000, 2) as sink:
        sink.write(block)
        assert sink.latency_s == inner.latency_s
    assert inner.closed
    np.testing.assert_array_equal(inner.audio, block)


def test_channels_that_do_not_fit_are_an_error_and_close_the_inner_sink():
    inner = MemorySink(48000, 2)
    with (
        pytest.raises(LatentoneError, match="the sound has 3 channels and memory has 2"),
        ResampledSink(inner, 48000, 3),
    ):
        pass
    assert inner.closed
