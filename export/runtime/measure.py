"""How fast a decoder makes sound here: blocks of a stream in motion, timed one by one."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..manifest import Manifest

WARM_UP_S, WARM_UP_BLOCKS = 0.1, 2
MATERIAL_S = 1.0
TEMPERATURE = 0.9


class Advancing(Protocol):
    """As much of a `runtime.Stream` as measuring takes."""

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None: ...


class Measurable(Protocol):
    """As much of a `runtime.Decoder` as measuring takes."""

    manifest: Manifest

    def stream(self, voices: int) -> Advancing: ...


@dataclass(frozen=True)
class Measured:
    """What came out. A sample is one of all voices at once."""

    voices: int
    sample_rate_hz: int
    block_samples: int
    block_s: np.ndarray
    """Seconds that each block took, (blocks,)."""

    @property
    def audio_s(self) -> float:
        """Over how much sound it was measured."""
        return len(self.block_s) * self.block_samples / self.sample_rate_hz

    @property
    def us_per_sample(self) -> float:
        return 1e6 * float(self.block_s.mean()) / self.block_samples

    @property
    def times_real_time(self) -> float:
        return self.audio_s / float(self.block_s.sum())

    def block_ms(self, percent: float) -> float:
        """The time within which so many of the blocks were made; 100 is the slowest."""
        return 1e3 * float(np.percentile(self.block_s, percent))


class Material:
    """What is played: knobs that wander through [-1, 1] and noise, the same for every runtime; repeats after a second.

    `latents`, `noise`, `temperature`, `active` and `audio` are the arguments of `Stream.advance` for one block.
    """

    def __init__(self, manifest: Manifest, voices: int, block_frames: int) -> None:
        dim, hop = len(manifest.latents), manifest.hop_samples
        frames = math.ceil(MATERIAL_S * manifest.sample_rate_hz / hop / block_frames) * block_frames
        generator = np.random.default_rng(0)
        turns = generator.uniform(0.2, 3.0, (voices, dim, 1)) * np.arange(frames) * hop / manifest.sample_rate_hz
        knobs = np.sin(2 * np.pi * (turns + generator.random((voices, dim, 1)))).astype(np.float32)
        noise = generator.random((voices, frames * manifest.noise_per_frame), dtype=np.float32)
        count = frames // block_frames
        # (blocks, voices, …), so that a block is one piece of memory.
        self._knobs = np.ascontiguousarray(knobs.reshape(voices, dim, count, block_frames).transpose(2, 0, 1, 3))
        self._noise = np.ascontiguousarray(noise.reshape(voices, count, -1).transpose(1, 0, 2))
        self.temperature = np.full(voices, TEMPERATURE, np.float32)
        self.active = np.ones(voices, dtype=bool)
        self.audio = np.zeros((voices, manifest.channels, block_frames * hop), np.float32)
        self.show(0)

    def __len__(self) -> int:
        """Blocks before it repeats."""
        return len(self._knobs)

    def show(self, index: int) -> None:
        """Make `latents` and `noise` those of block `index`."""
        at = index % len(self)
        self.latents, self.noise = self._knobs[at], self._noise[at]


def measure(
    decoder: Measurable, voices: int = 1, block_samples: int = 64, *, audio_s: float = 0.5, patience_s: float = 0.3
) -> Measured:
    """Play `audio_s` of sound with all voices sounding; what is slower than real time is given up after `patience_s`.

    Blocks are of `block_samples`, rounded up to whole frames. The first ones are not counted: they compile and allocate.
    """
    manifest = decoder.manifest
    block_frames = math.ceil(block_samples / manifest.hop_samples)
    block_samples = block_frames * manifest.hop_samples
    material, stream = Material(manifest, voices, block_frames), decoder.stream(voices)

    def block_s(index: int) -> float:
        material.show(index)
        began_s = time.perf_counter()
        stream.advance(material.latents, material.noise, material.temperature, material.active, material.audio)
        return time.perf_counter() - began_s

    warmed = took_s = 0.0
    index = 0
    while index < WARM_UP_BLOCKS or (warmed < WARM_UP_S and index < len(material)):
        warmed += block_s(index)
        index += 1
    times = np.zeros(max(1, math.ceil(audio_s * manifest.sample_rate_hz / block_samples)))
    done = 0
    while done < len(times):
        times[done] = block_s(index + done)
        took_s += times[done]
        done += 1
        if took_s > patience_s and took_s > done * block_samples / manifest.sample_rate_hz:
            break
    return Measured(voices, manifest.sample_rate_hz, block_samples, times[:done])
