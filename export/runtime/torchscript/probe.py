"""What a model of others does not say: how late its latents are heard, and whether blocks are as good as the whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...errors import LatentoneError

SPAN_S = 1.5
"""Of sound that is made for one look; the effect of a latent is within it in all models that can be played live."""
FEWEST_FRAMES, MOST_FRAMES = 8, 768
PATIENCE_S = 0.6
"""A slower model is looked at over less sound."""
REST_ENERGY = 0.05
"""An effect that still has so much of its energy in the last eighth does not end: then its beginning counts, not its centre."""
NOISE_MARGIN, ROUNDING = 1.5, 1e-6
"""Blocks differ from the whole by more than so many times what another seed changes, and than this share of the energy."""

Play = Callable[[np.ndarray, int, int], np.ndarray]
"""Latents (dim, frames) in knob units, frames a block and a seed, from the state in the file, to audio (samples,)."""


@dataclass(frozen=True)
class Probed:
    """What was found."""

    latency_samples: int
    streams: bool
    block_error_db: float = -math.inf
    """Energy of the difference between blocks and whole, below that of the sound."""


def frames_to_play(sample_rate_hz: int, hop_samples: int, frame_s: float) -> int:
    """How many frames one look may take, where a frame takes `frame_s` to be made."""
    wanted = min(math.ceil(SPAN_S * sample_rate_hz / hop_samples), MOST_FRAMES, int(PATIENCE_S / max(frame_s, 1e-6)))
    return max(FEWEST_FRAMES, wanted)


def probe(play: Play, dim: int, hop_samples: int, frames: int) -> Probed:
    """Both, by playing `frames` five times."""
    streams, error_db = _streams(play, dim, frames)
    return Probed(_latency_samples(play, dim, hop_samples, frames), streams, error_db)


def _latency_samples(play: Play, dim: int, hop_samples: int, frames: int) -> int:
    """From the middle of a frame whose latents are moved to the centre of the energy of what that changes."""
    generator = np.random.default_rng(0)
    still = np.repeat(generator.uniform(-0.5, 0.5, (dim, 1)), frames, axis=1).astype(np.float32)
    moved, at = still.copy(), frames // 4
    moved[:, at] += generator.choice([-1.0, 1.0], dim) * generator.uniform(0.5, 1.5, dim)
    energy = np.square(play(moved, frames, 0) - play(still, frames, 0), dtype=np.float64)
    if energy.sum() <= 0.0:
        return 0
    if energy[-len(energy) // 8 :].sum() > REST_ENERGY * energy.sum():
        centre = float(np.argmax(energy >= 0.01 * energy.max())) + hop_samples / 2
    else:
        centre = float(np.average(np.arange(len(energy)), weights=energy)) + 0.5
    return max(0, round(centre - (at + 0.5) * hop_samples))


def _streams(play: Play, dim: int, frames: int) -> tuple[bool, float]:
    """Whether frame by frame sounds as all at once, apart from the model's own noise, and how far from it in dB."""
    steps = np.random.default_rng(1).normal(0.0, 0.4, (dim, frames))
    latents = np.clip(np.cumsum(steps, axis=1), -1.0, 1.0).astype(np.float32)
    whole, otherwise = play(latents, frames, 0), play(latents, frames, 1)
    try:
        in_blocks = play(latents, 1, 0)
    except (LatentoneError, RuntimeError):  # what takes no single frame can be no stream of them
        return False, 0.0
    energy = float(np.mean(np.square(whole, dtype=np.float64)))
    noise = float(np.mean(np.square(whole - otherwise, dtype=np.float64)))
    error = float(np.mean(np.square(whole - in_blocks, dtype=np.float64)))
    if error <= NOISE_MARGIN * noise + ROUNDING * energy:
        return True, -math.inf
    return False, 10.0 * math.log10(max(error - noise, 1e-12) / max(energy, 1e-12))
