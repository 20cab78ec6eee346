"""Which device is meant, and how it is opened; in the audio process."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

Direction = Literal["input", "output"]
HOST_APIS = ("JACK", "ASIO", "Core Audio", "WASAPI", "ALSA")
"""Where to look first. JACK is listed only while its server runs: then somebody means it to be used."""
USUAL_RATES_HZ = (44100, 48000, 88200, 96000, 192000)


_SAID = {"input": "audio input", "output": "audio device"}


class CannotOpen(Exception):
    """One line for the parent; `unavailable` when there is nothing at all to play on."""

    def __init__(self, line: str, unavailable: bool) -> None:
        super().__init__(line)
        self.unavailable = unavailable


def list_devices(sounddevice: Any, direction: Direction = "output") -> list[dict[str, Any]]:
    """Every device that can play, or hear (`input`), preferred host APIs first, each host API's default first."""
    apis = sounddevice.query_hostapis()

    def rank(device: dict[str, Any]) -> tuple[int, bool]:
        place = next((i for i, name in enumerate(HOST_APIS) if name in device["api"]), len(HOST_APIS))
        return place, not device["default"]

    found = [device for device in sounddevice.query_devices() if device[f"max_{direction}_channels"] > 0]
    for device in found:
        api = apis[device["hostapi"]]
        device["api"] = api["name"]
        device["default"] = api[f"default_{direction}_device"] == device["index"]
        device["label"] = f"{device['name']}, {device['api']}"
    return sorted(found, key=rank)


def public_row(sounddevice: Any, device: dict[str, Any]) -> dict[str, Any]:
    """What people see of a device; the rates are those of the usual ones that it says it takes."""
    channels = min(2, device["max_output_channels"])

    def takes(rate_hz: int) -> bool:
        try:
            sounddevice.check_output_settings(device["index"], channels, "float32", samplerate=rate_hz)
        except sounddevice.PortAudioError:
            return False
        return True

    return {
        "index": device["index"],
        "name": device["name"],
        "host_api": device["api"],
        "default": device["default"],
        "channels": device["max_output_channels"],
        "sample_rate_hz": round(device["default_samplerate"]),
        "sample_rates_hz": [rate_hz for rate_hz in USUAL_RATES_HZ if takes(rate_hz)],
        "low_latency_s": device["default_low_output_latency"],
        "high_latency_s": device["default_high_output_latency"],
    }


def choose(
    devices: list[dict[str, Any]],
    wanted: str | int | None,
    host_api: str | None = None,
    exclusive: bool = False,
    direction: Direction = "output",
) -> dict[str, Any]:
    """The device with that index or label (`name, host API`), else the first whose label fits the text.

    A text with * or ? is a pattern for the whole name or label, any other a part of the label. Digits alone are an index,
    as the command line cannot give anything but text. None takes the first of all. `host_api`, a part of its name, and
    `exclusive`, which WASAPI alone has, leave only such devices to choose from; indices stay as they are.
    """
    if not devices:
        raise CannotOpen(
            f"there is no audio {direction} device: connect one, or start a sound server (JACK, PipeWire)", True
        )
    if host_api is not None:
        of_api = [device for device in devices if host_api.lower() in device["api"].lower()]
        if not of_api:
            apis = ", ".join(dict.fromkeys(device["api"] for device in devices))
            raise CannotOpen(f"audio.host_api {host_api!r} has no {direction} device here; there are: {apis}", False)
        devices = of_api
    if exclusive:
        devices = [device for device in devices if "WASAPI" in device["api"]]
        if not devices:
            raise CannotOpen(
                "audio.exclusive is for Windows' WASAPI, which is not to be had here: set it to false", False
            )
    if wanted is None:
        return devices[0]
    if isinstance(wanted, str) and wanted.isdecimal():
        wanted = int(wanted)
    if isinstance(wanted, int):
        fits = [device for device in devices if device["index"] == wanted]
    else:
        fits = [device for device in devices if device["label"].lower() == wanted.lower()]
        fits += [device for device in devices if _fits(wanted, device)]
    if not fits:
        labels = "; ".join(f"{device['index']}: {device['label']}" for device in devices)
        raise CannotOpen(f"{_SAID[direction]} {wanted!r} is not one of: {labels}", False)
    return fits[0]


def _fits(wanted: str, device: dict[str, Any]) -> bool:
    if not set(wanted) & set("*?"):
        return wanted.lower() in device["label"].lower()
    # not fnmatch, to which the brackets in the names of sound cards mean something
    pattern = re.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")
    return any(re.fullmatch(pattern, text, re.IGNORECASE) for text in (device["name"], device["label"]))


def open_device(
    sounddevice: Any,
    device: dict[str, Any],
    request: dict[str, Any],
    callback: Any,
    user_data: Any,
    prepare: Callable[[int, int], None],
) -> tuple[Any, dict[str, Any]]:
    """Open and start the device with a compiled callback, after `prepare(sample_rate_hz, channels)`."""
    name = device["label"]
    rate_hz = request["sample_rate_hz"] or round(device["default_samplerate"])
    # on JACK PortAudio corrupts memory in some mono modes; two channels always work there
    channels = request["channels"] or min(2, device["max_output_channels"])
    if "JACK" in device["api"] and channels < 2:
        channels = 2
    if channels > device["max_output_channels"]:
        raise CannotOpen(f"audio device {name} has {device['max_output_channels']} channels, not {channels}", False)
    prepare(rate_hz, channels)
    try:
        stream = sounddevice._StreamBase(
            "output",
            samplerate=rate_hz,
            device=device["index"],
            channels=channels,
            dtype="float32",
            latency="low",
            extra_settings=sounddevice.WasapiSettings(exclusive=True) if request["exclusive"] else None,
            callback=callback,
            userdata=user_data,
        )
        stream.start()
    except sounddevice.PortAudioError as error:
        line = f"audio device {name} does not open with {channels} channels at {rate_hz} Hz: {error.args[0]}"
        raise CannotOpen(line, request["device"] is None) from error
    opened = {"device": name, "sample_rate_hz": rate_hz, "channels": channels, "device_latency_s": stream.latency}
    return stream, opened


def open_input(
    sounddevice: Any, device: dict[str, Any], callback: Any, user_data: Any, prepare: Callable[[int], None]
) -> tuple[Any, dict[str, Any]]:
    """Open and start an input with a compiled callback, after `prepare(channels)`; at the device's own rate."""
    name, rate_hz = device["label"], round(device["default_samplerate"])
    # as for outputs: JACK in mono corrupts memory
    channels = 2 if "JACK" in device["api"] else min(2, device["max_input_channels"])
    prepare(channels)
    try:
        stream = sounddevice._StreamBase(
            "input",
            samplerate=rate_hz,
            device=device["index"],
            channels=channels,
            dtype="float32",
            latency="low",
            callback=callback,
            userdata=user_data,
        )
        stream.start()
    except sounddevice.PortAudioError as error:
        line = f"audio input {name} does not open with {channels} channels at {rate_hz} Hz: {error.args[0]}"
        raise CannotOpen(line, False) from error
    opened = {"device": name, "sample_rate_hz": rate_hz, "channels": channels, "device_latency_s": stream.latency}
    return stream, opened
