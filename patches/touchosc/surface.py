"""What a touch surface for a model holds: knobs by name, voices, presets and the sound, each at a place on 1024 × 720."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from latentone.export.manifest import Manifest
from latentone.server.addresses import GAIN_DB, GLIDE_S, TEMPERATURE

WIDTH, HEIGHT = 1024, 720
KNOBS_IN_A_ROW = 16
VOICES = 4
PRESETS = ("dawn", "noon", "dusk", "night")


@dataclass(frozen=True)
class Control:
    """One control: a fader sends its value; a switch sends 1 and 0; a button sends `arguments`."""

    kind: Literal["fader", "switch", "button"]
    label: str
    address: str
    frame: tuple[int, int, int, int]
    """Left, top, width and height, in pixels."""
    low: float = 0.0
    high: float = 1.0
    value: float = 0.0
    """Where it stands at first."""
    horizontal: bool = False
    arguments: tuple[str | float, ...] = ()


def controls(manifest: Manifest) -> Iterator[Control]:
    """The controls for a model, 32 knobs at most."""
    yield from _knobs(manifest)
    yield from _sound(manifest)
    yield from _voices()
    yield from _presets()


def _knobs(manifest: Manifest) -> Iterator[Control]:
    for knob, latent in enumerate(manifest.latents[: 2 * KNOBS_IN_A_ROW]):
        row, column = divmod(knob, KNOBS_IN_A_ROW)
        frame = (8 + 63 * column, 8 + 210 * row, 58, 200)
        home = min(1.0, max(-1.0, latent.home))
        yield Control("fader", f"{knob} {latent.name}", f"/latent/{knob}", frame, -1.0, 1.0, home)


def _sound(manifest: Manifest) -> Iterator[Control]:
    ways = (
        ("gain dB", "/gain_db", -60.0, 6.0, 0.0, GAIN_DB),
        ("temperature", "/temperature", 0.0, 1.5, manifest.temperature, TEMPERATURE),
        ("glide s", "/glide_s", 0.0, 5.0, 0.0, GLIDE_S),
    )
    for row, (label, address, low, high, value, allowed) in enumerate(ways):
        frame = (8, 440 + 62 * row, 300, 54)
        low, high = max(low, allowed.low), min(high, allowed.high)
        yield Control("fader", label, address, frame, low, high, value, horizontal=True)
    yield Control("button", "panic", "/panic", (8, 634, 146, 76))
    yield Control("button", "motion off", "/motion/stop", (162, 634, 146, 76))


def _voices() -> Iterator[Control]:
    for voice in range(VOICES):
        top, of = 440 + 68 * voice, f"/voice/{voice}"
        yield Control("switch", f"voice {voice}", f"{of}/gate", (324, top, 90, 60), value=float(voice == 0))
        yield Control("fader", "pan", f"{of}/pan", (420, top, 150, 60), -1.0, 1.0, 0.0, horizontal=True)
        yield Control("fader", "gain dB", f"{of}/gain_db", (576, top, 150, 60), -60.0, 6.0, 0.0, horizontal=True)


def _presets() -> Iterator[Control]:
    for row, name in enumerate(PRESETS):
        top = 440 + 68 * row
        yield Control("button", f"to {name}", "/preset/recall", (742, top, 176, 60), arguments=(name, 2.0))
        yield Control("button", "keep", "/preset/store", (924, top, 92, 60), arguments=(name,))
