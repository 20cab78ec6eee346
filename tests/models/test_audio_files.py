"""Any folder of recordings is training data; what is not readable is named, and costs nothing but itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from latentone.export.errors import LatentoneError
from latentone.models import audio_files
from signals import SAMPLE_RATE_HZ, voice_like


def test_every_format_rate_and_channel_count_becomes_mono_at_the_models_rate(recordings: Path) -> None:
    for path in audio_files.find(recordings):
        audio = audio_files.load(path, SAMPLE_RATE_HZ)
        assert audio.shape == pytest.approx((2.0 * SAMPLE_RATE_HZ,), abs=2)
        assert audio.dtype == np.float32


def test_loudness_is_minus_23_lufs_whatever_it_was(tmp_path: Path) -> None:
    for gain in (0.05, 0.3):
        soundfile.write(tmp_path / "take.wav", gain * voice_like(3.0, 1), SAMPLE_RATE_HZ, subtype="FLOAT")
        audio = audio_files.load(tmp_path / "take.wav", SAMPLE_RATE_HZ)
        assert pyloudnorm.Meter(SAMPLE_RATE_HZ).integrated_loudness(audio.astype(float)) == pytest.approx(
            -23.0, abs=0.1
        )


def test_mp3_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "take.mp3", voice_like(1.0, 2), SAMPLE_RATE_HZ)
    assert len(audio_files.load(tmp_path / "take.mp3", SAMPLE_RATE_HZ)) > SAMPLE_RATE_HZ / 2


def test_unreadable_files_are_named_and_skipped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "good.wav", voice_like(0.5, 1), SAMPLE_RATE_HZ)
    (tmp_path / "broken.wav").write_bytes(b"RIFF nothing")
    (tmp_path / "empty.flac").touch()
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), SAMPLE_RATE_HZ)
    soundfile.write(tmp_path / "instant.wav", np.ones(1), 48000)  # nothing is left of it at the model's rate
    skipped: list[str] = []
    loaded = list(audio_files.load_all(audio_files.find(tmp_path), SAMPLE_RATE_HZ, skipped))
    assert [path.name for path, _ in loaded] == ["good.wav"]
    names = ("broken.wav", "empty.flac", "instant.wav", "silent.wav")
    assert all(name in line for line, name in zip(skipped, names, strict=True))
    assert all(len(line.splitlines()) == 1 for line in skipped)


def test_a_folder_without_audio_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound here")
    with pytest.raises(LatentoneError, match=r"no audio in it.*\.wav"):
        audio_files.find(tmp_path)
    with pytest.raises(LatentoneError, match="no such folder"):
        audio_files.find(tmp_path / "missing")
