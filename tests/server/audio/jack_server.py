"""A real JACK server without a sound card."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PERIOD_FRAMES = 1024
ATTEMPTS = 3
_numbers = itertools.count()


class JackServer:
    """jackd on its dummy driver: a true clock at 48 kHz and two outputs that lead nowhere."""

    sample_rate_hz = 48000

    def __init__(self, log: Path, period_frames: int = PERIOD_FRAMES) -> None:
        self.period_frames = period_frames
        self.name = f"latentone-{os.getpid()}-{next(_numbers)}"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._was_killed = False

    def start(self) -> None:
        """Skips the test where jackd does not run, for all that it is asked again: a busy machine may be too slow for it once."""
        for _ in range(ATTEMPTS):
            self._process = process = self._launched()
            wait_for(lambda process=process: process.poll() is not None or self._is_up(), deadline_s=10)
            if process.poll() is None and self._is_up():
                return
            self.kill()
        pytest.skip(f"jackd does not run here: {self._log.read_text(errors='replace').strip()[-200:]}")

    def _launched(self) -> subprocess.Popen[bytes]:
        rate = str(self.sample_rate_hz)
        command = ["jackd", "-n", self.name, "-R", "-d", "dummy", "-r", rate, "-p", str(self.period_frames)]
        with open(self._log, "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def _is_up(self) -> bool:
        check = subprocess.run(["jack_wait", "-c", "-s", self.name], capture_output=True, text=True, check=False)
        return "not running" not in check.stdout and "running" in check.stdout

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program of JACK use this server, and no other."""
        return {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}

    def kill(self) -> None:
        """As a crash does it. It is waited for: even as a zombie it would count as running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._was_killed = True

    def stop(self) -> None:
        """End it properly. A killed server holds one of JACK's eight places until one of its name has ended so."""
        for _ in range(ATTEMPTS):
            if self._process is None and self._was_killed:
                self.start()
            if self._process is None or self._ended_properly(self._process):
                break
            self.kill()
        for left in Path("/dev/shm").glob(f"jack*_{self.name}_*"):
            left.unlink()

    def _ended_properly(self, process: subprocess.Popen[bytes]) -> bool:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        return process.returncode == 0


def wait_for(condition: Callable[[], object], deadline_s: float, pause_s: float = 0.01) -> bool:
    """Whether `condition()` comes true before the deadline."""
    end_s = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(pause_s)
    return True
