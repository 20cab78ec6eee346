"""The recordings that `choir` was trained on: slow legato phrases, written as MIDI and played by FluidSynth.

Example: python -m latentone.models.pretrained.choir_recordings choir-recordings
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import mido
import soundfile

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Where Debian's package `fluid-soundfont-gm` puts it."""
SAMPLE_RATE_HZ = 16000
FILES = 140
FILE_S = 20.0
BEAT_S = 0.5  # a MIDI file's own tempo, when it names none
TICKS_A_BEAT = 480
SCALE = (2, 5, 7, 9, 0)
"""D minor pentatonic, in semitones above C: steps wide enough for knobs to tell them apart, and any two sound well."""
LOWEST_NOTE, HIGHEST_NOTE = 45, 67
"""One range for all, so that pitch says nothing of the instrument."""
EXPRESSION = 11
EXPRESSION_EVERY_S = 0.05


class Instrument(NamedTuple):
    """program: General MIDI's number, from 0."""

    name: str
    program: int


# Voices, and what sounds like many of them. Seven, so that each is heard among the files held out: one in ten
# is, and seven and ten have no common divisor.
INSTRUMENTS = (
    Instrument("aahs", 52),
    Instrument("oohs", 53),
    Instrument("synth-voice", 54),
    Instrument("choir-pad", 91),
    Instrument("halo-pad", 94),
    Instrument("strings", 48),
    Instrument("synth-strings", 50),
)


def phrase(instrument: Instrument, seed: int, length_s: float = FILE_S) -> mido.MidiFile:
    """One voice that walks up and down the scale, each note bound to the next, with swells and a few breaths."""
    chance = random.Random(seed)
    events = [(0.0, mido.Message("program_change", program=instrument.program))]
    steps = [note for note in range(LOWEST_NOTE, HIGHEST_NOTE + 1) if note % 12 in SCALE]
    place, now_s = chance.randrange(len(steps)), 0.1
    while now_s < length_s - 1.0:
        note_s = min(chance.choice((0.5, 1.0, 1.0, 2.0, 3.0)), length_s - 0.5 - now_s)
        overlap_s = 0.1
        events += [
            (now_s, mido.Message("note_on", note=steps[place], velocity=chance.randint(45, 120))),
            (now_s + note_s + overlap_s, mido.Message("note_off", note=steps[place])),
        ]
        breath_s = 0.5 if chance.random() < 0.25 else 0.0
        now_s += note_s + breath_s
        # Never the same note twice: its end would cut the next one's beginning.
        leaps = [leap for leap in (-3, -2, -1, -1, 1, 1, 2, 3) if 0 <= place + leap < len(steps)]
        place += chance.choice(leaps)
    return midi_file([*events, *swells(chance, length_s)])


def swells(chance: random.Random, length_s: float) -> list[tuple[float, mido.Message]]:
    """The expression pedal, moved in straight lines from one random place to the next."""
    events, level, now_s = [], chance.uniform(40, 127), 0.0
    while now_s < length_s:
        target, swell_s = chance.uniform(40, 127), chance.uniform(0.5, 2.0)
        moves = round(swell_s / EXPRESSION_EVERY_S)
        for move in range(moves):
            value = round(level + (target - level) * move / moves)
            time_s = now_s + move * EXPRESSION_EVERY_S
            events.append((time_s, mido.Message("control_change", control=EXPRESSION, value=value)))
        level, now_s = target, now_s + swell_s
    return events


def midi_file(events: list[tuple[float, mido.Message]]) -> mido.MidiFile:
    """Messages with their time in seconds, in any order, as a file of one track."""
    track, before = mido.MidiTrack(), 0
    for time_s, message in sorted(events, key=lambda event: event[0]):
        ticks = round(time_s / BEAT_S * TICKS_A_BEAT)
        track.append(message.copy(time=ticks - before))
        before = ticks
    return mido.MidiFile(type=0, ticks_per_beat=TICKS_A_BEAT, tracks=[track])


def render(midi: mido.MidiFile, path: Path, soundfont: Path = SOUNDFONT) -> None:
    """Play the file, with FluidSynth's own reverberation and chorus. The tail after `FILE_S` is cut off."""
    with tempfile.TemporaryDirectory() as folder:
        score, played = Path(folder) / "score.mid", Path(folder) / "played.wav"
        midi.save(score)
        options = ["-ni", "-q", "-R", "1", "-C", "1", "-g", "1.5", "-r", str(SAMPLE_RATE_HZ), "-T", "wav"]
        subprocess.run(["fluidsynth", *options, "-F", played, soundfont, score], check=True)
        audio, rate_hz = soundfile.read(played, always_2d=True)
    soundfile.write(path, audio[: round(FILE_S * rate_hz)].mean(axis=1), rate_hz, subtype="PCM_16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the files go")
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT, help="FluidR3 GM")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for number in range(FILES):
        instrument = INSTRUMENTS[number % len(INSTRUMENTS)]
        render(
            phrase(instrument, seed=number), chosen.folder / f"{number:03d}-{instrument.name}.flac", chosen.soundfont
        )


if __name__ == "__main__":
    main()
