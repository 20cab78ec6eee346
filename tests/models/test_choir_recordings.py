"""The musical model's recordings can be made again: the same notes each time, and sound where FluidSynth is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from latentone.models.pretrained import choir_recordings as recordings


@pytest.mark.parametrize("instrument", recordings.INSTRUMENTS)
def test_a_phrase_is_one_voice_in_the_scale(instrument: recordings.Instrument) -> None:
    midi = recordings.phrase(instrument, seed=3)
    now_s, end_s, sounding, began = 0.0, 0.0, set(), 0
    for message in midi:
        now_s += message.time
        if message.type == "note_on":
            assert message.note % 12 in recordings.SCALE
            sounding.add(message.note)
            began += 1
            assert len(sounding) <= 2  # only while one is bound to the next
        elif message.type == "note_off":
            sounding.remove(message.note)
            end_s = now_s
    assert not sounding
    assert began >= 6
    assert recordings.FILE_S - 2 < end_s < recordings.FILE_S


def test_a_seed_is_a_phrase(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        recordings.phrase(recordings.INSTRUMENTS[0], seed).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed")
@pytest.mark.skipif(not recordings.SOUNDFONT.is_file(), reason="fluid-soundfont-gm is not installed")
def test_fluidsynth_plays_it(tmp_path: Path) -> None:
    recordings.render(recordings.phrase(recordings.INSTRUMENTS[0], seed=0), tmp_path / "phrase.flac")
    audio, rate_hz = soundfile.read(tmp_path / "phrase.flac")
    assert (rate_hz, len(audio)) == (recordings.SAMPLE_RATE_HZ, recordings.FILE_S * recordings.SAMPLE_RATE_HZ)
    assert 0.05 < np.abs(audio).max() < 1.0
