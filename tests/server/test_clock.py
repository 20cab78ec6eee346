"""Two bundles a second apart sound a second apart, to the sample, though the thread that plays is woken late now and then."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.clock import STEP_S, StreamClock

RATE_HZ, BLOCK, LATENCY_S = 48000, 256, 0.02
BEGAN_S = 1_700_000_000.0


def play(clock: StreamClock, seconds: float, card: float = 1.0, first: int = 0, late_s: float = 0.002) -> int:
    """Blocks handed over at the pace of a card that runs `card` times as fast as it says; each up to `late_s` late."""
    random = np.random.default_rng(first)
    sample = first
    while sample < first + seconds * RATE_HZ:
        sample += BLOCK
        lateness_s = random.exponential(late_s / 5) if late_s else 0.0
        clock.written(sample, BEGAN_S + sample / RATE_HZ / card + lateness_s, LATENCY_S)
    return sample


def test_times_are_as_far_apart_as_their_samples_however_late_the_thread_is() -> None:
    clock = StreamClock(RATE_HZ, BEGAN_S, LATENCY_S)
    sample = play(clock, 3)
    times_s = BEGAN_S + 3 + np.random.default_rng(0).uniform(0, 1, 100)
    before = [clock.sample_at(time_s) for time_s in times_s]
    play(clock, 5, first=sample)
    after = [clock.sample_at(time_s) for time_s in times_s]
    assert before == after, "the tie is not touched while it is good"
    ideal = (times_s - BEGAN_S) * RATE_HZ
    spacing = np.array(before) - ideal
    assert np.ptp(spacing) <= 1.0


def test_a_sample_is_heard_when_the_clock_says() -> None:
    """Handed over at 2 s with 20 ms before it, sample 96000 is heard at 2.02 s; late wake-ups do not count."""
    clock = StreamClock(RATE_HZ, BEGAN_S, LATENCY_S)
    play(clock, 3)
    assert clock.sample_at(BEGAN_S + 2.0 + LATENCY_S) == pytest.approx(2 * RATE_HZ, abs=0.0006 * RATE_HZ)


@pytest.mark.parametrize("card", [1 + 1e-4, 1 - 1e-4])
def test_it_follows_a_card_that_is_a_little_fast_or_slow(card: float) -> None:
    """A minute at 100 parts in a million is 6 ms, and would be heard as a flam."""
    clock = StreamClock(RATE_HZ, BEGAN_S, LATENCY_S)
    sample = play(clock, 60, card)
    now_s = BEGAN_S + sample / RATE_HZ / card
    assert (clock.sample_at(now_s + LATENCY_S) - sample) / RATE_HZ == pytest.approx(0, abs=0.0015)


def test_after_an_underrun_it_ties_anew_at_once() -> None:
    clock = StreamClock(RATE_HZ, BEGAN_S, LATENCY_S)
    sample = play(clock, 3)
    gap_s = 20 * STEP_S
    for block in range(1, 3 * RATE_HZ // BLOCK):
        at = sample + block * BLOCK
        clock.written(at, BEGAN_S + at / RATE_HZ + gap_s, LATENCY_S)
    assert clock.sample_at(BEGAN_S + 7 + gap_s + LATENCY_S) == pytest.approx(7 * RATE_HZ, abs=48)


def test_while_the_buffer_fills_the_latest_block_counts() -> None:
    """The first blocks are taken as fast as they come: what they say of time is over when the buffer is full."""
    clock = StreamClock(RATE_HZ, BEGAN_S, LATENCY_S)
    for block in range(1, 5):
        clock.written(block * BLOCK, BEGAN_S, LATENCY_S)
    assert clock.sample_at(BEGAN_S + LATENCY_S) == 4 * BLOCK
