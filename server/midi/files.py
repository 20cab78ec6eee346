"""MIDI files as scores: they play as a keyboard that is connected does."""

from __future__ import annotations

from ..addresses import Namespace
from ..config import Config
from ..maps.map_files import mpe_zones, read_ready_made
from ..maps.maps import Maps
from .notes import NoteVoices
from .player import MidiPlayer


def player_of_files(config: Config, namespace: Namespace) -> MidiPlayer:
    """Who plays a MIDI file by the maps of the settings; without smoothing and pickup, which need a hand and a clock."""
    mapping = config.mapping
    ready_made = read_ready_made(mapping.include, mapping.midi_defaults)
    maps = Maps(namespace, mapping.midi, ready_made, defaults=mapping.midi_defaults)
    notes = NoteVoices(namespace.voices) if config.midi.notes else None
    lower, upper = mpe_zones(config.midi, ready_made)
    return MidiPlayer("file", maps, notes, mpe_lower=lower, mpe_upper=upper)
