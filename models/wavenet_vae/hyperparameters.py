"""The numbers that make a WaveNet VAE, kept in every checkpoint; imports no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

SIZES: dict[str, dict[str, int]] = {
    "mini": {"residual": 32, "gate": 64, "skip": 64, "encoder": 128, "conditioning": 64},
    "live": {"residual": 64, "gate": 128, "skip": 128, "encoder": 256, "conditioning": 128},
    "paper": {"residual": 384, "gate": 768, "skip": 256, "encoder": 768, "conditioning": 128},
}
"""Channels by name: `mini` trains in minutes, `live` plays on one core, `paper` is Chorowski's and the thesis project's."""

BANDS = (1, 4, 8, 16)
HEAD_NAMES = ("softmax", "logistic")


@dataclass(frozen=True)
class Hyperparameters:
    """Sizes in channels, times in samples at `sample_rate_hz` unless the name says otherwise."""

    sample_rate_hz: int = 16000
    bands: int = 1
    latents: int = 32
    latent_hop_samples: int = 320
    """One latent in training: 50 Hz at 16 kHz, two feature frames."""
    control_hop_samples: int = 64
    """One frame in playing: latents may move this often; must divide `latent_hop_samples`."""
    residual: int = 64
    gate: int = 128
    skip: int = 128
    encoder: int = 256
    conditioning: int = 128
    stacks: int = 2
    layers_per_stack: int = 10
    head: str = "softmax"
    """What is drawn: `softmax` over 256 µ-law codes, or `logistic`, a mixture over 16-bit samples."""
    jitter: float = 0.12
    speakers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.bands not in BANDS:
            raise ValueError(f"bands: {self.bands} is not one of {', '.join(map(str, BANDS))}")
        if self.head not in HEAD_NAMES:
            raise ValueError(f"head: {self.head} is not one of {', '.join(HEAD_NAMES)}")
        if self.latent_hop_samples % 2 or self.latent_hop_samples % self.control_hop_samples:
            raise ValueError(
                f"latent_hop_samples: {self.latent_hop_samples} is not an even multiple of "
                f"control_hop_samples ({self.control_hop_samples})"
            )
        if self.control_hop_samples % self.bands:
            raise ValueError(
                f"control_hop_samples: {self.control_hop_samples} is not a multiple of bands ({self.bands})"
            )

    @classmethod
    def of_size(cls, size: str, **others: Any) -> Self:
        """One of `SIZES` by name, other fields by keyword."""
        return replace(cls(), **SIZES[size], **others)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**{**values, "speakers": tuple(values.get("speakers", ()))})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def feature_hop_samples(self) -> int:
        return self.latent_hop_samples // 2

    @property
    def steps_per_latent(self) -> int:
        return self.latent_hop_samples // self.bands

    @property
    def steps_per_frame(self) -> int:
        return self.control_hop_samples // self.bands

    @property
    def frames_per_latent(self) -> int:
        return self.latent_hop_samples // self.control_hop_samples

    @property
    def dilations(self) -> list[int]:
        return [2**layer for _ in range(self.stacks) for layer in range(self.layers_per_stack)]

    @property
    def receptive_field_steps(self) -> int:
        """Steps of its own past that one draw depends on."""
        return sum(self.dilations) + 1
