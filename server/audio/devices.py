"""The audio child process seen from the parent: starting it, its first answer, and the list of devices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import Any

from ...export.errors import LatentoneError

ANSWER_DEADLINE_S = 10.0
"""How long opening a device may take; a cold disk and a machine full of sound cards need a few seconds."""


class AudioUnavailable(LatentoneError):
    """There is nothing to play on: no PortAudio, no device, or a default device that does not open."""


@dataclass(frozen=True)
class OutputDevice:
    """One row of the device list."""

    index: int
    name: str
    host_api: str
    channels: int
    sample_rate_hz: int


def output_devices() -> list[OutputDevice]:
    """Every device that can play, those of the host API that would be chosen first at the top."""
    process, answer = launch({"list": True})
    end(process)
    return [OutputDevice(**row) for row in answer["devices"]]


def launch(
    request: dict[str, Any], deadline_s: float = ANSWER_DEADLINE_S
) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start the audio process with a request; returns it with its first answer. An error it answers is raised here.

    The process ends by itself when its standard input closes, so it never outlives this one. It runs in a session of
    its own, so that Ctrl-C in the terminal is left to this process.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as noise:  # ALSA and JACK write pages of remarks there
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.device_process", json.dumps(request)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            text=True,
            env={**os.environ, "JACK_NO_START_SERVER": "1"},
            start_new_session=True,
        )
        assert process.stdout is not None
        timer = threading.Timer(deadline_s, process.kill)
        timer.start()
        try:
            line = process.stdout.readline()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
        if line:
            answer = json.loads(line)
            if "error" not in answer:
                return process, answer
            end(process)
            raise (AudioUnavailable if answer["unavailable"] else LatentoneError)(answer["error"])
        end(process)
        noise.seek(0)
        last_line = (noise.read().strip().splitlines() or ["it said nothing"])[-1]
        raise AudioUnavailable(f"the audio process ended or hung while opening the device: {last_line}")


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
