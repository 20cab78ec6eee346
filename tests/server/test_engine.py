"""What the engine promises between an event and a sample, asked of a decoder whose sound can be read back."""

from __future__ import annotations

import threading
import time
import tracemalloc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fakes import FakeDecoder, ListSink
from latentone.server import agenda as agenda_module
from latentone.server.audio.null import NullSink
from latentone.server.engine import Engine
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping
from latentone.server.motion import IdleMotion
from latentone.server.motion.idle import AMPLITUDE
from rig import HOP, RATE_HZ, Rig


def a_busy_second(control_samples: int = HOP, **options: Any) -> np.ndarray:
    rig = Rig(FakeDecoder(control_samples=control_samples), glide_s=0.03, **options)
    rig.send("/temperature", 0.2)
    rig.send("/latent/0", 0.9, at_sample=1000)
    rig.send("/gain_db", -12.0, at_sample=3333)
    rig.send("/gain_db", -3.0, at_sample=3350)
    for step in range(5):  # a sweep: a new temperature every second frame, so in the middle of most blocks
        rig.send("/temperature", 0.2 + 0.1 * step, at_sample=4000 + 2 * HOP * step)
    rig.send("/latent", -0.5, 0.1, at_sample=5000)
    rig.send("/glide_s", 0.0, at_sample=5000)
    rig.send("/latent/0", 0.7, at_sample=9000)
    return rig.play(1.0)


def test_the_same_score_and_seed_give_the_same_samples() -> None:
    np.testing.assert_array_equal(a_busy_second(seed=7), a_busy_second(seed=7))
    assert not np.array_equal(a_busy_second(seed=7), a_busy_second(seed=8))


@pytest.mark.parametrize("block_samples", [1, 17, 64, 200, 1024, 16000])
@pytest.mark.parametrize("control_samples", [1, 64])
def test_the_block_size_is_not_heard(block_samples: int, control_samples: int) -> None:
    """Noise, glides, gain, temperature and timed events depend on the sample only, whatever the block they fall into."""
    np.testing.assert_array_equal(
        a_busy_second(control_samples, block_samples=block_samples), a_busy_second(control_samples, block_samples=320)
    )


@pytest.mark.parametrize("at_sample", [0, 63, 64, 500, 1279, 1280])
@pytest.mark.parametrize("control_samples", [1, 4, 16, 64])
def test_a_timed_event_takes_effect_on_its_sample_as_near_as_the_decoder_can(
    control_samples: int, at_sample: int
) -> None:
    """Down to the very sample: a flam of two instruments is heard from a few milliseconds on."""
    rig = Rig(FakeDecoder(control_samples=control_samples))
    rig.send("/latent/0", 0.8, at_sample=at_sample)
    rig.send("/temperature", 0.0)
    heard = rig.play(0.2)
    start = at_sample // control_samples * control_samples
    assert np.flatnonzero(heard)[0] == start
    np.testing.assert_allclose(heard[max(start, HOP) : -HOP], 0.4)


def test_a_block_without_events_is_one_call_and_one_with_is_cut_there() -> None:
    """Each call costs; only an event that names a sample inside the block is worth one."""
    decoder = FakeDecoder(control_samples=1)
    rig = Rig(decoder)
    rig.send("/latent/0", 0.3)
    rig.send("/latent/0", 0.8, at_sample=5 * HOP)
    rig.send("/latent/0", 0.8, at_sample=10 * HOP + 7)
    rig.play(25 * HOP / RATE_HZ)
    assert decoder.streams[0].calls == 5 + 1 + 1, "five blocks, one cut for the event and one for the closing fade"


def test_what_was_heard_before_an_event_does_not_depend_on_it() -> None:
    """An event cuts a block in two; the noise and the knobs around the cut go on as if it were not there."""
    plain, cut = (Rig(FakeDecoder(control_samples=1), glide_s=0.2) for _ in range(2))
    for rig in (plain, cut):
        rig.send("/temperature", 0.3)
        rig.send("/latent/0", 1.0, at_sample=100)
    cut.send("/latent/1", 1.0, at_sample=1001)
    np.testing.assert_allclose(cut.play(0.2), plain.play(0.2), atol=1e-7)


def test_a_glide_bends_at_the_sample_of_its_event() -> None:
    """The later within a frame the turn, the less of the new way is behind it by the frame's end."""
    ends = []
    for late in (0, 16, 32, 48):
        rig = Rig(FakeDecoder(control_samples=1), glide_s=0.1)
        rig.send("/latent/0", 1.0, at_sample=10 * HOP + late)
        heard = rig.play(0.2)
        assert np.all(heard[: 10 * HOP + late] == 0)
        ends.append(heard[20 * HOP + 5])
        exact = 1.0 - (1.0 + (omega := 6.638352 / (0.1 * RATE_HZ) * (11 * HOP - late))) * np.exp(-omega)
        assert heard[20 * HOP + 5] == pytest.approx(0.5 * exact, abs=1e-6)
    assert all(sooner > later for sooner, later in pairwise(ends))


def test_events_of_one_sample_keep_their_order() -> None:
    rig = Rig()
    for value in (0.1, 0.9, 0.3):
        rig.send("/latent/0", value, at_sample=640)
    assert rig.play(0.1)[700] == pytest.approx(0.15)


def test_late_and_surplus_events_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda_module, "WAITING_EVENTS", 2)
    rig = Rig()
    rig.send("/latent/0", 0.2, at_sample=-1)
    for _ in range(3):
        rig.send("/latent/0", 0.4, at_sample=10**9)
    heard = rig.play(0.1)
    assert heard[200] == pytest.approx(0.1), "a late event counts at once"
    assert (rig.engine.status().events_late, rig.engine.status().events_dropped) == (1, 1)


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


@pytest.mark.parametrize("start", [640, 650])
def test_gain_moves_in_a_straight_line_of_a_frame_that_starts_at_the_event(start: int) -> None:
    rig = Rig(FakeDecoder(control_samples=1))
    rig.send("/latent/0", 1.0)
    rig.send("/gain_db", -6.0206, at_sample=start)
    heard = rig.play(0.2)
    np.testing.assert_allclose(heard[start : start + HOP], 0.5 - 0.25 * np.arange(1, 65) / 64, atol=1e-5)
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
    decoder = FakeDecoder(**{fault: (4,)})  # pyright: ignore[reportArgumentType]
    rig = Rig(decoder)
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
    assert decoder.streams[0].resets == [1], "what led to the failure may live in the state"


def test_a_decoder_that_always_fails_is_silent_and_leaves_the_engine_alive() -> None:
    rig = Rig(FakeDecoder(broken_calls=tuple(range(1000))))
    rig.send("/latent/0", 1.0)
    assert np.all(rig.play(0.5) == 0)
    assert rig.engine.status().faults == 25
    assert "told to break" in rig.engine.status().first_fault


def test_untouched_it_drifts_and_the_first_touch_takes_over_without_a_jump() -> None:
    rig = Rig(glide_s=0.05, idle=IdleMotion(4))
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
    rig = Rig(glide_s=0.0, idle=IdleMotion(4))
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
    mapping = Mapping([0.0] * 4, temperature=0.1, glide_s=0.01, voices=2)
    sink = _NowhereSink()
    engine = Engine(FakeDecoder(control_samples=1), sink, mapping, Levels(voices=2), queue, block_samples=320)

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
    """Drops what it gets, sends messages for the next block and for inside it, and stops after `left` blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0
        self.stop = threading.Event()
        self.queue = EventQueue()
        self.written_samples = 0

    def write(self, audio: np.ndarray) -> None:
        self.written_samples += audio.shape[1]
        self.queue.put(ControlEvent("/latent/0", (float(self.left % 3),)))
        self.queue.put(ControlEvent("/voice/1/gate", (self.left // 8 % 2,), self.written_samples + 100))
        self.left -= 1
        if self.left <= 1:
            self.stop.set()


def test_the_clock_of_the_wall_maps_to_the_stream() -> None:
    """With a sink that keeps time, a moment 1 s ahead is 1 s of samples further; accuracy is about a block."""
    sink = NullSink(RATE_HZ, 1, 0.02)
    engine = Engine(
        FakeDecoder(),
        sink,
        Mapping([0.0] * 4, temperature=0, glide_s=0),
        Levels(),
        EventQueue(),
        block_samples=320,
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
