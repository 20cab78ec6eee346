"""What one hears, as numbers: loudness, brightness, noisiness and pitch of short stretches of sound."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import librosa
import numpy as np

DESCRIPTORS = ("rms", "centroid", "flatness", "f0")
HEARD_AS: Mapping[str, str] = {"rms": "loudness", "centroid": "brightness", "flatness": "noisiness", "f0": "pitch"}
F0_RANGE_HZ = (60.0, 1000.0)
"""From a low voice to the upper end of a flute's first octave."""
_FRAME_SAMPLES = 1024


def describe(audio: np.ndarray, sample_rate_hz: int) -> dict[str, float]:
    """Audio (samples,) to rms (dB re full scale), centroid (Hz), flatness (geometric over arithmetic mean of power) and f0 (Hz).

    Spectra are averaged with their energy, so that the loud parts speak. f0 is the median of YIN (de Cheveigné and Kawahara 2002).
    """
    power = np.abs(librosa.stft(audio, n_fft=_FRAME_SAMPLES, hop_length=_FRAME_SAMPLES // 4)) ** 2
    mean_power = power.mean(axis=1) + 1e-12
    frequencies = librosa.fft_frequencies(sr=sample_rate_hz, n_fft=_FRAME_SAMPLES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f0 = librosa.yin(
            audio, fmin=F0_RANGE_HZ[0], fmax=F0_RANGE_HZ[1], sr=sample_rate_hz, frame_length=_FRAME_SAMPLES
        )
    return {
        "rms": float(10 * np.log10(np.mean(audio**2) + 1e-10)),
        "centroid": float((frequencies * mean_power).sum() / mean_power.sum()),
        "flatness": float(np.exp(np.log(mean_power).mean()) / mean_power.mean()),
        "f0": float(np.median(f0)),
    }


def log_mel_db(audio: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """(samples,) to an 80-band mel spectrogram in dB, (mels, frames), floor -80 dB."""
    mel = librosa.feature.melspectrogram(y=audio, sr=sample_rate_hz, n_fft=1024, hop_length=256, n_mels=80)
    return librosa.power_to_db(mel, amin=1e-8, top_db=None)
