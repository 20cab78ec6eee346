"""What a decoder sounds like at given settings: held for a moment, played, and described."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..runtime import Decoder
from ..sweep import play

SETTLE_S = 0.15
HOLD_S = 0.35
VOICES_AT_ONCE = 32
COLOURS = 8
"""Coefficients of the spectrum's shape (MFCC without the first, which is loudness)."""


class HeldSounds:
    """Knobs (settings, dim) to descriptors (settings, k): loudness, brightness, noisiness, pitch, and the spectrum's shape.

    In units of which equal steps are heard as about alike: dB, octaves. `names` has k names.
    """

    names = ("loudness", "brightness", "noisiness", "pitch", *(f"colour_{index + 1}" for index in range(COLOURS)))

    def __init__(self, decoder: Decoder, seed: int = 0, progress: Callable[[str], None] = lambda _: None) -> None:
        self._decoder, self._seed, self._progress = decoder, seed, progress

    @classmethod
    def of_file(cls, file: Path, seed: int = 0, progress: Callable[[str], None] = lambda _: None) -> HeldSounds:
        """Raises LatentoneError, one line, when the file cannot be played."""
        from ..runtime.load import load_decoder

        return cls(load_decoder(file), seed, progress)

    def __call__(self, knobs: np.ndarray) -> np.ndarray:
        manifest = self._decoder.manifest
        frames = round((SETTLE_S + HOLD_S) * manifest.sample_rate_hz / manifest.hop_samples)
        settle = round(SETTLE_S * manifest.sample_rate_hz) + manifest.latency_samples
        heard = []
        for start in range(0, len(knobs), VOICES_AT_ONCE):
            group = knobs[start : start + VOICES_AT_ONCE]
            audio = play(self._decoder, np.repeat(group[:, :, None], frames, axis=2), self._seed + start)
            heard += [_heard(one[settle:], manifest.sample_rate_hz) for one in audio]
            self._progress(f"listened to {len(heard)} of {len(knobs)} settings")
        return np.array(heard)


def _heard(audio: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    from scipy.fft import dct

    from ..descriptors import describe, log_mel_db

    found = describe(audio, sample_rate_hz)
    colour = dct(log_mel_db(audio, sample_rate_hz).mean(axis=1), norm="ortho")[1 : COLOURS + 1]
    main = [found["rms"], np.log2(found["centroid"]), 10 * np.log10(found["flatness"] + 1e-6), np.log2(found["f0"])]
    return np.array([*main, *colour])
