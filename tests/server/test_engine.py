"""What the engine promises between an event and a sample, asked of a decoder whose sound can be read back."""

from __future__ import annotations

import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from fakes import FakeDecoder, ListSink
from latentone.server import engine as engine_module
from latentone.server.audio.null import NullSink
from latentone.server.engine import Engine
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.idle import AMPLITUDE, IdleMotion
from latentone.server.mapping import Mapping

RATE_HZ = 16000
HOP = 64


class Rig:
    """An engine with everything around it; `play` runs it and returns what was heard."""

    def __init__(self, decoder: FakeDecoder | None = None, glide_s: float = 0.0, **options: Any) -> None:
        self.decoder = decoder or FakeDecoder()
        self.mapping = Mapping([0.0] * 4, gain_db=0.0, temperature=0.0, glide_s=glide_s)
        self.queue = EventQueue()
        self.sink = ListSink()
        self.engine = Engine(self.decoder, self.sink, self.mapping, self.queue, **{"block_frames": 5, **options})

    def send(self, address: str, *values: float, at_sample: int | None = None) -> None:
        assert self.queue.put(ControlEvent(address, values, at_sample))

    def play(self, seconds: float) -> np.ndarray:
        self.engine.run(threading.Event(), seconds)
        return self.sink.audio


def a_busy_second(**options: Any) -> np.ndarray:
    rig = Rig(glide_s=0.03, **options)
    rig.send("/temperature", 0.2)
    rig.send("/latent/0", 0.9, at_sample=1000)
    rig.send("/gain_db", -12.0, at_sample=3333)
    for step in range(5):  # a sweep: a new temperature every second frame, so in the middle of most blocks
        rig.send("/temperature", 0.2 + 0.1 * step, at_sample=4000 + 2 * HOP * step)
    rig.send("/latent", -0.5, 0.1, at_sample=5000)
    rig.send("/glide_s", 0.0, at_sample=5000)
    rig.send("/latent/0", 0.7, at_sample=9000)
    return rig.play(1.0)


def test_the_same_score_and_seed_give_the_same_samples() -> None:
    np.testing.assert_array_equal(a_busy_second(seed=7), a_busy_second(seed=7))
    assert not np.array_equal(a_busy_second(seed=7), a_busy_second(seed=8))


@pytest.mark.parametrize("block_frames", [1, 3, 16, 250, 1000])
def test_the_block_size_is_not_heard(block_frames: int) -> None:
    """Noise, glides, gain, temperature and timed events depend on the sample only, whatever the block they fall into."""
    np.testing.assert_array_equal(a_busy_second(block_frames=block_frames), a_busy_second(block_frames=5))


@pytest.mark.parametrize("at_sample", [0, 63, 64, 500, 1279, 1280])
def test_a_timed_event_starts_at_the_frame_that_contains_its_sample(at_sample: int) -> None:
    rig = Rig()
    rig.send("/latent/0", 0.8, at_sample=at_sample)
    heard = rig.play(0.2)
    frame = at_sample // HOP
    assert np.all(heard[: frame * HOP] == 0)
    assert heard[frame * HOP + HOP - 1] == pytest.approx(0.4)


def test_events_of_one_sample_keep_their_order() -> None:
    rig = Rig()
    for value in (0.1, 0.9, 0.3):
        rig.send("/latent/0", value, at_sample=640)
    assert rig.play(0.1)[700] == pytest.approx(0.15)


def test_late_and_surplus_events_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "WAITING_EVENTS", 2)
    rig = Rig()
    rig.send("/latent/0", 0.2, at_sample=-1)
    for _ in range(3):
        rig.send("/latent/0", 0.4, at_sample=10**9)
    heard = rig.play(0.1)
    assert heard[200] == pytest.approx(0.1), "a late event counts at once"
    assert (rig.engine.status().events_late, rig.engine.status().events_dropped) == (1, 2)


def test_a_flood_of_messages_delays_messages_not_sound() -> None:
    rig = Rig()
    for index in range(4000):
        rig.send("/latent/0", index / 4000)
    heard = rig.play(0.5)
    assert heard[-2 * HOP] == pytest.approx(3999 / 8000)
    assert rig.engine.status().events_dropped == 0


def test_a_score_of_any_length_is_played_on_time() -> None:
    """Even with thousands of events at one moment; the last of a frame is what sounds."""
    rig = Rig()
    rig.engine.schedule(ControlEvent("/latent/0", (frame % 7 / 7,), frame * HOP) for frame in range(125))
    rig.engine.schedule(ControlEvent("/latent/0", (index / 5000,), 125 * HOP) for index in range(5001))
    heard = rig.play(1.0)[HOP - 1 :: HOP]
    np.testing.assert_allclose(heard[:125], 0.5 * (np.arange(125) % 7) / 7, atol=1e-6)
    np.testing.assert_allclose(heard[125:-1], 0.5)
    assert rig.engine.status().events_late == rig.engine.status().events_dropped == 0


def test_gain_moves_in_a_straight_line_within_a_frame() -> None:
    rig = Rig()
    rig.send("/latent/0", 1.0)
    rig.send("/gain_db", -6.0206, at_sample=640)
    heard = rig.play(0.2)
    np.testing.assert_allclose(heard[640:704], 0.5 - 0.25 * np.arange(1, 65) / 64, atol=1e-5)
    assert np.abs(np.diff(heard)).max() <= 0.5 / HOP + 1e-6, "start and end included: a step is a click"
    assert heard[-1] == 0


def test_a_knob_glides_and_never_jumps() -> None:
    rig = Rig(glide_s=0.1)
    rig.send("/latent/0", 1.0, at_sample=640)
    heard = rig.play(0.3)[::HOP]
    assert np.abs(np.diff(heard)).max() < 0.06
    assert heard[10 + 25] == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("fault", ["broken_calls", "nan_calls"])
def test_a_bad_block_is_a_short_fade_and_the_sound_returns(fault: str) -> None:
    rig = Rig(FakeDecoder(**{fault: (4,)}))
    rig.send("/latent/0", 1.0)
    heard = rig.play(0.2)
    start = 4 * 5 * HOP
    assert np.all(np.isfinite(heard))
    assert np.abs(np.diff(heard)).max() <= 0.5 / HOP + 1e-6, "into the gap and out of it without a click"
    assert np.all(heard[start + HOP : start + 5 * HOP] == 0)
    assert heard[start + 7 * HOP] == pytest.approx(0.5)
    status = rig.engine.status()
    assert status.faults == 1
    assert status.first_fault


def test_a_decoder_that_always_fails_is_silent_and_leaves_the_engine_alive() -> None:
    rig = Rig(FakeDecoder(broken_calls=tuple(range(1000))))
    rig.send("/latent/0", 1.0)
    assert np.all(rig.play(0.5) == 0)
    assert rig.engine.status().faults == 25
    assert "told to break" in rig.engine.status().first_fault


def test_untouched_it_drifts_and_the_first_touch_takes_over_without_a_jump() -> None:
    rig = Rig(glide_s=0.05, idle=IdleMotion(np.zeros(4), RATE_HZ / HOP))
    rig.send("/gain_db", 0.0)
    rig.send("/latent/0", -1.0, at_sample=6 * RATE_HZ)
    heard = rig.play(8.0)[::HOP]
    drifting, after = heard[:1500], heard[1500:-1]
    assert np.ptp(drifting) > 0.2 * AMPLITUDE, "an untouched instrument must be heard to move"
    assert np.all(np.abs(drifting) <= 0.5 * AMPLITUDE)
    assert np.abs(np.diff(heard[:-1])).max() < 0.2, "a jump would be at least 0.25"
    np.testing.assert_allclose(after[50:], -0.5, atol=1e-3)
    assert not rig.engine.status().idle


def test_targets_are_where_it_drifts_until_a_knob_is_turned() -> None:
    """A preset of a sound that drifts by itself must bring back that sound, not the home it drifts around."""
    rig = Rig(glide_s=0.0, idle=IdleMotion(np.zeros(4), RATE_HZ / HOP))
    assert rig.engine.targets() == [0.0] * 4
    heard = rig.play(1.0)
    assert rig.engine.targets()[0] == pytest.approx(2 * heard[-HOP - 1], abs=0.01)
    assert abs(rig.engine.targets()[0]) > 0.05
    rig.send("/latent/0", 0.75)
    rig.play(1.1)
    assert rig.engine.targets() == [0.75, 0.0, 0.0, 0.0]


def test_an_event_counts_as_done_once_it_was_applied() -> None:
    rig = Rig()
    rig.send("/latent/0", 0.8)
    rig.send("/latent/1", 0.8, at_sample=10**9)
    assert (rig.queue.put_count, rig.queue.done_count) == (2, 0)
    rig.play(0.01)
    assert rig.queue.done_count == 2
    assert rig.engine.targets()[0] == pytest.approx(0.8)


def test_the_event_in_hand_is_not_yet_done() -> None:
    queue = EventQueue()
    queue.put(ControlEvent("/panic", ()))
    queue.take()
    assert queue.done_count == 0, "it was taken, and may not have been applied yet"
    queue.take()
    assert queue.done_count == 1


def test_a_stop_ends_in_silence() -> None:
    rig = Rig()
    rig.send("/latent/0", 1.0)
    stop = threading.Event()
    player = threading.Thread(target=rig.engine.run, args=(stop,))
    player.start()
    deadline = time.monotonic() + 10
    while rig.engine.status().seconds < 0.1 and time.monotonic() < deadline:
        time.sleep(0.001)
    stop.set()
    player.join(10)
    assert not player.is_alive()
    assert rig.sink.audio[-1] == 0
    assert np.abs(np.diff(rig.sink.audio)).max() <= 0.5 / HOP + 1e-6


def test_the_block_loop_holds_no_memory() -> None:
    """Nothing that the engine allocates while it plays and takes events is still there later."""
    queue = EventQueue()
    mapping = Mapping([0.0] * 4, gain_db=0.0, temperature=0.1, glide_s=0.01)
    sink = _NowhereSink()
    engine = Engine(FakeDecoder(), sink, mapping, queue, block_frames=5)

    def play(blocks: int) -> None:
        sink.stop.clear()
        sink.left = blocks
        engine.run(sink.stop)

    sink.queue = queue
    play(200)
    tracemalloc.start()
    try:
        play(200)
        before, _ = tracemalloc.get_traced_memory()
        play(3000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4096


class _NowhereSink(ListSink):
    """Drops what it gets, sends a message a block, and stops after `left` blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0
        self.stop = threading.Event()
        self.queue = EventQueue()

    def write(self, audio: np.ndarray) -> None:
        self.queue.put(ControlEvent("/latent/0", (float(self.left % 3),)))
        self.left -= 1
        if self.left <= 1:
            self.stop.set()


def test_the_clock_of_the_wall_maps_to_the_stream() -> None:
    """With a sink that keeps time, a moment 1 s ahead is 1 s of samples further; accuracy is about a block."""
    sink = NullSink(RATE_HZ, 1, 0.02)
    engine = Engine(
        FakeDecoder(), sink, Mapping([0.0] * 4, gain_db=0, temperature=0, glide_s=0), EventQueue(), block_frames=5
    )
    stop = threading.Event()
    with sink:
        player = threading.Thread(target=engine.run, args=(stop,))
        player.start()
        try:
            deadline = time.monotonic() + 10
            while engine.status().seconds < 0.2 and time.monotonic() < deadline:
                time.sleep(0.001)
            now = time.time()
            assert engine.sample_at(now + 1.0) - engine.sample_at(now) == pytest.approx(RATE_HZ, abs=2 * 5 * HOP)
            assert engine.sample_at(now + 60.0) > engine.status().seconds * RATE_HZ
        finally:
            stop.set()
            player.join(10)
