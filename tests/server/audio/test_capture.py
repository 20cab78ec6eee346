"""Live sound from a real JACK server: it arrives whole, at the rate that is asked for, and comes back with the server."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from jack_server import JackServer, wait_for
from latentone.export.errors import LatentoneError
from latentone.server.audio.capture import DeviceSound
from latentone.server.audio.ring import READ, SharedRing
from streaming_decoder import Echo
from test_play import serving

jack_client = pytest.importorskip("jack", reason="JACK-Client is not installed: pip install JACK-Client")
pytestmark = pytest.mark.usefixtures("no_shared_memory_is_left")


class Player:
    """A JACK client that plays a 441 Hz sine into our input."""

    def __init__(self) -> None:
        self._client = jack_client.Client("player", no_start_server=True)
        self._port = self._client.outports.register("out")
        self._at = 0
        self._client.set_process_callback(self._play)

    def __enter__(self) -> Player:
        self._client.activate()
        for number in range(2):
            name = f"PortAudio:in_{number}"
            assert wait_for(lambda name=name: self._client.get_ports(name), deadline_s=10)
            self._client.connect(self._port, name)
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.deactivate()
        self._client.close()

    def _play(self, frames: int) -> None:
        rate_hz = self._client.samplerate
        places = self._at + np.arange(frames)
        self._port.get_array()[:] = 0.5 * np.sin(2 * np.pi * 441 * places / rate_hz)
        self._at += frames


def read_s(sound: DeviceSound, seconds: float, rate_hz: int) -> np.ndarray:
    blocks, deadline_s = [], time.monotonic() + 20
    while sum(map(len, blocks)) < seconds * rate_hz:
        assert time.monotonic() < deadline_s
        block = sound.read(512)
        if block is not None:
            assert len(block) == 512
            blocks.append(block)
    return np.concatenate(blocks)


@pytest.mark.parametrize("rate_hz", [48000, 44100, 16000])
def test_what_is_played_into_it_is_heard_whole(jack: JackServer, rate_hz: int) -> None:
    """A hole or a repeated block would be heard by the encoder as a consonant that nobody said."""
    with DeviceSound() as sound, Player():
        sound.use_rate(rate_hz)
        read_s(sound, 0.5, rate_hz)
        heard = read_s(sound, 0.7, rate_hz)
        assert 0.0 < sound.latency_s < 0.3
        assert "48000 Hz" in sound.describe()
    step = 2 * np.cos(2 * np.pi * 441 / rate_hz)
    breaks = np.abs(heard[2:] - (step * heard[1:-1] - heard[:-2]))
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.02)
    assert np.median(breaks) < 2e-3
    assert np.count_nonzero(breaks > 2e-2) < 20, "but for a machine that is too busy for the player itself"


def test_a_server_that_dies_is_waited_for(jack: JackServer) -> None:
    with DeviceSound() as sound:
        sound.use_rate(16000)
        read_s(sound, 0.2, 16000)
        jack.kill()
        assert wait_for(lambda: sound.read(512) is None, deadline_s=10)
        jack.start()
        assert wait_for(lambda: sound.read(512) is not None, deadline_s=20)


def test_a_device_that_is_not_there_is_one_line(jack: JackServer) -> None:
    with pytest.raises(LatentoneError, match="audio input 'abacus' is not one of: ") as caught, DeviceSound("abacus"):
        pass
    assert len(str(caught.value).splitlines()) == 1


def test_what_a_microphone_hears_plays_the_knobs(jack: JackServer, tmp_path: Path) -> None:
    """The whole way in the real server: sound server, capturing process, encoder, knobs."""
    torch.jit.script(Echo().eval()).save(str(tmp_path / "echo.ts"))
    output = tmp_path / "heard.wav"
    with serving(tmp_path / "echo.ts", "--input", "device", "-o", output) as server:
        server.ask("/input/info")
        with Player():
            # a sine of 0.5 is 9 dB below full scale
            assert wait_for(lambda: abs(server.ask("/input/info").params[2] + 9.0) < 1.0, deadline_s=30)
            frames = server.ask("/input/info").params[5]
            assert wait_for(lambda: server.ask("/input/info").params[5] > frames + 40, deadline_s=30)
            assert "JACK" in server.ask("/input/info").params[0]
            server.ask("/quit")
            assert server.end()[0] == 0
    audio, _ = soundfile.read(output)
    assert np.median(audio[-4000:-800]) == pytest.approx(0.5 * math.tanh(0.5 * 2 / math.pi), abs=0.02)


def test_the_ring_gives_each_frame_once() -> None:
    ring = SharedRing.create(100, 2, 100)
    try:
        written, found = np.arange(260, dtype=np.float32), []
        for start in range(0, 260, 65):
            assert ring.write(np.tile(written[start : start + 65], (2, 1))) == 65
            found.append(ring.read(40))
            found.append(ring.read(1000))
        np.testing.assert_array_equal(np.concatenate(found)[:, 1], written)
        assert (ring.waiting, ring[READ]) == (0, 260)
    finally:
        ring.close(unlink=True)
