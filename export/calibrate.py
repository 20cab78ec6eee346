"""Raw latents to knobs: principal axes, a range that the data fills, a home that sounds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .descriptors import describe
from .manifest import LatentRecord
from .runtime import Decoder
from .sweep import play

QUANTILES = (0.025, 0.5, 0.975)
MINIMUM_RANGE = 1e-3
HOME_CANDIDATES = 32
HOME_S = 1.0


@dataclass(frozen=True)
class Calibration:
    """An affine map between knobs and raw latents: raw = matrix @ knobs + offset.

    knobs: those of the data it was fitted on, (frames, dim).
    """

    matrix: np.ndarray
    offset: np.ndarray
    knobs: np.ndarray

    @classmethod
    def fit(cls, raw: np.ndarray, minimum_range: float = MINIMUM_RANGE) -> Calibration:
        """raw (frames, dim): axes by principal component analysis, ordered by variance; [-1, 1] is the middle 95 %.

        minimum_range: raw latents that [-1, 1] spans at least in either direction; an axis that moves less does not fill it.
        """
        mean = raw.mean(axis=0)
        _, axes = np.linalg.eigh(np.cov(raw, rowvar=False) if raw.shape[1] > 1 else np.eye(1))
        axes = axes[:, ::-1]
        projected = (raw - mean) @ axes
        low, high = np.quantile(projected, (QUANTILES[0], QUANTILES[-1]), axis=0)
        half = np.maximum((high - low) / 2, minimum_range)
        centre = (high + low) / 2
        return cls(axes * half, mean + axes @ centre, (projected - centre) / half)

    def turned(self, signs: np.ndarray) -> Calibration:
        """With the knobs of negative sign (dim,) turned the other way round."""
        return replace(self, matrix=self.matrix * signs, knobs=self.knobs * signs)

    def records(self, names: list[str], home: np.ndarray, heard: list[dict[str, float]]) -> list[LatentRecord]:
        """The manifest's account of every knob; home (dim,)."""
        quantiles = np.quantile(self.knobs, QUANTILES, axis=0)
        return [
            LatentRecord(
                name=names[i],
                mean=round(float(self.knobs[:, i].mean()), 4),
                std=round(float(self.knobs[:, i].std()), 4),
                quantiles={str(q): round(float(v), 4) for q, v in zip(QUANTILES, quantiles[:, i], strict=True)},
                home=round(float(home[i]), 4),
                heard={key: round(value, 3) for key, value in heard[i].items()},
            )
            for i in range(self.knobs.shape[1])
        ]


def find_home(decoder: Decoder, knobs: np.ndarray, energy_db: np.ndarray, seed: int = 0) -> np.ndarray:
    """Where the instrument rests: of frames from loud passages, the one that sounds on most steadily when held.

    knobs (frames, dim), energy_db (frames,). Returns (dim,), within [-1, 1].
    """
    manifest = decoder.manifest
    loud = np.flatnonzero(energy_db >= np.quantile(energy_db, 0.6))
    chosen = np.random.default_rng(seed).choice(loud, min(HOME_CANDIDATES, len(loud)), replace=False)
    candidates = np.clip(knobs[chosen], -1, 1)
    frames = round(HOME_S * manifest.sample_rate_hz / manifest.hop_samples)
    audio = play(decoder, np.repeat(candidates[:, :, None], frames, axis=2), seed)
    parts = np.stack(np.array_split(audio[:, audio.shape[1] // 4 :], 12, axis=1)[:11])
    level_db = 10 * np.log10(np.mean(parts**2, axis=2) + 1e-10)
    # The quietest twelfth of a second counts for loudness, a noisy spectrum against: a voiced, even tone wins.
    flatness = np.array([describe(take, manifest.sample_rate_hz)["flatness"] for take in audio])
    return candidates[int(np.argmax(level_db.min(axis=0) - 20 * np.log10(1 + 100 * flatness)))]


def knob_names(mains: list[str | None]) -> list[str]:
    """Each knob's name: what it is heard to do, numbered when several do the same; `z<index>` when nothing is sure."""
    seen: dict[str, int] = {}
    names = []
    for index, main in enumerate(mains):
        if main is None:
            names.append(f"z{index}")
            continue
        seen[main] = seen.get(main, 0) + 1
        names.append(main if seen[main] == 1 else f"{main}_{seen[main]}")
    return names
