"""Clouds, manifests and an ear with known answers, for tests of couplings."""

from __future__ import annotations

import numpy as np
from latentone.export.coupling.target import Target
from latentone.export.manifest import DataManifest, LatentRecord, Manifest

SHA = {"voice": "a" * 64, "digits": "b" * 64}


def decoder_manifest(dim: int, name: str = "voice") -> Manifest:
    """Every knob rests at 0.1, has median 0, and is skewed: its middle 95 % is -0.5 to 1."""
    return Manifest(
        schema_version=1, kind="decoder", family="wavenet_vae", name=name, sample_rate_hz=16000, hop_samples=160,
        channels=1, latency_samples=0, latents=_records(dim, home=0.1), weights_sha256=SHA.get(name, "c" * 64),
    )  # fmt: skip


def encoder_manifest(dim: int, name: str = "digits") -> DataManifest:
    return DataManifest(
        schema_version=1, kind="data_encoder", family="tybalt", name=name, inputs=["a", "b"],
        latents=_records(dim), weights_sha256=SHA.get(name, "d" * 64),
    )  # fmt: skip


def _records(dim: int, home: float = 0.0) -> list[LatentRecord]:
    quantiles = {"0.025": -0.5, "0.5": 0.0, "0.975": 1.0}
    return [LatentRecord(name=f"z{i}", mean=0.1, std=0.4, quantiles=quantiles, home=home) for i in range(dim)]


def target(cloud: np.ndarray) -> Target:
    """A decoder that learned from `cloud` (frames, dim)."""
    return Target(decoder_manifest(cloud.shape[1]), cloud)


def blob(rows: int, dim: int, seed: int, spread: float = 0.5) -> np.ndarray:
    """Normal, correlated, with another deviation in every dimension: (rows, dim)."""
    chance = np.random.default_rng(seed)
    mixing = spread * (np.eye(dim) + 0.3 * chance.standard_normal((dim, dim)) / np.sqrt(dim))
    return chance.standard_normal((rows, dim)) @ mixing.T + 0.2 * chance.standard_normal(dim)


def skewed(rows: int, dim: int, seed: int) -> np.ndarray:
    """Far from normal: logarithms of it would be."""
    return 0.3 * np.exp(0.6 * np.random.default_rng(seed).standard_normal((rows, dim)))


def of_two_knobs(first: int, second: int):
    """An ear for a decoder of which only two knobs are heard: knobs (settings, dim) to three descriptors (settings, 3)."""

    def sound(knobs: np.ndarray) -> np.ndarray:
        one, two = knobs[:, first], knobs[:, second]
        return np.stack([3 * one, two + 0.4 * two**2, np.tanh(one - two)], axis=1)

    return sound


def classes_in_late_dimensions(rows: int, dim: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Six classes about places on a circle in the last two dimensions, noise a third as wide in the others."""
    chance = np.random.default_rng(seed)
    kinds = chance.integers(0, 6, rows)
    data = chance.normal(0, 0.12, (rows, dim))
    data[:, -2:] += 0.8 * np.stack([np.cos(kinds * np.pi / 3), np.sin(kinds * np.pi / 3)], axis=1)
    return data, [f"class {kind}" for kind in kinds]
