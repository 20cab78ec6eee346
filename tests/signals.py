"""Sounds that tests are made of."""

from __future__ import annotations

import numpy as np

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
