"""From an exported file to the numbers that the kernel wants, in its order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....models.wavenet_vae.hyperparameters import Hyperparameters
from ...manifest import Manifest
from .layout import AHEAD, aligned, plan
from .tensors import outputs_of, plain_tensors, synthesis_taps
from .vectors import LANES, TILE


@dataclass(frozen=True)
class Weights:
    """A decoder's numbers as `kernel.play` takes them: float32 and flat, but for the integers of plan, dilations and rings."""

    manifest: Manifest
    hyperparameters: Hyperparameters
    plan: np.ndarray
    dilations: np.ndarray
    rings: np.ndarray
    frame: np.ndarray
    ahead: np.ndarray
    step: np.ndarray
    synthesis: np.ndarray
    gains: np.ndarray
    multiply_adds: int
    """Of one step of one voice, without its share of a frame's conditioning."""
    frame_multiply_adds: int


def read(path: Path) -> Weights:
    """Read the weights of the decoder in `path`.

    Raises LatentoneError for a file that cannot be read, and NotFusable for a graph that is not the exported WaveNet's.
    """
    manifest, h, tensors = plain_tensors(path)
    layers, half = len(h.dilations), h.gate // 2
    outputs = outputs_of(h)
    frame = [
        vector(tensors["calibration.offset"][:, 0]),
        tiles(tensors["calibration.matrix"].T),
        vector(tensors["condition.bias"]),
        tiles(tensors["condition.weight"].transpose(2, 1, 0).reshape(3 * h.latents, h.conditioning)),
        vector(tensors["project.bias"]),
        tiles(tensors["project.weight"]),
    ]
    skip = tensors["step.skip.weight"]
    step = [
        vector(tensors["step.input.bias"]),
        tiles(tensors["step.input.weight"]),
        vector(tensors["step.skip.bias"]),
    ]
    ahead = [vector(np.zeros(0))]
    for layer, dilation in enumerate(h.dilations):
        taps = tensors[f"step.layers.{layer}.input.weight"]
        if dilation >= AHEAD:
            ahead.append(tiles(taps[: h.residual]))
            taps = taps[h.residual :]
        step.append(tiles(taps))
        to_skip = skip[layer * half : (layer + 1) * half]
        residual = tensors[f"step.layers.{layer}.residual.weight"]
        # Nothing reads what the last layer's residual path would add.
        step.append(tiles(to_skip if layer == layers - 1 else np.concatenate([residual, to_skip], axis=1)))
    step += [
        vector(tensors["step.hidden.bias"]),
        tiles(tensors["step.hidden.weight"]),
        vector(tensors["step.output.bias"]),
        tiles(tensors["step.output.weight"]),
    ]
    numbers, dilations, rings = plan(h, outputs, synthesis_taps(h))
    a_layer = 2 * h.residual * h.gate + half * (h.residual + h.skip)
    last = half * h.residual
    return Weights(
        manifest=manifest,
        hyperparameters=h,
        plan=numbers,
        dilations=dilations,
        rings=rings,
        frame=joined(frame),
        ahead=joined(ahead),
        step=joined(step),
        synthesis=tiles(tensors["synthesis.weight"].transpose(2, 1, 0).reshape(-1, h.bands)),
        gains=np.ascontiguousarray(tensors["synthesis.gains"][:, 0], np.float32),
        multiply_adds=layers * a_layer - last + h.bands * h.residual + h.skip * (h.skip + h.bands * outputs)
        + synthesis_taps(h) * h.bands**2,
        frame_multiply_adds=h.latents**2 + h.conditioning * (3 * h.latents + layers * h.gate),
    )  # fmt: skip


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """One after the other, each of them whole vectors."""
    return np.concatenate(parts, out=aligned(sum(map(len, parts))))


def vector(values: np.ndarray) -> np.ndarray:
    """(n,) with zeros up to a whole number of vectors."""
    return np.pad(values, (0, -len(values) % LANES)).astype(np.float32)


def tiles(matrix: np.ndarray) -> np.ndarray:
    """(rows, columns) to the kernel's order: tiles of 64 columns, then of 32 and 16, each row after row; flat."""
    columns = matrix.shape[1]
    wide = np.pad(matrix, ((0, 0), (0, -columns % LANES)))
    parts, done = [np.zeros(0)], 0
    while done < wide.shape[1]:
        left = wide.shape[1] - done
        width = TILE if left >= TILE else TILE // 2 if left >= TILE // 2 else LANES
        parts.append(wide[:, done : done + width].reshape(-1))
        done += width
    return np.concatenate(parts).astype(np.float32)
