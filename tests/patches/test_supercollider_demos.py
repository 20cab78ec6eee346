"""Each demo runs in sclang and moves the sound of the shipped model as it says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from demos import HANDS, play_demo
from jack_server import JackServer

BLOCK = 512


def measured(heard: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of blocks of 32 ms at 16 kHz: level in dB, the strongest frequency below 600 Hz, and the share of the power above 2 kHz."""
    audio, rate_hz = soundfile.read(heard, always_2d=True)
    mono = audio.mean(axis=1)
    blocks = mono[: len(mono) // BLOCK * BLOCK].reshape(-1, BLOCK)
    power = np.abs(np.fft.rfft(blocks * np.hanning(BLOCK), 8 * BLOCK)) ** 2 + 1e-12
    hz = np.fft.rfftfreq(8 * BLOCK, 1 / rate_hz)
    level_db = 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-12)
    return level_db, hz[np.argmax(power[:, hz < 600], axis=1)], power[:, hz > 2000].sum(axis=1) / power.sum(axis=1)


def test_knobs_that_are_turned_in_the_window_are_heard(tmp_path: Path) -> None:
    turned = """
        fork({
            while { ~knobs.isNil } { 0.05.wait };
            1.wait;
            if(~knobs[\\sliders].any { |slider| slider.sliderView.bounds.width < 100 }) { 1.exit };
            ~knobs[\\sliders].first.valueAction = -1;
            1.5.wait;
            ~knobs[\\sliders].first.valueAction = 1;
        }, AppClock);
    """
    level_db, _, _ = measured(play_demo("knobs", "voice", tmp_path, 6.0, turned))
    [sounding] = np.nonzero(level_db > -75)
    assert len(sounding) > 0
    levels_db = level_db[sounding[0] : sounding[-1]]
    assert np.percentile(levels_db, 90) - np.percentile(levels_db, 10) > 6, "knob 0 of the shipped voice is heard"


def test_the_pattern_piece_sings_and_hisses(tmp_path: Path) -> None:
    level_db, tone_hz, high = measured(play_demo("pentatonic", "voice", tmp_path, 12.0))
    loud = level_db > -45
    assert np.mean(loud) > 0.3
    for note_hz in (147, 220):
        assert np.mean(np.abs(tone_hz[loud] / note_hz - 1) < 0.06) > 0.03, f"the tone of {note_hz} Hz is not heard"
    hisses = loud & (high > 0.3)
    assert np.count_nonzero(np.diff(hisses.astype(int)) == 1) >= 4, "consonants are not heard"


def test_speech_that_scsynth_analyses_is_spoken_along(tmp_path: Path, jack: JackServer) -> None:
    if shutil.which("scsynth") is None:
        pytest.skip("scsynth is not installed: apt install supercollider-server")
    level_db, _, high = measured(play_demo("analysis", "voice", tmp_path, 9.0))
    speaking = level_db[np.nonzero(level_db > -60)[0][0] :]
    assert np.mean(speaking > -35) > 0.2
    assert np.mean(speaking < -50) > 0.02, "the pauses of the speech are not heard"
    assert np.max(high[level_db > -50]) > 0.5, "its consonants are not heard"


def test_each_demo_has_its_picture() -> None:
    demos = Path(__file__).parents[2] / "patches" / "supercollider" / "demos"
    assert {path.stem for path in demos.glob("*.scd")} == set(HANDS)
    assert set(HANDS) <= {path.stem for path in demos.glob("*.png")}
