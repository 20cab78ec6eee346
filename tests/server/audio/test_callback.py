"""What the device is given when the engine is late: the compiled callback between a real ring and a device that a test turns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from latentone.server.audio import callback as compiled
from latentone.server.audio import ring as words
from latentone.server.audio.ring import SharedRing

RATE_HZ = 48000
BLOCK_FRAMES = 128
FADE_FRAMES = 240
CAPACITY_FRAMES = 1024
STEP = 2 * np.pi * 440 / RATE_HZ


class Player:
    """A ring and the callback's own memory; one `turn` is one block of time. The sound is a 440 Hz sine."""

    def __init__(self, ring: SharedRing) -> None:
        self.ring = ring
        self.words = np.ndarray(words.WORDS, np.int64, ring._memory.buf)
        self.frames = np.ndarray((ring.frames, 1), np.float32, ring._memory.buf, words.HEADER_BYTES)
        self.own = np.zeros(compiled.OWN_WORDS, np.int64)
        self.own[compiled.RATE_HZ] = self.own[compiled.FALLEN] = RATE_HZ
        self.numbers = np.zeros(compiled.BEFORE + 2)
        self.blocks: list[np.ndarray] = []
        self.sent = 0

    def send(self, most: int = CAPACITY_FRAMES) -> None:
        phase = STEP * np.arange(self.sent, self.sent + most)
        self.sent += self.ring.write(np.sin(phase).astype(np.float32)[np.newaxis])

    def turn(self, times: int = 1, sending: bool = True) -> None:
        for _ in range(times):
            if sending:
                self.send()
            block = np.empty((BLOCK_FRAMES, 1), np.float32)
            compiled.fill(block, self.words, self.frames, self.own, self.numbers)
            self.blocks.append(block[:, 0])

    @property
    def heard(self) -> np.ndarray:
        return np.concatenate(self.blocks)

    @property
    def dry(self) -> int:
        return self.ring[words.RING_DRY]

    @property
    def done(self) -> bool:
        return bool(self.own[compiled.DONE])


@pytest.fixture
def player() -> Iterator[Player]:
    ring = SharedRing.create(8192, 1, CAPACITY_FRAMES)
    player = Player(ring)
    yield player
    del player.words, player.frames
    ring.close(unlink=True)


def test_a_steady_writer_is_played_whole_without_an_underrun(player: Player):
    player.turn(100)
    assert player.dry == 0
    sine = np.sin(STEP * np.arange(100 * BLOCK_FRAMES))
    np.testing.assert_allclose(player.heard[FADE_FRAMES:], sine[FADE_FRAMES:], atol=1e-5)
    assert np.abs(np.diff(player.heard[:FADE_FRAMES])).max() < STEP, "it rises from silence"


def test_a_gap_fades_out_and_in_without_a_click_and_counts_once(player: Player):
    player.turn(40)
    player.turn(40, sending=False)
    player.turn(40)
    heard = player.heard
    assert np.abs(np.diff(heard)).max() < 1.5 * STEP, "a larger step would be heard as a click"
    assert (heard[60 * BLOCK_FRAMES : 80 * BLOCK_FRAMES] == 0.0).all(), "silence, not a stale block"
    assert player.dry == 1
    assert np.abs(heard[-1000:]).max() > 0.9, "and the sound is back"


def test_a_gap_of_any_length_at_any_place_has_no_step_and_loses_no_sample(player: Player):
    random = np.random.default_rng(4)
    for _ in range(60):
        player.turn(int(random.integers(1, 6)))
        player.turn(int(random.integers(1, 12)), sending=False)
        player.send(int(random.integers(1, CAPACITY_FRAMES)))
    assert np.abs(np.diff(player.heard)).max() < 2 * STEP
    assert player.ring[words.READ] + player.ring.waiting == player.sent
    assert player.dry > 10


def test_a_writer_who_is_back_within_the_fade_is_faded_over_to(player: Player):
    player.turn(40)
    player.turn(7, sending=False)
    assert player.dry == 0
    player.turn(1, sending=False)
    assert player.dry == 1
    player.turn(1)
    assert np.abs(np.diff(player.heard)).max() < 2 * STEP
    gap = player.heard[47 * BLOCK_FRAMES - 10 : 49 * BLOCK_FRAMES]
    assert np.count_nonzero(gap == 0.0) < BLOCK_FRAMES, "no silence longer than it has to be"


def test_too_little_to_go_on_with_waits_until_the_buffer_is_half_full(player: Player):
    player.send(CAPACITY_FRAMES // 2 - BLOCK_FRAMES)
    player.turn(5, sending=False)
    assert (player.heard == 0.0).all()
    player.send()
    player.turn(1, sending=False)
    assert player.heard.any()


def test_the_last_words_are_played_and_then_it_ends(player: Player):
    player.ring.write(np.ones((1, 100), np.float32))  # too little to start on, were there more to come
    player.ring[words.STOP] = 1
    turns = 0
    while not player.done:
        player.turn(sending=False)
        turns += 1
        assert turns < 20
    assert np.count_nonzero(player.heard) >= 100 - 1
    assert np.abs(np.diff(player.heard)).max() < 0.02, "even what ends in the middle of a wave ends softly"
    assert player.dry == 0, "playing out at the end is no underrun"


def test_every_channel_goes_its_own_way():
    ring = SharedRing.create(64, 2, 64)
    player = Player(ring)
    player.frames = np.ndarray((64, 2), np.float32, ring._memory.buf, words.HEADER_BYTES)
    player.numbers = np.zeros(compiled.BEFORE + 4)
    player.own[compiled.RISEN] = FADE_FRAMES
    player.own[compiled.SOUNDING] = 1
    ramp = np.arange(40, dtype=np.float32)
    ring.write(np.stack([ramp, -2 * ramp]))
    out = np.empty((40, 2), np.float32)
    compiled.fill(out, player.words, player.frames, player.own, player.numbers)
    assert (out[:, 0] == ramp).all()
    assert (out[:, 1] == -2 * ramp).all()
    del player.words, player.frames
    ring.close(unlink=True)


class Clock:
    """Calls of a device whose clock runs `drift` too fast, as a system's clock that is late by `jitter_s` sees them."""

    def __init__(self, drift: float) -> None:
        self.words = np.zeros(words.WORDS, np.int64)
        self.own = np.zeros(compiled.OWN_WORDS, np.int64)
        self.own[compiled.RATE_HZ] = RATE_HZ
        self.numbers = np.zeros(compiled.BEFORE)
        self.block_s = BLOCK_FRAMES / RATE_HZ * (1 + drift)
        self.blocks = 0

    def call(self, jitter_s: float, skipped_s: float = 0.0) -> float:
        """How far the stamp is from the true moment, in seconds."""
        true_s = 100.0 + self.blocks * self.block_s + skipped_s
        compiled.stamp(
            self.blocks * BLOCK_FRAMES, BLOCK_FRAMES, true_s + jitter_s, 0.001, self.words, self.own, self.numbers
        )
        self.blocks += 1
        assert self.words[words.STAMP] % 2 == 0
        return self.words[words.STAMP_NS] / 1e9 - true_s


def test_the_clock_forgets_jitter_and_follows_drift():
    """Jitter that came through would be heard in the spacing of events with time tags."""
    random, clock = np.random.default_rng(1), Clock(drift=1e-4)
    errors_s = np.array([clock.call(random.uniform(0, 3e-4)) for _ in range(20_000)])
    settled = errors_s[4000:]
    assert abs(settled.mean() - 1.5e-4) < 2e-5, "callbacks are late by so much in the mean"
    assert np.abs(np.diff(settled)).max() < 1e-5
    assert np.ptp(settled) < 6e-5


def test_after_a_device_has_skipped_the_clock_is_right_again_at_once():
    clock = Clock(drift=0.0)
    for _ in range(1000):
        clock.call(0.0)
    assert abs(clock.call(0.05)) < 0.005, "one late call is not believed"
    errors_s = [clock.call(0.0, skipped_s=0.02) for _ in range(20)]
    assert abs(errors_s[-1]) < 1e-6
