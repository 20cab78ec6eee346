"""The null sink paces the engine as a sound card would."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.audio.null import NullSink

BLOCK = np.zeros((1, 1600), np.float32)  # 0.1 s


class FakeTime:
    """A clock that moves only when somebody sleeps, or when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, wait_s: float) -> None:
        self.now_s += wait_s


def timed(latency_s: float = 0.25) -> tuple[NullSink, FakeTime]:
    time = FakeTime()
    return NullSink(16000, 1, latency_s, time.clock, time.sleep), time


def test_writes_return_at_once_until_the_buffer_is_full_and_then_keep_pace():
    sink, time = timed(latency_s=0.25)
    times_s = []
    with sink:
        for _ in range(5):
            sink.write(BLOCK)
            times_s.append(time.now_s - 1000.0)
    assert times_s == pytest.approx([0.0, 0.0, 0.05, 0.15, 0.25])
    assert sink.underruns == 0


def test_small_first_pieces_fill_the_buffer_before_anything_plays():
    """A resampler answers the first block with little; heard as playing already, every start would be an underrun."""
    sink, time = timed(latency_s=0.25)
    with sink:
        for _ in range(20):
            sink.write(BLOCK[:, :80])  # 5 ms, each made in 10
            time.now_s += 0.01
        assert sink.underruns == 0
        sink.write(BLOCK)
        time.now_s += 0.3
        sink.write(BLOCK)
        assert sink.underruns == 1


def test_leaving_plays_out_what_was_written():
    sink, time = timed()
    with sink:
        sink.write(BLOCK)
    assert time.now_s == pytest.approx(1000.1)


def test_a_late_writer_is_one_underrun_and_time_starts_again_from_there():
    sink, time = timed(latency_s=0.1)
    with sink:
        sink.write(BLOCK)
        time.now_s += 3.0
        sink.write(BLOCK)
        assert sink.underruns == 1
        late_s = time.now_s
        sink.write(BLOCK)
        assert time.now_s - late_s == pytest.approx(0.1), "no rush to catch up with three lost seconds"
        assert sink.underruns == 1


def test_hours_of_odd_blocks_do_not_drift():
    sink, time = timed(latency_s=0.1)
    block = np.zeros((1, 163), np.float32)
    with sink:
        for _ in range(100_000):
            sink.write(block)
    assert time.now_s - 1000.0 == pytest.approx(163 * 100_000 / 16000, abs=1e-6)
    assert sink.underruns == 0


def test_it_says_which_sample_would_be_heard_when_and_counts_on_after_a_gap():
    sink, time = timed(latency_s=0.2)
    with sink:
        assert sink.played() is None
        sink.write(BLOCK)
        assert sink.played() == (0, 1000.0)
        time.now_s += 0.0625
        assert sink.played() == (1000, 1000.0625)
        time.now_s = 1003.0
        for _ in range(2):
            sink.write(BLOCK)
        assert sink.played() == (1600, 1003.0), "what came after the gap is heard from here on"
