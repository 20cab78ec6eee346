"""What most people do: principal components of the data to pitch, brightness and loudness of a plain synthesizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TARGETS = ("pitch", "brightness", "loudness")
"""What the first, second and third component turn: the finest heard first (a listener tells pitches a few cents apart,
timbres by a tenth of the cut-off, levels by a decibel), as the first component carries most."""
PITCH_HZ = (110.0, 880.0)
"""Three octaves, in equal musical steps: wider than STRAUSS's two, within what speakers and pitch trackers do well."""
CUTOFF_HZ = (300.0, 6000.0)
"""Of a low-pass of 12 dB an octave, in octaves: from dull to bright without losing the lowest notes."""
LEVEL_DB = (-30.0, -6.0)
"""Root mean square re full scale, in decibels: the quietest is still clearly heard beside the loudest."""
LIMITS = (0.025, 0.975)
"""Quantiles of the training rows that reach the ends of a range; what lies beyond stays at the end, as with STRAUSS's
`map_lims`: outliers do not squeeze the rest into the middle."""
FADE_S = 0.01
_BLOCK_SAMPLES = 4096


@dataclass(frozen=True)
class Baseline:
    """A parameter mapping, fitted: mean and scale (inputs,), axes (components, inputs), low and high (components,)."""

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def positions(self, values: np.ndarray) -> np.ndarray:
        """Values (inputs, frames) to where each target stands in its range, 0 to 1, (targets, frames)."""
        scores = self.axes @ ((values - self.mean[:, None]) / self.scale[:, None])
        span = np.maximum(self.high - self.low, 1e-9)
        found = np.clip((scores - self.low[:, None]) / span[:, None], 0, 1)
        return np.pad(found, ((0, len(TARGETS) - len(found)), (0, 0)), constant_values=0.5)

    def render(
        self, values: np.ndarray, seconds: float, sample_rate_hz: int, frame_rate_hz: float | None = None
    ) -> np.ndarray:
        """Values (inputs, frames), in the data's units, to float32 audio (round(seconds × rate),); same in, same out.

        A row's single frame is held. Frames at `frame_rate_hz` are joined by straight lines, the last one held; where
        the rate is not given they are spread evenly over the time.
        """
        samples = round(seconds * sample_rate_hz)
        positions = self.positions(np.asarray(values, dtype=np.float64))
        frames = positions.shape[1]
        rate_hz = frame_rate_hz or max(frames - 1, 1) / seconds
        at = np.arange(samples) * (rate_hz / sample_rate_hz)
        pitch, brightness, loudness = (np.interp(at, np.arange(frames), path) for path in positions)
        audio = _saw(_between(pitch, PITCH_HZ), _between(brightness, CUTOFF_HZ), sample_rate_hz)
        low_db, high_db = LEVEL_DB
        audio *= 10 ** ((low_db + loudness * (high_db - low_db)) / 20)
        fade = np.minimum(1.0, (np.arange(samples) + 1) / (FADE_S * sample_rate_hz))
        return np.clip(audio * fade * fade[::-1], -1, 1).astype(np.float32)


def fit_baseline(train_rows: np.ndarray, labels: Sequence[str] = ()) -> Baseline:
    """Fit on training rows (rows, inputs), or on the frames of training clips, in the data's units.

    labels: the rows' classes; with them, the components are those that tell the classes apart best (linear discriminants),
    to be compared with a coupling that was fitted to classes too.

    Columns are centred and divided by their standard deviation, constant ones are left out of account; a component's sign is
    such that its largest weight is positive. Fewer than three components leave the other targets in the middle.
    """
    rows = np.asarray(train_rows, dtype=np.float64)
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    moving = spread > 1e-9 * max(1.0, float(np.abs(rows).max(initial=0)))
    scale = np.where(moving, spread, np.inf)
    scaled = (rows - mean) / scale
    axes = _discriminant_axes(scaled, labels) if len(set(labels)) > 1 else _principal_axes(scaled)
    low, high = np.quantile(scaled @ axes.T, LIMITS, axis=0)
    return Baseline(mean, scale, axes, low, high)


def _discriminant_axes(scaled: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Rows (rows, inputs), centred, to the first directions between classes, (up to three, inputs)."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    fitted = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(scaled, labels)
    return _turned(fitted.scalings_[:, : min(len(TARGETS), len(fitted.classes_) - 1)].T)


def _principal_axes(scaled: np.ndarray) -> np.ndarray:
    """Rows (rows, inputs), centred, to their first components, (up to three, inputs)."""
    gram_rows = scaled.shape[0] < scaled.shape[1]
    values, vectors = np.linalg.eigh(scaled @ scaled.T if gram_rows else scaled.T @ scaled)
    axes = (scaled.T @ vectors if gram_rows else vectors)[:, ::-1][:, : len(TARGETS)].T
    axes = axes[values[::-1][: len(axes)] > 1e-9 * max(values[-1], 1e-300)]
    return _turned(axes)


def _turned(axes: np.ndarray) -> np.ndarray:
    """Axes (components, inputs) of length 1, the largest weight of each positive."""
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    return axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]


def _between(position: np.ndarray, ends_hz: tuple[float, float]) -> np.ndarray:
    """Position (samples,), 0 to 1, to Hz in equal ratios."""
    return ends_hz[0] * (ends_hz[1] / ends_hz[0]) ** position


def _saw(f0_hz: np.ndarray, cutoff_hz: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """f0 and cut-off (samples,) to a saw of harmonics below Nyquist, low-passed, of root mean square 1, (samples,).

    Harmonic h has amplitude 1/h, times the gain of a second-order Butterworth filter, 1/sqrt(1 + (h f0/cutoff)^4). Pitch and
    brightness leave the level alone, so that each target is heard by itself.
    """
    phase = 2 * np.pi * np.cumsum(f0_hz) / sample_rate_hz
    harmonics = np.arange(1, max(2, int(0.45 * sample_rate_hz / PITCH_HZ[0]) + 1))[:, None]
    audio = np.empty(len(f0_hz))
    for start in range(0, len(audio), _BLOCK_SAMPLES):
        part = slice(start, start + _BLOCK_SAMPLES)
        partials_hz = harmonics * f0_hz[part]
        gain = 1 / harmonics / np.sqrt(1 + (partials_hz / cutoff_hz[part]) ** 4)
        gain *= np.clip((0.45 * sample_rate_hz - partials_hz) / (0.05 * sample_rate_hz), 0, 1)
        audio[part] = (gain * np.sin(harmonics * phase[part])).sum(axis=0) / np.sqrt((gain**2).sum(axis=0) / 2)
    return audio
