"""Weights in the order in which the CUDA kernel's threads read them.

A matrix of `columns` lies row after row. In a row, columns c, c + columns/4, c + columns/2 and c + 3 columns/4 make a quad, and
quads lie in the order of c: neighbouring threads take neighbouring quads, with one load each, and each thread's four sums
are columns/4 apart, so that neighbours also write to neighbouring banks of shared memory. Quads of float16 are one word of
8 bytes, quads of float32 are two.
"""

from __future__ import annotations

import numpy as np

from ....models.levels import LEVELS, MU, SILENCE
from ..fused.tensors import NotFusable
from .plan import QUAD, Plan


def in_half(name: str) -> bool:
    """Whether the tensor `name` is float16 on the device of a decoder in half precision."""
    return (
        name == "condition.weight"
        or name == "project.weight"
        or (name.startswith("step.") and name.endswith(".weight"))
    )


def rounded(name: str, tensor: np.ndarray) -> np.ndarray:
    """The tensor as a decoder in half precision knows it, in float32.

    Raises NotFusable for weights out of float16's range.
    """
    if not in_half(name):
        return tensor
    with np.errstate(over="ignore"):
        halves = tensor.astype(np.float16)
    if not np.isfinite(halves).all():
        raise NotFusable(f"its tensor {name} holds weights too large for half precision")
    return halves.astype(np.float32)


def pack(p: Plan, tensors: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What `tensors.plain_tensors` read, as words (uint64) and numbers (float32), at the places of the plan."""
    t = {name: rounded(name, tensor) if p.half else tensor for name, tensor in tensors.items()}
    pad = p.conditioning - len(t["condition.bias"])
    condition = t["condition.weight"].transpose(2, 1, 0).reshape(3 * p.latents, -1)
    words = [quads(np.pad(condition, ((0, 0), (0, pad))), p.half)]
    project = np.pad(t["project.weight"], ((0, pad), (0, 0)))
    words += [quads(part, p.half) for part in np.split(project, p.layers, axis=1)]
    words.append(quads(t["step.input.weight"], p.half))
    to_skip = np.split(t["step.skip.weight"], p.layers)
    for layer in range(p.layers):
        words.append(quads(t[f"step.layers.{layer}.input.weight"], p.half))
        mix = np.concatenate([t[f"step.layers.{layer}.residual.weight"], to_skip[layer]], axis=1)
        words.append(quads(mix, p.half))
    words.append(quads(t["step.hidden.weight"], p.half))
    words += [quads(part, p.half) for part in np.split(t["step.output.weight"], p.pieces, axis=1)]
    synthesis = t["synthesis.weight"].transpose(2, 1, 0).reshape(-1, p.bands)
    words.append(quads(np.pad(synthesis, ((0, 0), (0, -p.bands % QUAD))), half=False))
    numbers = [
        t["calibration.matrix"],
        t["calibration.offset"],
        np.pad(t["condition.bias"], (0, pad)),
        t["project.bias"],
        t["step.input.bias"],
        t["step.skip.bias"],
        t["step.hidden.bias"],
        t["step.output.bias"],
        t["synthesis.gains"],
        amplitudes(),
        np.zeros(p.bands + -p.bands % QUAD),
    ]
    packed = np.concatenate(words), np.concatenate([part.reshape(-1) for part in numbers]).astype(np.float32)
    assert (len(packed[0]), len(packed[1])) == (p.words, p.numbers)
    return packed


def quads(matrix: np.ndarray, half: bool | int) -> np.ndarray:
    """A matrix (rows, columns) as words; columns is a multiple of QUAD."""
    rows, columns = matrix.shape
    in_order = matrix.reshape(rows, QUAD, columns // QUAD).transpose(0, 2, 1)
    return np.ascontiguousarray(in_order, np.float16 if half else np.float32).reshape(-1).view(np.uint64)


def amplitudes() -> np.ndarray:
    """Of every µ-law code, as `mulaw.expand` of its value: float32 (LEVELS,)."""
    values = (np.arange(LEVELS) - SILENCE) / (LEVELS // 2)
    return (np.sign(values) * np.expm1(np.abs(values) * np.log1p(MU)) / MU).astype(np.float32)
