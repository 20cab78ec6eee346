"""What each MIDI message of one keyboard or knob box asks of the instrument."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import mido

from ..addresses.row import TEMPO_BPM
from ..events import Value
from ..maps.curves import control_place
from ..maps.maps import Maps, Moved
from ..maps.sources import Source
from .clock import TempoFollower
from .notes import Note, NoteVoices
from .pairs import Pair, Parameters
from .zones import Zones

Commands = list[tuple[str, tuple[Value, ...]]]

SUSTAIN, SOSTENUTO, TIMBRE = 64, 66, 74
ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 120, 121, 123
_MPE_CONFIGURATION = ("rpn", 6)


class MidiPlayer:
    """Turns the messages of one input, in their order, into addresses and values. One thread at a time may call.

    notes: who gives voices to notes; None leaves notes to the maps. program: is told of program changes, from 0. Messages that
    mean nothing here, such as sysex, song positions and active sensing, are passed over.
    """

    def __init__(
        self,
        port: str,
        maps: Maps,
        notes: NoteVoices | None = None,
        *,
        mpe_lower: int = 0,
        mpe_upper: int = 0,
        program: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._port, self._maps, self._notes, self._program = port, maps, notes, program
        self._zones = Zones(mpe_lower, mpe_upper)
        self._tempo = TempoFollower()
        self._parameters: dict[int, Parameters] = defaultdict(Parameters)
        self._pairs: dict[tuple[int, int], Pair] = defaultdict(Pair)
        self._of_channel: dict[tuple[int, str], float] = {}
        """Where bend, timbre and pressure of an MPE channel stand: a note begins with them."""
        self._at_s = 0.0
        self._meanings: dict[str, Callable[[Any], Commands]] = {
            "control_change": self._control_change,
            "note_on": self._note_on,
            "note_off": self._note_off,
            "pitchwheel": lambda m: self._expression(m, "bend", control_place(m.pitch + 8192, 14)),
            "aftertouch": lambda m: self._expression(m, "pressure", control_place(m.value)),
            "polytouch": self._key_pressure,
            "program_change": self._program_change,
            "clock": lambda _: self._tell_tempo(self._tempo.tick(self._at_s)),
            "set_tempo": lambda m: self._tell_tempo(mido.tempo2bpm(m.tempo)),
            "start": lambda _: [("/transport", (1,))],
            "continue": lambda _: [("/transport", (1,))],
            "stop": lambda _: [("/transport", (0,))],
        }

    def commands(self, message: Any, at_s: float | None = None) -> Commands:
        """Addresses and values, in the units of the table, that a mido.Message asks for.

        at_s: when it came, on any clock that goes on evenly; None adds up the `time` of each message, as in a MIDI file.
        """
        self._at_s = self._at_s + message.time if at_s is None else at_s
        meaning = self._meanings.get(message.type)
        return [] if meaning is None else meaning(message)

    def unplug(self) -> Commands:
        """What is to be done when the input is gone: its notes end."""
        return [] if self._notes is None else _close(self._notes.forget(self._port))

    def _control_change(self, message: Any) -> Commands:
        channel, control, value = message.channel + 1, message.control, message.value
        commands: Commands = []
        parameter = self._parameters[channel].heard(control, value, self._at_s)
        if parameter is not None:
            if (parameter.kind, parameter.number) == _MPE_CONFIGURATION:
                self._zones.configure(channel, parameter.coarse)
            commands += self._moved(parameter.kind, parameter.number, channel, parameter.place)
        if control == TIMBRE and self._zones.is_member(channel):
            return commands + self._of_notes("timbre", channel, control_place(value))
        commands += self._maps.moved(Moved(Source("cc", control, channel), control_place(value), value))
        if control < 64:
            half = "coarse" if control < 32 else "fine"
            place = self._pairs[channel, control % 32].heard(half, value, self._at_s)
            if place is not None:
                commands += self._moved("cc14", control % 32, channel, place)
        if control in (SUSTAIN, SOSTENUTO):
            commands += self._pedal("sustain" if control == SUSTAIN else "sostenuto", channel, value >= 64)
        elif control == RESET_CONTROLLERS:
            commands += self._reset(channel)
        elif (control == ALL_SOUND_OFF or control >= ALL_NOTES_OFF) and self._notes is not None:
            pedals_too = control == ALL_SOUND_OFF
            commands += _close(self._notes.release(self._belongs_to(channel), pedals_too=pedals_too))
        return commands

    def _note_on(self, message: Any) -> Commands:
        if message.velocity == 0:
            return self._note_off(message)
        channel, key, struck = message.channel + 1, message.note, control_place(message.velocity)
        is_pad = self._maps.is_mapped("key", key, channel)
        commands = self._moved("key", key, channel, struck)
        if is_pad:
            return commands
        voice, sounded = None, False
        if self._notes is not None:
            voice, sounded = self._notes.on(Note(self._port, channel, key))
        commands += self._moved("note", None, channel, control_place(key), voice)
        commands += self._moved("velocity", None, channel, struck, voice)
        if self._zones.is_member(channel):
            for what in ("bend", "timbre", "pressure"):
                if (place := self._of_channel.get((channel, what))) is not None:
                    commands += self._moved(f"mpe {what}", None, channel, place, voice)
        if voice is not None:
            # Shut and opened at once, a voice begins its envelope anew.
            commands += _close([voice]) if sounded else []
            commands.append((f"/voice/{voice}/gate", (message.velocity / 127,)))
        return commands

    def _note_off(self, message: Any) -> Commands:
        channel, key = message.channel + 1, message.note
        commands = self._moved("key", key, channel, 0.0)
        if self._notes is None:
            return commands
        note = Note(self._port, channel, key)
        for voice in self._notes.voices_of(lambda playing: playing == note):
            commands += self._moved("mpe lift", None, channel, control_place(message.velocity), voice)
        return commands + _close(self._notes.off(note, self._zones.pedal_channel(channel)))

    def _key_pressure(self, message: Any) -> Commands:
        channel, place = message.channel + 1, control_place(message.value)
        commands = self._moved("keypressure", message.note, channel, place)
        note = Note(self._port, channel, message.note)
        voices = [] if self._notes is None else self._notes.voices_of(lambda playing: playing == note)
        return commands + self._in_voices("pressure", channel, place, voices)

    def _expression(self, message: Any, what: str, place: float) -> Commands:
        """Bend or pressure: of one note on a member channel of MPE, of all notes on any other."""
        channel = message.channel + 1
        if self._zones.is_member(channel):
            return self._of_notes(what, channel, place)
        return self._moved(what, None, channel, place)

    def _of_notes(self, what: str, channel: int, place: float) -> Commands:
        self._of_channel[channel, what] = place
        if self._notes is None:
            return self._moved(f"mpe {what}", None, channel, place)
        here = self._notes.voices_of(lambda note: (note.port, note.channel) == (self._port, channel))
        return self._in_voices(what, channel, place, here)

    def _in_voices(self, what: str, channel: int, place: float, voices: Iterable[int]) -> Commands:
        return [command for voice in voices for command in self._moved(f"mpe {what}", None, channel, place, voice)]

    def _pedal(self, name: str, channel: int, is_down: bool) -> Commands:
        if self._notes is None:
            return []
        return _close(self._notes.pedal(name, self._port, channel, is_down, self._belongs_to(channel)))

    def _belongs_to(self, channel: int) -> Callable[[Note], bool]:
        """Whether a note obeys the pedals and modes of `channel`: its own, or that of its MPE zone."""

        def belongs(note: Note) -> bool:
            mine = note.channel == channel or self._zones.pedal_channel(note.channel) == channel
            return note.port == self._port and mine

        return belongs

    def _reset(self, channel: int) -> Commands:
        self._parameters[channel].forget()
        commands = self._moved("bend", None, channel, 0.5) + self._moved("pressure", None, channel, 0.0)
        return commands + self._pedal("sustain", channel, False) + self._pedal("sostenuto", channel, False)

    def _program_change(self, message: Any) -> Commands:
        self._program(message.program)
        return []

    def _tell_tempo(self, tempo_bpm: float | None) -> Commands:
        if tempo_bpm is None:
            return []
        return [("/tempo_bpm", (min(max(tempo_bpm, TEMPO_BPM.low), TEMPO_BPM.high),))]

    def _moved(self, kind: str, number: int | None, channel: int, place: float, voice: int | None = None) -> Commands:
        return self._maps.moved(Moved(Source(kind, number, channel), place, voice=voice))


def _close(voices: Iterable[int]) -> Commands:
    return [(f"/voice/{voice}/gate", (0.0,)) for voice in voices]
