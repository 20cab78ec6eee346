"""Maps and a MIDI player with knobs of their own, for tests that ask what a message moves."""

from __future__ import annotations

from typing import Any

import mido
from latentone.server.addresses import Namespace
from latentone.server.maps.bindings import Binding, Shape
from latentone.server.maps.maps import Maps
from latentone.server.midi.notes import NoteVoices
from latentone.server.midi.player import Commands, MidiPlayer

NAMES = ["loudness", "brightness", "pitch", "noisiness"]

DEFAULTS = Shape(
    channel=None,
    range=[-1.0, 1.0],
    curve="linear",
    steps=8,
    invert=False,
    pickup=False,
    smooth_s=0.0,
    relative=None,
    input=[0.0, 1.0],
)


def binding(source: str = "cc 20", target: str = "/latent/0", **changes: Any) -> Binding:
    return Binding.model_validate(DEFAULTS.model_dump() | {"source": source, "target": target} | changes)


def maps(*bindings: Binding, voices: int = 1, **options: Any) -> Maps:
    return Maps(Namespace(NAMES, voices), bindings, defaults=DEFAULTS, **options)


def player(*bindings: Binding, voices: int = 4, notes: bool = False, **options: Any) -> MidiPlayer:
    """One that plays `bindings`, and notes on `voices` if wanted."""
    return MidiPlayer("keys", maps(*bindings, voices=voices), NoteVoices(voices) if notes else None, **options)


def cc(value: int, control: int = 20, channel: int = 1) -> mido.Message:
    return mido.Message("control_change", control=control, value=value, channel=channel - 1)


def on(key: int, velocity: int = 127, channel: int = 1) -> mido.Message:
    return mido.Message("note_on", note=key, velocity=velocity, channel=channel - 1)


def off(key: int, channel: int = 1) -> mido.Message:
    return mido.Message("note_off", note=key, channel=channel - 1)


def play(player: MidiPlayer, *messages: mido.Message | mido.MetaMessage) -> Commands:
    """What all of the messages, in their order and at one time, ask for."""
    return [command for message in messages for command in player.commands(message, 0.0)]
