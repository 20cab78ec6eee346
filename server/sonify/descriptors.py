"""A sound as a row of numbers: timbre, spectral shape, onsets, pitch and loudness, so that sounds can be compared."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

F0_RANGE_HZ = (60.0, 1000.0)
"""From a low voice to the upper end of a flute's first octave, as for the decoders' knobs."""
FRAME_S, HOPS_A_FRAME = 0.064, 4
FLOOR_DB = -80.0
"""Re full scale: what lies below is silence, so that the logarithm of nothing does not outweigh what is heard."""
BAND_FLOOR_DB, BIN_FLOOR_DB = -100.0, -110.0
"""The same for one mel band, and for one bin of the spectrum: all of them together stay below FLOOR_DB."""
VOICED = 0.5
"""Correlation of a frame with itself one period later from which on it counts as voiced."""
ONSET_DB = 3.0
"""Rise of the mean mel band, above its surroundings, that counts as an onset."""
_MFCCS, _BANDS, _MELS = 20, 5, 40
_SHAPES = ("centroid_hz", "bandwidth_hz", "rolloff_hz", "flatness_db")
_PITCH = ("pitch_midi", "pitch_spread_st", "voiced_share")
_LOUDNESS = ("loudness_db", "loudness_spread_db", "loudness_slope_db", "loudness_change_db")
NAMES: Sequence[str] = (
    *(f"mfcc{i}_mean" for i in range(_MFCCS)),
    *(f"mfcc{i}_median" for i in range(_MFCCS)),
    *(f"mfcc{i}_std" for i in range(_MFCCS)),
    "mfcc_change",
    *(f"{name}_{statistic}" for name in _SHAPES for statistic in ("mean", "std")),
    *(f"contrast{i}_db" for i in range(_BANDS + 1)),
    *("onsets_per_s", "flux_db"),
    *_PITCH,
    *_LOUDNESS,
)
"""Of the descriptors, in the order of `describe_all`'s columns."""
_HEARD_AS = {
    "mfcc0": "loudness of all bands",
    "mfcc": "timbre",
    "centroid": "brightness",
    "bandwidth": "width of the spectrum",
    "rolloff": "reach of the spectrum",
    "flatness": "noisiness",
    "contrast": "tones against noise in a band",
    "onsets": "attacks",
    "flux": "rise of energy",
    "pitch_midi": "pitch",
    "pitch_spread": "movement of pitch",
    "voiced": "share of pitched sound",
    "loudness": "loudness",
}


def heard_as(name: str) -> str:
    """What a listener would call the descriptor `name`: `movement of timbre` for `mfcc3_std`."""
    longest = max((start for start in _HEARD_AS if name.startswith(start)), key=len)
    moves = name.endswith(("_std", "_change", "_spread_db", "_slope_db", "_change_db"))
    return f"movement of {_HEARD_AS[longest]}" if moves else _HEARD_AS[longest]


def describe(audio: np.ndarray, sample_rate_hz: int) -> dict[str, float]:
    """Audio (samples,) to its descriptors, all of them finite, for silence too.

    `_mean`, `_median` and `_std` are over frames of 64 ms; the median beside the mean tells a sound that changes between
    states from one that stays between them. Spectral shape weighs frames by power, so that the loud parts speak. Pitch is
    YIN's (de Cheveigné and Kawahara 2002) over voiced frames, in MIDI note numbers; loudness is A-weighted (IEC 61672), its
    slope from the first to the last fifth.
    """
    import librosa

    audio = np.nan_to_num(np.asarray(audio, dtype=np.float32))
    frame = 2 ** round(np.log2(FRAME_S * sample_rate_hz))
    audio = np.pad(audio, (0, max(0, frame - len(audio))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa's, of silence and of sounds shorter than its window
        amplitude = np.abs(librosa.stft(audio, n_fft=frame, hop_length=frame // HOPS_A_FRAME)) * (2 / frame)
        frequencies = librosa.fft_frequencies(sr=sample_rate_hz, n_fft=frame)
        mel = librosa.feature.melspectrogram(S=amplitude**2, sr=sample_rate_hz, n_fft=frame, n_mels=_MELS, norm=None)
        mel_db = librosa.power_to_db(mel, amin=10 ** (BAND_FLOOR_DB / 10), top_db=None)
        values = [
            *_timbre(librosa.feature.mfcc(S=mel_db, n_mfcc=_MFCCS)),
            *_shape(amplitude, frequencies),
            *_onsets(mel_db, len(audio) / sample_rate_hz),
            *_pitch(audio, sample_rate_hz, frame),
            *_loudness(amplitude, librosa.A_weighting(np.maximum(frequencies, 10.0))),
        ]
    return dict(zip(NAMES, np.nan_to_num(values).tolist(), strict=True))


def describe_all(sounds: Sequence[np.ndarray], sample_rate_hz: int) -> np.ndarray:
    """Sounds, each (samples,), to (sounds, descriptors), with the columns of NAMES."""
    return np.array([list(describe(sound, sample_rate_hz).values()) for sound in sounds]).reshape(-1, len(NAMES))


def _timbre(mfcc: np.ndarray) -> np.ndarray:
    """(coefficients, frames) to the mean, median and spread of each, and how far all move together in a frame's length."""
    lag = min(HOPS_A_FRAME, mfcc.shape[1] - 1)
    change = np.linalg.norm(mfcc[:, lag:] - mfcc[:, : mfcc.shape[1] - lag], axis=0)
    return np.concatenate([mfcc.mean(axis=1), np.median(mfcc, axis=1), mfcc.std(axis=1), [change.mean()]])


def _shape(amplitude: np.ndarray, frequencies_hz: np.ndarray) -> list[float]:
    """Amplitude (bins, frames) to mean and spread of the shapes of its power, loud frames first, and the contrast of bands."""
    import librosa

    power = np.maximum(amplitude**2, 10 ** (BIN_FLOOR_DB / 10))
    shapes = [
        librosa.feature.spectral_centroid(S=power, freq=frequencies_hz)[0],
        librosa.feature.spectral_bandwidth(S=power, freq=frequencies_hz)[0],
        librosa.feature.spectral_rolloff(S=power, freq=frequencies_hz)[0],
        10 * np.log10(librosa.feature.spectral_flatness(S=power, power=1.0)[0]),
    ]
    weights = power.sum(axis=0)
    values = []
    for shape in shapes:
        mean = np.average(shape, weights=weights)
        values += [mean, np.sqrt(np.average((shape - mean) ** 2, weights=weights))]
    nyquist_hz = frequencies_hz[-1]
    contrast = librosa.feature.spectral_contrast(
        S=amplitude + 10 ** (FLOOR_DB / 20),
        freq=frequencies_hz,
        n_bands=_BANDS,
        fmin=min(200.0, 0.8 * nyquist_hz / 2**_BANDS),
    )
    return [*values, *np.average(contrast, axis=1, weights=weights)]


def _onsets(mel_db: np.ndarray, seconds: float) -> list[float]:
    """Mel bands in dB (bands, frames) to onsets a second and the mean rise between frames."""
    import librosa

    rise = np.maximum(np.diff(mel_db, axis=1), 0).mean(axis=0) if mel_db.shape[1] > 1 else np.zeros(1)
    peaks = librosa.util.peak_pick(rise, pre_max=2, post_max=2, pre_avg=6, post_avg=6, delta=ONSET_DB, wait=2)
    return [len(peaks) / seconds, float(rise.mean())]


def _pitch(audio: np.ndarray, sample_rate_hz: int, frame: int) -> list[float]:
    """Audio (samples,) to the median pitch of its voiced frames (of all, where none is), its spread, and their share."""
    import librosa

    hop = frame // HOPS_A_FRAME
    f0 = librosa.yin(
        audio, fmin=F0_RANGE_HZ[0], fmax=F0_RANGE_HZ[1], sr=sample_rate_hz, frame_length=frame, hop_length=hop
    )
    frames = librosa.util.frame(np.pad(audio, frame // 2), frame_length=frame, hop_length=hop)[:, : len(f0)]
    voiced = _periodicity(frames, sample_rate_hz / f0[: frames.shape[1]]) >= VOICED
    voiced &= np.sqrt(np.mean(frames**2, axis=0)) > 10 ** (FLOOR_DB / 20)
    notes = librosa.hz_to_midi(f0[: frames.shape[1]])
    heard = notes[voiced] if voiced.any() else notes
    low, middle, high = np.quantile(heard, (0.1, 0.5, 0.9))
    return [float(middle), float(high - low), float(voiced.mean())]


def _periodicity(frames: np.ndarray, period_samples: np.ndarray) -> np.ndarray:
    """Frames (samples, frames) and their periods (frames,) to each one's correlation with itself a period later."""
    half = len(frames) // 2
    best = np.zeros(frames.shape[1])
    for lag in (np.floor(period_samples), np.ceil(period_samples)):
        shifted = np.take_along_axis(frames, np.arange(half)[:, None] + np.clip(lag, 1, half).astype(int), axis=0)
        energy = np.sqrt((frames[:half] ** 2).sum(axis=0) * (shifted**2).sum(axis=0))
        best = np.maximum(best, (frames[:half] * shifted).sum(axis=0) / np.maximum(energy, 1e-12))
    return best


def _loudness(amplitude: np.ndarray, weighting_db: np.ndarray) -> list[float]:
    """Amplitude (bins, frames) to A-weighted level, its spread over frames, its slope, and its change between frames."""
    power = (amplitude**2 * 10 ** (weighting_db[:, None] / 10)).sum(axis=0)
    level_db = 10 * np.log10(power + 10 ** (FLOOR_DB / 10))
    fifth = max(1, len(level_db) // 5)
    slope = level_db[-fifth:].mean() - level_db[:fifth].mean()
    change = np.abs(np.diff(level_db)).mean() if len(level_db) > 1 else 0.0
    return [
        float(10 * np.log10(power.mean() + 10 ** (FLOOR_DB / 10))),
        float(level_db.std()),
        float(slope),
        float(change),
    ]
