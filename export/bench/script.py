"""What our server adds to libtorch: one TorchScript model through our stream and called by itself, block by block in turn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..runtime.load import load_torchscript
from ..runtime.measure import Material, Measured
from ..runtime.torchscript.nn_file import NnFile

WARM_UP_BLOCKS = 5


def measure_beside(
    path: Path, block_samples: int, audio_s: float, patience_s: float, sample_rate_hz: int | None = None
) -> tuple[Measured, Measured, float]:
    """Ours, libtorch's, and by how many per cent of libtorch's median block ours takes longer (the median of the differences).

    Both play the same blocks with the same threads, one after the other, and take turns at being the first of the two. One
    voice; blocks are of `block_samples`, rounded up to whole frames. Raises LatentoneError for a file that does not play.
    """
    decoder = load_torchscript(path, sample_rate_hz=sample_rate_hz)
    manifest = decoder.manifest
    frames = math.ceil(block_samples / manifest.hop_samples)
    material, stream = Material(manifest, 1, frames), decoder.stream(1)
    call = raw_call(path, material, decoder.raw_latents)

    def ours(_: int) -> None:
        stream.advance(material.latents, material.noise, material.temperature, material.active, material.audio)

    wanted = max(1, math.ceil(audio_s * manifest.sample_rate_hz / (frames * manifest.hop_samples)))
    times: list[tuple[float, float]] = []
    began_s = 0.0
    for index in range(-WARM_UP_BLOCKS, wanted):
        material.show(index)
        if index == 0:
            times.clear()
            began_s = time.perf_counter()
        if index % 2:
            libtorch_s, ours_s = _timed(call, index), _timed(ours, index)
        else:
            ours_s, libtorch_s = _timed(ours, index), _timed(call, index)
        times.append((ours_s, libtorch_s))
        if index > 0 and time.perf_counter() - began_s > max(patience_s, 2 * audio_s):
            break
    taken = np.array(times)
    rate_hz, samples = manifest.sample_rate_hz, frames * manifest.hop_samples
    both = [Measured(1, rate_hz, samples, taken[:, column].copy()) for column in (0, 1)]
    more = 100.0 * float(np.median(taken[:, 0] - taken[:, 1])) / float(np.median(taken[:, 1]))
    return both[0], both[1], more


def raw_call(path: Path, material: Material, raw_latents: Callable[[np.ndarray], np.ndarray]) -> Callable[[int], None]:
    """libtorch alone, by the number of a block: the file's own method on tensors that lie ready, as a host in C++ calls it."""
    module: Any = NnFile(path).module
    blocks: list[torch.Tensor] = []
    for index in range(len(material)):
        material.show(index)
        blocks.append(torch.from_numpy(raw_latents(material.latents[0]))[None])

    @torch.inference_mode()
    def call(index: int) -> None:
        module.decode(blocks[index % len(blocks)])

    return call


def _timed(function: Callable[[int], None], index: int) -> float:
    began_s = time.perf_counter()
    function(index)
    return time.perf_counter() - began_s
