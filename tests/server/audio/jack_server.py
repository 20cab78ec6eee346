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
        rate = str(self.sample_rate_hz)
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                ["jackd", "-n", self.name, "-R", "-d", "dummy", "-r", rate, "-p", str(self.period_frames)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        process = self._process
        wait_for(lambda: process.poll() is not None or self._is_up(), deadline_s=10)
        if process.poll() is not None or not self._is_up():
            pytest.skip(f"jackd does not run here: {self._log.read_text(errors='replace').strip()[-200:]}")

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
        if self._process is None and self._was_killed:
            self.start()
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
                self._process = None
        self.kill()
        for left in Path("/dev/shm").glob(f"jack*_{self.name}_*"):
            left.unlink()


def wait_for(condition: Callable[[], object], deadline_s: float, pause_s: float = 0.01) -> bool:
    """Whether `condition()` comes true before the deadline."""
    end_s = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(pause_s)
    return True
