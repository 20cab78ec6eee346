"""Uniform noise that any program can make again: a hash of seed, voice and how many numbers came before.

The hash is Wellons's `lowbias32` (https://nullprogram.com/blog/2018/07/31/), in 64-bit integers since TorchScript
has no unsigned ones.
"""

from __future__ import annotations

import torch
from torch import Tensor

NOISE = "lowbias32(index ^ lowbias32(voice ^ lowbias32(seed))) >> 8, as 24-bit fractions"
"""For the manifest: `index` counts a voice's numbers since the last reset."""


def hashed(x: Tensor) -> Tensor:
    """Integers (int64, any shape) to hashes in [0, 2^32)."""
    x = x & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


def uniform_noise(seed: int, first: int, voices: int, count: int) -> Tensor:
    """Numbers `first` to `first` + `count` of each voice: float32 (voices, count) in [0, 1)."""
    keys = hashed(torch.arange(voices) ^ hashed(torch.tensor([seed])))
    index = torch.arange(first, first + count)
    return (hashed(index[None, :] ^ keys[:, None]) >> 8).float() / 16777216.0
