"""The audio child process: owns PortAudio and plays what the parent puts into shared memory.

It is a process of its own because PortAudio hangs for ever when a JACK server dies, and only ending the process
helps. It loads neither engine nor models, so it starts fast and has the interpreter to itself; the audio callback is
rtmixer's, in C.

The talk with the parent: a request in argv (JSON), one line of JSON back (what was opened, or an error), then the
ring's name on standard input. When standard input closes, the parent is gone and this process ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any

from .feeder import Feeder, low_frames
from .ring import SharedRing

POLL_S = 0.001
MIN_RING_FRAMES = 8192
HOST_APIS = ("JACK", "ASIO", "Core Audio", "WASAPI", "ALSA")
"""Where to look first. JACK is listed only while its server runs: then somebody means it to be used."""


class CannotOpen(Exception):
    """One line for the parent; `unavailable` when there is nothing at all to play on."""

    def __init__(self, line: str, unavailable: bool) -> None:
        super().__init__(line)
        self.unavailable = unavailable


def list_devices(sounddevice: Any) -> list[dict[str, Any]]:
    """Every device that can play, preferred host APIs first, each host API's default first."""
    apis = sounddevice.query_hostapis()

    def rank(device: dict[str, Any]) -> tuple[int, bool]:
        api = apis[device["hostapi"]]
        place = next((i for i, name in enumerate(HOST_APIS) if name in api["name"]), len(HOST_APIS))
        return place, api["default_output_device"] != device["index"]

    found = [device for device in sounddevice.query_devices() if device["max_output_channels"] > 0]
    for device in found:
        device["api"] = apis[device["hostapi"]]["name"]
        device["label"] = f"{device['name']}, {device['api']}"
    return sorted(found, key=rank)


def public_row(device: dict[str, Any]) -> dict[str, Any]:
    return {
        "index": device["index"],
        "name": device["name"],
        "host_api": device["api"],
        "channels": device["max_output_channels"],
        "sample_rate_hz": round(device["default_samplerate"]),
    }


def choose(devices: list[dict[str, Any]], wanted: str | int | None) -> dict[str, Any]:
    """The device with that index or label (`name, host API`), else the first whose label contains the text.

    Digits alone are an index, as the command line cannot give anything but text. None takes the first of all.
    """
    if not devices:
        raise CannotOpen("there is no audio output device: connect one, or start a sound server (JACK, PipeWire)", True)
    if wanted is None:
        return devices[0]
    if isinstance(wanted, str) and wanted.isdecimal():
        wanted = int(wanted)
    if isinstance(wanted, int):
        fits = [device for device in devices if device["index"] == wanted]
    else:
        fits = [device for device in devices if device["label"].lower() == wanted.lower()]
        fits += [device for device in devices if wanted.lower() in device["label"].lower()]
    if not fits:
        labels = "; ".join(f"{device['index']}: {device['label']}" for device in devices)
        raise CannotOpen(f"audio device {wanted!r} is not one of: {labels}", False)
    return fits[0]


def open_mixer(sounddevice: Any, rtmixer: Any, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Open and start the device; it plays silence until it is fed."""
    device = choose(list_devices(sounddevice), request["device"])
    name = device["label"]
    rate_hz = request["sample_rate_hz"] or round(device["default_samplerate"])
    # on JACK PortAudio corrupts memory in some mono modes; two channels always work there
    channels = request["channels"] or min(2, device["max_output_channels"])
    if "JACK" in device["api"] and channels < 2:
        channels = 2
    if channels > device["max_output_channels"]:
        raise CannotOpen(f"audio device {name} has {device['max_output_channels']} channels, not {channels}", False)
    try:
        mixer = rtmixer.Mixer(device=device["index"], samplerate=rate_hz, channels=channels, latency="low")
        mixer.start()
    except sounddevice.PortAudioError as error:
        line = f"audio device {name} does not open with {channels} channels at {rate_hz} Hz: {error.args[0]}"
        raise CannotOpen(line, request["device"] is None) from error
    return mixer, {"device": name, "sample_rate_hz": rate_hz, "channels": channels, "device_latency_s": mixer.latency}


def first_block_frames(mixer: Any) -> int:
    """The largest block that the device has asked for in its first calls; it is what must always lie ready."""
    largest_frames = 0
    for _ in range(3):
        action = mixer.fetch_and_reset_stats()
        while action in mixer.actions:
            time.sleep(POLL_S)
        largest_frames = max(largest_frames, action.stats.max_blocksize)
    return largest_frames


def import_portaudio() -> tuple[Any, Any]:
    try:
        import rtmixer
        import sounddevice
    except OSError as error:
        raise CannotOpen(
            "PortAudio is not installed: apt install libportaudio2 (Debian, Ubuntu), dnf install portaudio (Fedora), "
            "pacman -S portaudio (Arch); on macOS and Windows it comes with the sounddevice package",
            True,
        ) from error
    except ImportError as error:
        raise CannotOpen(f"{error.name} is not installed: pip install sounddevice rtmixer", True) from error
    return sounddevice, rtmixer


def end_with_parent() -> None:
    """End when the parent does, even while the main thread hangs in PortAudio: hence `_exit`."""
    while os.read(0, 4096):  # not sys.stdin, whose lock would trip up an interpreter that shuts down meanwhile
        pass
    os._exit(0)


def play(request: dict[str, Any], say: Any) -> None:
    """Answer the request, then feed the device until the parent says stop."""
    sounddevice, rtmixer = import_portaudio()
    if request.get("list"):
        say(devices=[public_row(device) for device in list_devices(sounddevice)])
        return
    mixer, opened = open_mixer(sounddevice, rtmixer, request)
    block_frames = first_block_frames(mixer)
    rate_hz = opened["sample_rate_hz"]
    capacity_frames = max(round(request["latency_s"] * rate_hz), 2 * low_frames(block_frames, rate_hz))
    ring_frames = max(MIN_RING_FRAMES, 1 << capacity_frames.bit_length())
    say(**opened, block_frames=block_frames, capacity_frames=capacity_frames, ring_frames=ring_frames)

    ring = SharedRing.attach(sys.stdin.readline().strip(), ring_frames, opened["channels"])
    threading.Thread(target=end_with_parent, daemon=True).start()
    feeder = Feeder(ring, mixer, rtmixer.RingBuffer(4 * opened["channels"], ring_frames), block_frames)
    while feeder.step():
        time.sleep(POLL_S)
    mixer.close()  # and the interpreter's exit closes PortAudio: a client that just vanishes costs JACK an xrun


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the parent decides when to stop; its end closes standard input
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # JACK prints on standard output, too

    def say(**answer: Any) -> None:
        report.write(json.dumps(answer) + "\n")
        report.flush()
        with open(os.devnull, "w") as nowhere:  # from here on nobody reads the noise
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)

    try:
        play(json.loads(sys.argv[1]), say)
    except CannotOpen as error:
        say(error=str(error), unavailable=error.unavailable)


if __name__ == "__main__":
    main()
