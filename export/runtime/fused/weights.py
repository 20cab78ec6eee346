"""From an exported file to the numbers that the kernel wants, in its order; refuses any graph that it does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from ....models.levels import LEVELS, MIXTURES
from ....models.wavenet_vae.hyperparameters import Hyperparameters
from ...errors import LatentoneError
from ...manifest import METADATA_KEY, Manifest
from .layout import AHEAD, plan
from .vectors import LANES, TILE


class NotFusable(LatentoneError):
    """The file may play in another runtime, but this one does not know its graph; the text says why."""


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
    try:
        model = onnx.load_model(path)
    except FileNotFoundError:
        raise LatentoneError(f"{path}: no such model file") from None
    except Exception:
        raise LatentoneError(f"{path}: not an ONNX model, or a truncated one; export it again") from None
    text = next((entry.value for entry in model.metadata_props if entry.key == METADATA_KEY), None)
    if text is None:
        raise LatentoneError(f"{path}: holds no Latentone manifest; write it with `latentone export`")
    return _weights(model, Manifest.from_json(text, str(path)))


def _weights(model: onnx.ModelProto, manifest: Manifest) -> Weights:
    h = _hyperparameters(manifest)
    _check_operators(model.graph, h)
    tensors = {t.name: numpy_helper.to_array(t) for graph in _graphs(model.graph) for t in graph.initializer}
    taken = _Taken(tensors)
    layers, half = len(h.dilations), h.gate // 2
    outputs = LEVELS if h.head == "softmax" else 3 * MIXTURES

    matrix = taken("calibration.matrix", h.latents, h.latents)
    offset = taken("calibration.offset", h.latents, 1)[:, 0]
    condition = taken("condition.weight", h.conditioning, h.latents, 3)
    frame = [
        vector(offset),
        tiles(matrix.T),
        vector(taken("condition.bias", h.conditioning)),
        tiles(condition.transpose(2, 1, 0).reshape(3 * h.latents, h.conditioning)),
        vector(taken("project.bias", layers * h.gate)),
        tiles(taken("project.weight", h.conditioning, layers * h.gate)),
    ]
    skip = taken("step.skip.weight", layers * half, h.skip)
    step = [
        vector(taken("step.input.bias", h.residual)),
        tiles(taken("step.input.weight", h.bands, h.residual)),
        vector(taken("step.skip.bias", h.skip)),
    ]
    ahead = [vector(np.zeros(0))]
    for layer, dilation in enumerate(h.dilations):
        taps = taken(f"step.layers.{layer}.input.weight", 2 * h.residual, h.gate)
        if dilation >= AHEAD:
            ahead.append(tiles(taps[: h.residual]))
            taps = taps[h.residual :]
        step.append(tiles(taps))
        to_skip = skip[layer * half : (layer + 1) * half]
        residual = taken(f"step.layers.{layer}.residual.weight", half, h.residual)
        # Nothing reads what the last layer's residual path would add.
        step.append(tiles(to_skip if layer == layers - 1 else np.concatenate([residual, to_skip], axis=1)))
    step += [
        vector(taken("step.hidden.bias", h.skip)),
        tiles(taken("step.hidden.weight", h.skip, h.skip)),
        vector(taken("step.output.bias", h.bands * outputs)),
        tiles(taken("step.output.weight", h.skip, h.bands * outputs)),
    ]
    synthesis_taps = 1 if h.bands == 1 else 16
    synthesis = taken("synthesis.weight", h.bands, h.bands, synthesis_taps)
    gains = taken("synthesis.gains", h.bands, 1)[:, 0]

    numbers, dilations, rings = plan(h, outputs, synthesis_taps)
    a_layer = 2 * h.residual * h.gate + half * (h.residual + h.skip)
    last = half * h.residual
    return Weights(
        manifest=manifest,
        hyperparameters=h,
        plan=numbers,
        dilations=dilations,
        rings=rings,
        frame=np.concatenate(frame),
        ahead=np.concatenate(ahead),
        step=np.concatenate(step),
        synthesis=tiles(synthesis.transpose(2, 1, 0).reshape(-1, h.bands)),
        gains=np.ascontiguousarray(gains, np.float32),
        multiply_adds=layers * a_layer - last + h.bands * h.residual + h.skip * (h.skip + h.bands * outputs)
        + synthesis_taps * h.bands**2,
        frame_multiply_adds=h.latents**2 + h.conditioning * (3 * h.latents + layers * h.gate),
    )  # fmt: skip


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


class _Taken:
    """The file's tensors by name; a missing or misshapen one refuses the file."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self._tensors = tensors

    def __call__(self, name: str, *shape: int) -> np.ndarray:
        tensor = self._tensors.get(name)
        if tensor is None:
            raise NotFusable(f"its graph has no tensor {name}")
        if tensor.shape != shape:
            raise NotFusable(f"its tensor {name} is {tensor.shape}, not {shape}")
        if not np.isfinite(tensor).all():
            raise NotFusable(f"its tensor {name} holds numbers that are not finite")
        return tensor


def _hyperparameters(manifest: Manifest) -> Hyperparameters:
    if manifest.family != "wavenet_vae" or manifest.kind != "decoder":
        raise NotFusable(f"it is a {manifest.family} {manifest.kind}, not a WaveNet decoder")
    try:
        h = Hyperparameters.from_dict(manifest.network)
    except (TypeError, ValueError) as error:
        raise NotFusable(f"its network is one that this version does not know ({error})") from None
    for name in ("residual", "skip"):
        if getattr(h, name) % LANES:
            raise NotFusable(f"its {name} channels ({getattr(h, name)}) are not a multiple of {LANES}")
    if h.gate % (2 * LANES):
        raise NotFusable(f"its gate channels ({h.gate}) are not a multiple of {2 * LANES}")
    if manifest.hop_samples != h.control_hop_samples or len(manifest.latents) != h.latents:
        raise NotFusable("its manifest contradicts itself about latents or frames")
    return h


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and the bodies inside it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _check_operators(graph: onnx.GraphProto, h: Hyperparameters) -> None:
    """The operators that make the network must be there as often as it has layers: same names, other graph, no go."""
    found: Counter[str] = Counter(node.op_type for part in _graphs(graph) for node in part.node)
    layers = len(h.dilations)
    expected: dict[str, Any] = {
        "Scan": 2,
        "Conv": 2,
        "Tanh": layers,
        "Sigmoid": layers,
        "Gemm": 2 * layers + 4,
        "Softmax": 1,
    }
    for kind, count in expected.items():
        if found[kind] != count:
            raise NotFusable(f"its graph has {found[kind]} {kind} nodes where a WaveNet of {layers} layers has {count}")
