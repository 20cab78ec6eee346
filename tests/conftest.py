"""What several tests share: small trained-like networks, exported once, and real recordings to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

SAMPLE_RATE_HZ = 16000


def voice_like(seconds: float, seed: int, sample_rate_hz: int = SAMPLE_RATE_HZ) -> np.ndarray:
    """(samples,) of a gliding, vowel-like tone with pauses: a test signal with pitch, formants and silence."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    f0_hz = 120 + 40 * np.sin(2 * np.pi * 0.7 * time_s + seed)
    phase = 2 * np.pi * np.cumsum(f0_hz) / sample_rate_hz
    formant_hz = 700 + 400 * np.sin(2 * np.pi * 0.4 * time_s)
    harmonics = (np.sin(k * phase) / (1 + ((k * f0_hz - formant_hz) / 200) ** 2) for k in range(1, 25))
    envelope = np.clip(np.sin(2 * np.pi * 1.3 * time_s) + 0.6, 0, 1)
    audio = 0.1 * envelope * sum(harmonics) + 0.002 * generator.standard_normal(len(time_s))
    return audio.astype(np.float32)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 12 short files: three formats, two rates, mono and stereo."""
    folder = tmp_path_factory.mktemp("recordings")
    for index in range(12):
        suffix = ("wav", "flac", "ogg")[index % 3]
        rate_hz = (16000, 44100)[index % 2]
        audio = voice_like(2.0, index, rate_hz)
        channels = np.stack([audio, 0.5 * audio], axis=1) if index % 4 == 0 else audio
        soundfile.write(folder / f"take_{index:02d}.{suffix}", channels, rate_hz)
    return folder
