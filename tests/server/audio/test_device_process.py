"""What the audio process plays when the engine is late, and which device it takes; without PortAudio."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from latentone.server.audio import ring as words
from latentone.server.audio.device_process import CannotOpen, Feeder, choose, list_devices, open_mixer
from latentone.server.audio.ring import SharedRing

RATE_HZ = 48000
BLOCK_FRAMES = 128
FADE_FRAMES = 240
CAPACITY_FRAMES = 1024


class FakeQueue:
    """Stands for rtmixer's ring buffer."""

    def __init__(self) -> None:
        self.frames = np.zeros((0, 1), np.float32)

    def __len__(self) -> int:
        return 8192

    @property
    def read_available(self) -> int:
        return len(self.frames)

    def write(self, audio: np.ndarray) -> int:
        self.frames = np.concatenate([self.frames, audio])
        return len(audio)


class FakeMixer:
    """Stands for rtmixer's stream: an action ends when the queue runs dry."""

    channels = 1
    samplerate = float(RATE_HZ)

    def __init__(self, queue: FakeQueue) -> None:
        self.queue = queue
        self.heard: list[np.ndarray] = []
        self.actions: list[object] = []
        self.underflows = 0
        self.block_frames = BLOCK_FRAMES

    def play_ringbuffer(self, queue: FakeQueue) -> object:
        self.actions.append(action := object())
        return action

    def fetch_and_reset_stats(self) -> object:
        stats = SimpleNamespace(output_underflows=self.underflows, max_blocksize=self.block_frames)
        self.underflows = 0
        return SimpleNamespace(stats=stats)

    def callback(self) -> None:
        count = self.block_frames
        block, self.queue.frames = self.queue.frames[:count], self.queue.frames[count:]
        if len(block) < count:
            self.actions.clear()
        self.heard.append(np.pad(block[:, 0], (0, count - len(block))))


class Player:
    """A feeder between a real ring and a fake device; one `turn` is one block of time."""

    def __init__(self, ring: SharedRing) -> None:
        self.ring = ring
        self.queue = FakeQueue()
        self.mixer = FakeMixer(self.queue)
        self.feeder = Feeder(ring, self.mixer, self.queue, BLOCK_FRAMES)
        self.sent = 0

    def send(self) -> None:
        """Fill the ring with a 440 Hz sine."""
        phase = 2 * np.pi * 440 * np.arange(self.sent, self.sent + CAPACITY_FRAMES) / RATE_HZ
        self.sent += self.ring.write(np.sin(phase).astype(np.float32)[np.newaxis])

    def turn(self, times: int, sending: bool = True) -> None:
        for _ in range(times):
            if sending:
                self.send()
            self.feeder.step()
            self.mixer.callback()

    @property
    def heard(self) -> np.ndarray:
        return np.concatenate(self.mixer.heard)


@pytest.fixture
def player() -> Iterator[Player]:
    ring = SharedRing.create(8192, 1, CAPACITY_FRAMES)
    yield Player(ring)
    ring.close(unlink=True)


def test_a_steady_writer_is_played_whole_without_an_underrun(player: Player):
    player.turn(100)
    assert player.ring[words.UNDERRUNS] == 0
    start = int(np.flatnonzero(player.heard)[0]) - 1
    heard = player.heard[start + FADE_FRAMES : start + 10_000]
    phase = 2 * np.pi * 440 * np.arange(FADE_FRAMES, 10_000) / RATE_HZ
    np.testing.assert_allclose(heard, np.sin(phase), atol=1e-5)


def test_a_gap_fades_out_and_in_without_a_click_and_counts_once(player: Player):
    player.turn(40)
    player.turn(40, sending=False)
    player.turn(40)
    heard = player.heard
    largest_step_of_the_sine = 2 * np.pi * 440 / RATE_HZ
    assert np.abs(np.diff(heard)).max() < 1.5 * largest_step_of_the_sine, "a larger step would be heard as a click"
    assert np.abs(heard[20 * BLOCK_FRAMES :]).min() == 0.0
    assert (heard[60 * BLOCK_FRAMES : 80 * BLOCK_FRAMES] == 0.0).all(), "silence, not a stale block"
    assert player.ring[words.UNDERRUNS] == 1


def test_the_last_words_are_played_and_then_it_ends(player: Player):
    player.ring.write(np.ones((1, 100), np.float32))  # too little to start on, were there more to come
    player.ring[words.STOP] = 1
    turns = 0
    while player.feeder.step():
        player.mixer.callback()
        turns += 1
        assert turns < 20
    assert np.count_nonzero(player.heard) >= 100 - 1
    assert player.ring[words.UNDERRUNS] == 0


def test_a_feeder_that_woke_up_too_late_counts_it_and_starts_again(player: Player):
    player.turn(40)
    for _ in range(20):  # the device goes on while this process sleeps
        player.mixer.callback()
    player.turn(40)
    assert player.ring[words.UNDERRUNS] == 1
    assert np.abs(player.heard[-BLOCK_FRAMES:]).max() > 0.1


def test_the_callbacks_own_underflows_are_counted(player: Player):
    player.turn(40)
    player.mixer.underflows = 2
    player.turn(5)
    assert player.ring[words.DEVICE_UNDERFLOWS] == 2


def test_a_device_that_starts_to_take_larger_blocks_gets_a_larger_buffer(player: Player):
    player.turn(5)
    player.mixer.block_frames = 1024
    player.turn(5)
    assert player.ring[words.CAPACITY] >= 2 * 1024


class FakeSoundDevice:
    """PortAudio's tables, as sounddevice gives them."""

    apis: tuple[dict[str, Any], ...] = (
        {"name": "ALSA", "default_output_device": 1},
        {"name": "JACK Audio Connection Kit", "default_output_device": 3},
    )
    devices: tuple[dict[str, Any], ...] = (
        {"index": 0, "name": "HDMI", "hostapi": 0, "max_output_channels": 8},
        {"index": 1, "name": "USB Audio", "hostapi": 0, "max_output_channels": 2},
        {"index": 2, "name": "Microphone", "hostapi": 0, "max_output_channels": 0},
        {"index": 3, "name": "system", "hostapi": 1, "max_output_channels": 2},
    )

    def query_hostapis(self) -> tuple[dict[str, Any], ...]:
        return self.apis

    def query_devices(self) -> list[dict[str, Any]]:
        return [dict(device) for device in self.devices]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [(None, 3), (0, 0), ("0", 0), ("1", 1), ("usb", 1), ("alsa", 1), ("HDMI, ALSA", 0), ("system", 3)],
)
def test_devices_are_found_by_index_name_part_or_host_api(wanted: str | int | None, index: int):
    assert choose(list_devices(FakeSoundDevice()), wanted)["index"] == index


@pytest.mark.parametrize("wanted", ["microphone", 2, 99, "99"])
def test_a_device_that_cannot_play_is_an_error_that_lists_those_that_can(wanted: str | int):
    with pytest.raises(CannotOpen, match="3: system, JACK Audio Connection Kit; 1: USB Audio, ALSA; 0: HDMI") as caught:
        choose(list_devices(FakeSoundDevice()), wanted)
    assert not caught.value.unavailable


class FakeRtMixer:
    """Opens whatever it is asked for."""

    class Mixer:
        latency = 0.01

        def __init__(self, **asked: Any) -> None:
            pass

        def start(self) -> None:
            pass


@pytest.mark.parametrize(("wanted", "has", "opened"), [(None, 1, 1), (None, 2, 2), (None, 8, 2), (1, 2, 1), (4, 8, 4)])
def test_it_is_stereo_where_the_device_has_it_unless_a_number_is_given(wanted: int | None, has: int, opened: int):
    devices = FakeSoundDevice()
    devices.apis = ({"name": "ALSA", "default_output_device": 0},)
    devices.devices = (
        {"index": 0, "name": "speaker", "hostapi": 0, "max_output_channels": has, "default_samplerate": 48000.0},
    )
    devices.PortAudioError = OSError  # type: ignore[attr-defined]
    request = {"device": None, "sample_rate_hz": None, "channels": wanted, "latency_s": 0.02}
    assert open_mixer(devices, FakeRtMixer, request)[1]["channels"] == opened
