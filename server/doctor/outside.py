"""Probes of what the system and its drivers offer: audio devices, MIDI ports, execution providers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...export.errors import LatentoneError
from ..audio.devices import AudioUnavailable, output_devices
from .finding import Finding

DEADLINE_S = 60.0
LONG_LATENCY_S = 0.02


def devices() -> Finding:
    """Which audio devices there are."""
    try:
        found = output_devices()
    except AudioUnavailable as error:
        what, _, remedy = str(error).partition(": ")
        return Finding("devices", "fault", [f"no sound card can be reached: {what}"], [remedy] if remedy else [])
    facts = {"devices": [asdict(device) for device in found]}
    if not found:
        change = "connect a sound card, or start a sound server (JACK, PipeWire); until then --sink null, file and render work"
        return Finding("devices", "fault", ["PortAudio works, and finds no output device"], [change], facts)
    says = [
        f"{device.name}, {device.host_api}: {device.channels} channels, {device.sample_rate_hz} Hz, "
        f"{device.low_latency_s * 1000:.1f} ms" + (", would be taken" if device is found[0] else "")
        for device in found
    ]
    change = []
    if found[0].low_latency_s > LONG_LATENCY_S:
        change.append(
            f"{found[0].name} keeps {found[0].low_latency_s * 1000:.0f} ms for itself: a smaller period or buffer there "
            "(JACK: jackd -p 128; PipeWire: PIPEWIRE_QUANTUM=128/48000) makes it answer faster"
        )
    return Finding("devices", "advice" if change else "ok", says, change, facts)


def midi() -> Finding:
    """Which MIDI ports there are."""
    try:
        answer = _ask("midi")
    except LatentoneError as error:
        change = "sudo modprobe snd_seq" if "ALSA sequencer" in str(error) else ""
        return Finding("MIDI", "fault", [str(error)], [change] if change else [])
    inputs = answer["inputs"]
    if not inputs:
        return Finding("MIDI", "ok", ["no input port: connect a controller, if you want to play by one"], facts=answer)
    return Finding("MIDI", "ok", [f"input ports: {', '.join(inputs)}"], facts=answer)


def providers(model: Path) -> Finding:
    """Which of ONNX Runtime's execution providers start with `model`."""
    answer = _ask("providers", str(model))
    started = [name for name, why_not in answer["started"].items() if why_not is None]
    says = [f"ONNX Runtime {answer['version']} plays on: {', '.join(started) or 'nothing'}"]
    says += [why_not for why_not in answer["started"].values() if why_not is not None]
    says += [f"{name} is built in, and was not tried: it compiles for minutes" for name in answer["not_tried"]]
    return Finding("providers", "ok" if started else "fault", says, facts=answer)


def _ask(*arguments: str) -> dict[str, Any]:
    """One question to a process of its own. Raises LatentoneError with its last words when it does not answer."""
    command = [sys.executable, "-P", "-m", f"{__package__}.outside_process", *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LatentoneError(f"a driver hung for {DEADLINE_S:.0f} s") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        answer = json.loads(lines[-1])
        if "error" in answer:
            raise LatentoneError(answer["error"])
        return answer
    how = f"killed by signal {-done.returncode}" if done.returncode < 0 else f"ended with status {done.returncode}"
    raise LatentoneError((done.stderr.strip().splitlines() or [f"a driver was {how}"])[-1])
