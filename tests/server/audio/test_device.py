"""The device sink on a real JACK server: it sounds, it keeps time, and it survives the server's death."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from jack_server import JackServer, wait_for
from latentone.export.errors import LatentoneError
from latentone.server.audio.device import DeviceSink
from latentone.server.audio.devices import AudioUnavailable, output_devices

pytestmark = pytest.mark.usefixtures("no_shared_memory_is_left")
LATENCY_S = 0.2
BLOCK_S = 0.01


class Engine:
    """Writes a 440 Hz sine block by block on a thread of its own, as the engine does."""

    def __init__(self, sink: DeviceSink) -> None:
        self._sink = sink
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.longest_write_s = 0.0
        self._late_s = 0.0
        self.written_samples = 0

    def __enter__(self) -> Engine:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def pause(self, seconds: float) -> None:
        """Be late, once, by so much."""
        self._late_s = seconds

    def _run(self) -> None:
        rate_hz = self._sink.sample_rate_hz
        block = np.arange(round(BLOCK_S * rate_hz))
        while not self._end.is_set():
            late_s, self._late_s = self._late_s, 0.0
            time.sleep(late_s)
            wave = 0.5 * np.sin(2 * np.pi * 440 * (self.written_samples + block) / rate_hz)
            before_s = time.monotonic()
            self._sink.write(np.tile(wave.astype(np.float32), (self._sink.channels, 1)))
            self.longest_write_s = max(self.longest_write_s, time.monotonic() - before_s)
            self.written_samples += len(block)


def test_a_sine_arrives_whole_at_the_sound_server(jack: JackServer, tmp_path: Path):
    if shutil.which("jack_rec") is None:
        pytest.skip("jack_rec is not installed: apt install jackd2")
    recording = tmp_path / "heard.wav"
    with DeviceSink(latency_s=LATENCY_S) as sink, Engine(sink):
        subprocess.run(
            ["jack_rec", "-f", recording, "-d", "2", "-b", "16", "PortAudio:out_0", "PortAudio:out_1"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=True,
        )
        assert sink.underruns == 0
    heard, rate_hz = soundfile.read(recording)
    assert (heard[:, 0] == heard[:, 1]).all()
    left = heard[:, 0]
    breaks = breaks_of_a_sine(left, rate_hz)
    steady = slice(rate_hz // 2, rate_hz * 3 // 2)  # jack_rec's own start and end are not ours
    assert not breaks[steady].any()
    assert np.abs(left[steady]).max() == pytest.approx(0.5, abs=0.01)


def breaks_of_a_sine(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Where it is none: a sine obeys x[n+1] = 2 cos(w) x[n] - x[n-1]; a gap, a click or a repeated block does not."""
    step = 2 * np.cos(2 * np.pi * 440 / rate_hz)
    return np.abs(audio[2:] - (step * audio[1:-1] - audio[:-2])) > 2e-3


def test_a_gap_is_heard_as_a_fade_and_not_as_a_click(jack: JackServer):
    pytest.importorskip("jack", reason="JACK-Client is not installed: pip install JACK-Client")
    from jack_recorder import JackRecorder

    with JackRecorder(1) as recorder, DeviceSink(latency_s=0.05) as sink, Engine(sink) as engine:
        recorder.connect(0, "PortAudio:out_0")
        assert wait_for(lambda: engine.written_samples > sink.sample_rate_hz // 2, deadline_s=10)
        engine.pause(0.3)
        assert wait_for(lambda: sink.underruns_by_cause.ring_dry, deadline_s=10)
        until = engine.written_samples + sink.sample_rate_hz // 2
        assert wait_for(lambda: engine.written_samples > until, deadline_s=10)
        assert sink.underruns_by_cause.lost == 0
        _, heard = recorder.take()
    whole = heard[0][~np.isnan(heard[0])]
    gap = np.flatnonzero(np.convolve(np.abs(whole), np.ones(64), "valid") == 0)
    gap = gap[gap > sink.sample_rate_hz // 8]
    assert len(gap), "the engine was late for longer than the ring lasts: there is silence"
    around = whole[gap[0] - 2000 : gap[0] + 100]
    largest_step_of_the_sine = 0.5 * 2 * np.pi * 440 / sink.sample_rate_hz
    assert np.abs(np.diff(around)).max() < 1.5 * largest_step_of_the_sine, "a larger step would be heard as a click"


def test_it_says_which_sample_is_heard_when(jack: JackServer):
    """The engine ties time tags to samples by it."""
    with DeviceSink(latency_s=LATENCY_S) as sink, Engine(sink) as engine:
        assert sink.played() is None or sink.played()[0] >= 0  # pyright: ignore[reportOptionalSubscript]
        assert wait_for(lambda: engine.written_samples > sink.sample_rate_hz, deadline_s=10)
        played, now_s, written = sink.played(), time.monotonic(), engine.written_samples
        assert played is not None
        sample, heard_at_s = played
        ahead_s = heard_at_s + (written - sample) / sink.sample_rate_hz - now_s
        # what was just written lies behind the whole ring; a machine that is busy makes it less
        assert 0.0 < ahead_s < sink.latency_s + 5 * BLOCK_S
        assert wait_for(lambda: sink.played() != played, deadline_s=5), "and goes on"


def test_the_device_is_the_clock_and_starving_it_is_counted(jack: JackServer):
    with DeviceSink("SYSTEM", latency_s=LATENCY_S) as sink:
        assert sink.sample_rate_hz == jack.sample_rate_hz
        assert sink.channels == 2
        assert sink.latency_s >= LATENCY_S
        assert sink.describe() == "system, JACK Audio Connection Kit, 48000 Hz, 2 channels"
        before_s = time.monotonic()
        with Engine(sink) as engine:
            assert wait_for(lambda: engine.written_samples >= sink.sample_rate_hz, deadline_s=10)
        assert time.monotonic() - before_s >= 1.0 - 2 * LATENCY_S, "audio went faster than the device plays it"
        assert wait_for(lambda: sink.underruns == 1, deadline_s=5)
    assert sink.underruns == 1, "playing out at the end is no underrun"


def test_one_channel_is_never_opened_on_jack(jack: JackServer):
    with DeviceSink(channels=1) as sink:
        assert sink.channels == 2


def test_sound_is_back_soon_after_the_servers_return_and_the_engine_never_stops(jack: JackServer):
    with DeviceSink(latency_s=LATENCY_S) as sink, Engine(sink) as engine:
        jack.kill()
        assert wait_for(lambda: "waiting for it to come back" in sink.describe(), deadline_s=5)
        lost_at = engine.written_samples
        assert wait_for(lambda: engine.written_samples > lost_at + sink.sample_rate_hz // 2, deadline_s=5)
        jack.start()
        returned_s = time.monotonic()
        assert wait_for(lambda: "waiting" not in sink.describe(), deadline_s=10)
        print(f"sound is back {time.monotonic() - returned_s:.2f} s after the server")
        back_at = engine.written_samples
        assert wait_for(lambda: engine.written_samples > back_at + sink.sample_rate_hz // 2, deadline_s=5)
        assert sink.underruns_by_cause.lost == 1, "the loss itself is not hidden"
        heard = sink.played()
        assert heard is not None
        assert heard[0] > back_at - 2 * sink.sample_rate_hz, "samples are counted on, not anew"
    assert engine.longest_write_s < 2.0


def test_it_closes_soon_while_the_server_is_dead(jack: JackServer):
    with DeviceSink(latency_s=LATENCY_S):
        jack.kill()
        before_s = time.monotonic()
    assert time.monotonic() - before_s < 5.0


def test_devices_are_listed(jack: JackServer):
    first = output_devices()[0]
    assert (first.name, first.host_api, first.channels, first.sample_rate_hz) == (
        "system",
        "JACK Audio Connection Kit",
        2,
        48000,
    )


def test_a_device_that_is_not_there_is_named_with_those_that_are(jack: JackServer):
    with pytest.raises(LatentoneError, match=r"audio device 'theremin' is not one of: .*system, JACK") as caught:
        DeviceSink("theremin").__enter__()
    assert not isinstance(caught.value, AudioUnavailable), "what was asked for by name is never replaced by silence"


def test_a_rate_that_the_device_has_not_is_one_line(jack: JackServer):
    with pytest.raises(LatentoneError, match=r"does not open with 2 channels at 12345 Hz: .+") as caught:
        DeviceSink("system", sample_rate_hz=12345).__enter__()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raises", "line"),
    [
        ("OSError('PortAudio library not found')", "apt install libportaudio2"),
        ("ImportError('gone', name='sounddevice')", "sounddevice is not installed: pip install"),
    ],
)
def test_without_portaudio_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raises: str, line: str
):
    (tmp_path / "sounddevice.py").write_text(f"raise {raises}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AudioUnavailable, match=line):
        DeviceSink().__enter__()


def test_a_process_that_dies_while_opening_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "sounddevice.py").write_text("import os; os.write(2, b'much\\nsegmentation fault\\n'); os._exit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AudioUnavailable, match="segmentation fault"):
        DeviceSink().__enter__()


PARENT = """
import sys, numpy as np
from latentone.server.audio.device import DeviceSink
with DeviceSink(latency_s=0.2) as sink:
    print(sink._child._process.pid, flush=True)
    while True:
        sink.write(np.zeros((2, 480), np.float32))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_the_audio_process_ends_with_its_parent(jack: JackServer, by: signal.Signals):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.killpg(parent.pid, by) if by == signal.SIGINT else parent.kill()  # Ctrl-C reaches the whole group
    _, said = parent.communicate(timeout=10)
    assert wait_for(lambda: not Path(f"/proc/{child}").exists() or _is_zombie(child), deadline_s=5)
    if by == signal.SIGINT:
        assert said.count("Traceback") == 1, "the parent's own KeyboardInterrupt, and nothing from the child"
        assert "leaked" not in said


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
