"""Turn one knob after another and listen: how a decoder is named, calibrated and judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .descriptors import DESCRIPTORS, describe
from .runtime import Decoder

POSITIONS = 21
POSITION_S = 0.3
SETTLE_S = 0.1
TAKES = 8
VOICES_AT_ONCE = 32
REAL_RHO, REAL_P = 0.6, 0.01
"""A correlation is real, and may name a knob, from this |ρ| on and up to this probability of chance."""


@dataclass(frozen=True)
class Heard:
    """What one knob does to each descriptor over its sweep."""

    rho: dict[str, float]
    """Spearman's ρ between knob and descriptor; 0 where the descriptor did not move."""
    p: dict[str, float]

    @property
    def main(self) -> str | None:
        """The descriptor that the knob moves most, if any correlation is real."""
        name = max(self.rho, key=lambda descriptor: abs(self.rho[descriptor]))
        return name if abs(self.rho[name]) >= REAL_RHO and self.p[name] <= REAL_P else None


def play(decoder: Decoder, latents: np.ndarray, seed: int, temperature: float | None = None) -> np.ndarray:
    """Latents (voices, dim, frames) to audio (voices, samples), first channel, noise from `seed`."""
    manifest = decoder.manifest
    generator = np.random.Generator(np.random.Philox(seed))
    voices, _, frames = latents.shape
    heat = np.full(voices, manifest.temperature if temperature is None else temperature, dtype=np.float32)
    state = decoder.initial_state(voices)
    blocks = []
    for start in range(0, frames, 64):
        block = np.ascontiguousarray(latents[..., start : start + 64], dtype=np.float32)
        noise = generator.random((voices, block.shape[2] * manifest.noise_per_frame), dtype=np.float32)
        audio, state = decoder.decode(block, noise, heat, state)
        blocks.append(audio[:, 0])
    return np.concatenate(blocks, axis=1)


def sweep_latents(decoder: Decoder, knob: int) -> np.ndarray:
    """(dim, frames): every knob at home, `knob` held at each of POSITIONS values from -1 to 1."""
    manifest = decoder.manifest
    hold = round(POSITION_S * manifest.sample_rate_hz / manifest.hop_samples)
    latents = np.repeat(np.array([[latent.home] for latent in manifest.latents]), POSITIONS * hold, axis=1)
    latents[knob] = np.repeat(np.linspace(-1, 1, POSITIONS), hold)
    return latents.astype(np.float32)


def listen(
    decoder: Decoder,
    knobs: Sequence[int],
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    takes: int = TAKES,
) -> list[Heard]:
    """Sweep each of `knobs`, several takes each, and correlate knob with descriptors (median over the takes).

    progress: called with knobs done and all.
    """
    heard = []
    at_once = max(1, VOICES_AT_ONCE // takes)
    for start in range(0, len(knobs), at_once):
        group = knobs[start : start + at_once]
        latents = np.stack([sweep_latents(decoder, knob) for knob in group for _ in range(takes)])
        audio = play(decoder, latents, seed + start)
        heard += [_correlate(decoder, of_one) for of_one in audio.reshape(len(group), takes, -1)]
        if progress:
            progress(len(heard), len(knobs))
    return heard


def _correlate(decoder: Decoder, takes: np.ndarray) -> Heard:
    from scipy.stats import spearmanr  # a second, which only those who measure knobs should wait for

    rate_hz = decoder.manifest.sample_rate_hz
    settle = round(SETTLE_S * rate_hz)
    measured = [[describe(part[settle:], rate_hz) for part in np.array_split(take, POSITIONS)] for take in takes]
    rho, p = {}, {}
    for name in DESCRIPTORS:
        curve = np.median([[d[name] for d in take] for take in measured], axis=0)
        if np.ptp(curve) < 1e-9:
            rho[name], p[name] = 0.0, 1.0
            continue
        result = spearmanr(np.arange(POSITIONS), curve)
        rho[name], p[name] = float(result.statistic), float(result.pvalue)  # pyright: ignore[reportAttributeAccessIssue]
    return Heard(rho, p)
