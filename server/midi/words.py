"""MIDI messages in plain words, for people who look for what their controller sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..events import Value

_CONTROLS = {
    0: "bank", 1: "modulation wheel", 2: "breath", 4: "foot", 5: "portamento time", 6: "data, coarse", 7: "volume", 10: "pan",
    11: "expression", 38: "data, fine", 64: "sustain pedal", 65: "portamento", 66: "sostenuto pedal", 67: "soft pedal",
    74: "brightness", 96: "data up", 97: "data down", 98: "NRPN, fine", 99: "NRPN, coarse", 100: "RPN, fine", 101: "RPN, coarse",
    120: "all sound off", 121: "reset controllers", 123: "all notes off",
}  # fmt: skip
_KEYS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def message_words(message: Any) -> str:
    """A mido.Message: `CC 21 (knob) on channel 1 at 64`."""
    where = f"on channel {message.channel + 1}" if hasattr(message, "channel") else ""
    match message.type:
        case "control_change":
            name = _CONTROLS.get(message.control, "knob, fader or button")
            return f"CC {message.control} ({name}) {where} at {message.value}"
        case "note_on" if message.velocity:
            return f"key {_key(message.note)} {where} struck at {message.velocity}"
        case "note_on" | "note_off":
            return f"key {_key(message.note)} {where} let go"
        case "pitchwheel":
            return f"pitch bend {where} at {message.pitch:+d}"
        case "aftertouch":
            return f"pressure {where} at {message.value}"
        case "polytouch":
            return f"pressure on key {_key(message.note)} {where} at {message.value}"
        case "program_change":
            return f"program change {message.program + 1} {where}"
        case "sysex":
            return f"system exclusive, {len(message.data)} bytes"
        case other:
            return other.replace("_", " ")


def command_words(address: str, values: Sequence[Value], latent_names: Sequence[str]) -> str:
    """What a message asks for: `/latent/1 brightness = +0.01`."""
    knob = address.rpartition("/latent/")[2]
    name = f" {latent_names[int(knob)]}" if knob.isdigit() and int(knob) < len(latent_names) else ""
    said = " ".join(f"{value:+.2f}" if isinstance(value, float) else str(value) for value in values)
    return f"{address}{name} = {said}"


def _key(note: int) -> str:
    return f"{note} ({_KEYS[note % 12]}{note // 12 - 1})"
