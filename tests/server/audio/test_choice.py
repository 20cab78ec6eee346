"""Which device is meant by what a person writes, and how it is opened; with PortAudio's tables made up."""

from __future__ import annotations

from typing import Any

import pytest
from latentone.server.audio.choice import CannotOpen, choose, list_devices, open_device, public_row

ALSA, JACK, WASAPI = "ALSA", "JACK Audio Connection Kit", "Windows WASAPI"


class FakeSoundDevice:
    """PortAudio as sounddevice gives it; opens whatever it is asked for."""

    class PortAudioError(Exception):
        pass

    class _StreamBase:
        latency = 0.01
        asked: dict[str, Any]

        def __init__(self, kind: str, **asked: Any) -> None:
            FakeSoundDevice._StreamBase.asked = asked

        def start(self) -> None:
            pass

    class WasapiSettings:
        def __init__(self, exclusive: bool) -> None:
            assert exclusive

    def __init__(self, *devices: tuple[str, str, int]) -> None:
        self.apis = list(dict.fromkeys(api for _, api, _ in devices))
        self.devices = [
            {
                "index": index,
                "name": name,
                "hostapi": self.apis.index(api),
                "max_output_channels": channels,
                "default_samplerate": 48000.0,
                "default_low_output_latency": 0.005,
                "default_high_output_latency": 0.04,
            }
            for index, (name, api, channels) in enumerate(devices)
        ]

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [
            {"name": api, "default_output_device": max(d["index"] for d in self.devices if d["hostapi"] == number)}
            for number, api in enumerate(self.apis)
        ]

    def query_devices(self) -> list[dict[str, Any]]:
        return [dict(device) for device in self.devices]

    def check_output_settings(self, index: int, channels: int, kind: str, samplerate: int) -> None:
        if samplerate not in (44100, 48000):
            raise self.PortAudioError("no")


STUDIO = FakeSoundDevice(
    ("HDMI", ALSA, 8), ("Microphone", ALSA, 0), ("USB [1] Audio", ALSA, 2), ("system", JACK, 2), ("USB", WASAPI, 2)
)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (None, 3),
        (0, 0),
        ("0", 0),
        ("2", 2),
        ("usb [", 2),
        ("alsa", 2),
        ("HDMI, ALSA", 0),
        ("system", 3),
        ("H*", 0),
        ("usb*audio", 2),
        ("*ALSA", 2),
        ("US?", 4),
        ("usb [?] *", 2),
    ],
)
def test_devices_are_found_by_index_name_part_pattern_or_host_api(wanted: str | int | None, index: int):
    assert choose(list_devices(STUDIO), wanted)["index"] == index


@pytest.mark.parametrize("wanted", ["microphone", 1, 99, "99", "HDM?I", "*nothing*"])
def test_a_device_that_cannot_play_is_an_error_that_lists_those_that_can(wanted: str | int):
    with pytest.raises(CannotOpen, match="3: system, JACK Audio Connection Kit; 4: USB, Windows WASAPI; 2: USB") as it:
        choose(list_devices(STUDIO), wanted)
    assert not it.value.unavailable, "what was asked for by name is never replaced by silence"


def test_a_host_api_narrows_the_choice():
    devices = list_devices(STUDIO)
    assert choose(devices, None, "alsa")["index"] == 2, "its default first"
    assert choose(devices, "usb", "wasapi")["index"] == 4
    with pytest.raises(CannotOpen, match=r"audio.host_api 'CoreAudio' has no output device here; there are: JACK"):
        choose(devices, None, "CoreAudio")


def test_exclusive_mode_is_wasapis_and_nobody_elses():
    devices = list_devices(STUDIO)
    assert choose(devices, None, exclusive=True)["index"] == 4
    with pytest.raises(CannotOpen, match=r"audio.exclusive is for Windows' WASAPI"):
        choose(devices, None, "jack", exclusive=True)
    opened({"exclusive": True}, "USB", WASAPI, 2)
    assert FakeSoundDevice._StreamBase.asked["extra_settings"] is not None
    opened({}, "USB", WASAPI, 2)
    assert FakeSoundDevice._StreamBase.asked["extra_settings"] is None


def test_a_row_says_what_one_chooses_by():
    row = public_row(STUDIO, list_devices(STUDIO)[0])
    assert row == {
        "index": 3,
        "name": "system",
        "host_api": JACK,
        "default": True,
        "channels": 2,
        "sample_rate_hz": 48000,
        "sample_rates_hz": [44100, 48000],
        "low_latency_s": 0.005,
        "high_latency_s": 0.04,
    }


def opened(request: dict[str, Any], name: str, api: str, channels: int) -> dict[str, Any]:
    sounddevice = FakeSoundDevice((name, api, channels))
    whole = {"device": None, "sample_rate_hz": None, "channels": None, "exclusive": False, **request}
    return open_device(sounddevice, list_devices(sounddevice)[0], whole, None, None, lambda *_: None)[1]


@pytest.mark.parametrize(
    ("wanted", "has", "is_opened"), [(None, 1, 1), (None, 2, 2), (None, 8, 2), (1, 2, 1), (4, 8, 4)]
)
def test_it_is_stereo_where_the_device_has_it_unless_a_number_is_given(wanted: int | None, has: int, is_opened: int):
    assert opened({"channels": wanted}, "speaker", ALSA, has)["channels"] == is_opened


def test_more_channels_than_there_are_is_one_line():
    with pytest.raises(CannotOpen, match=r"speaker, ALSA has 2 channels, not 4"):
        opened({"channels": 4}, "speaker", ALSA, 2)
