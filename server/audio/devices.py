"""The audio child process seen from the parent: starting it, its first answer, and the list of devices."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from ...export.errors import LatentoneError

SOURCES = ("callback.py", "capture_callback.py", "ring.py")
ANSWER_DEADLINE_S = 10.0
"""How long opening a device may take; a cold disk and a machine full of sound cards need a few seconds."""


class AudioUnavailable(LatentoneError):
    """There is nothing to play on: no PortAudio, no device, or a default device that does not open."""


@dataclass(frozen=True)
class OutputDevice:
    """One row of the device list. The latencies are what the device asks for when it is to be quick or safe."""

    index: int
    name: str
    host_api: str
    default: bool
    channels: int
    sample_rate_hz: int
    sample_rates_hz: list[int]
    low_latency_s: float
    high_latency_s: float


def output_devices() -> list[OutputDevice]:
    """Every device that can play, those of the host API that would be chosen first at the top."""
    process, answer = launch({"list": True})
    end(process)
    return [OutputDevice(**row) for row in answer["devices"]]


def launch(
    request: dict[str, Any],
    deadline_s: float = ANSWER_DEADLINE_S,
    given_up: threading.Event | None = None,
    program: str = "device_process",
) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start the audio process with a request; returns it with its first answer. An error it answers is raised here.

    The process ends by itself when its standard input closes, so it never outlives this one. It runs in a session of
    its own, so that Ctrl-C in the terminal is left to this process. A patient request (`patient`) waits for the device to
    appear, until `given_up` is set; `deadline_s` is then the time of one try.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as noise:  # ALSA and JACK write pages of remarks there
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.{program}", json.dumps(request)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            text=True,
            env={**os.environ, "JACK_NO_START_SERVER": "1", "NUMBA_CACHE_DIR": str(callback_cache())},
            start_new_session=True,
        )
        try:
            answer = _answer(process, deadline_s, given_up)
        except BaseException:
            end(process)
            raise
        if "error" in answer:
            end(process)
            raise (AudioUnavailable if answer["unavailable"] else LatentoneError)(answer["error"])
        if answer:
            return process, answer
        end(process)
        noise.seek(0)
        last_line = (noise.read().strip().splitlines() or ["it said nothing"])[-1]
        raise AudioUnavailable(f"the audio process ended or hung while opening the device: {last_line}")


def _answer(process: subprocess.Popen[str], deadline_s: float, given_up: threading.Event | None) -> dict[str, Any]:
    """What the process says, empty when it ends or says nothing in time; lines that only ask for patience are passed over."""
    assert process.stdout is not None
    while True:
        timer = threading.Timer(deadline_s, process.kill)
        timer.start()
        try:
            line = process.stdout.readline()
        finally:
            timer.cancel()
        answer = json.loads(line) if line else {}
        if "waiting" not in answer or (given_up is not None and given_up.is_set()):
            return answer if "waiting" not in answer else {}


def callback_cache() -> Path:
    """Where the compiled callback is kept, in a folder named after its source and the layout that is compiled into it."""
    here = Path(__file__).parent
    digest = hashlib.sha256(b"".join((here / name).read_bytes() for name in SOURCES)).hexdigest()[:16]
    folder = user_cache_path("latentone") / "callback" / digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # compiled anew each time, but it plays
        folder = Path(tempfile.mkdtemp(prefix="latentone-"))
    return folder


def end(process: subprocess.Popen[str], grace_s: float = 0.0) -> None:
    """Wait `grace_s` for the process to end, then kill it: a PortAudio that hangs hears nothing else."""
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
