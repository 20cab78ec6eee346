"""The tensors of an exported WaveNet decoder as the file has them: recognised, checked, or refused with the reason.

Every kernel packs them its own way.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx

from ....models.levels import LEVELS, MIXTURES
from ....models.wavenet_vae.hyperparameters import Hyperparameters
from ...errors import LatentoneError
from ...manifest import METADATA_KEY, Manifest
from ...onnx.narrow import graphs_of, tensors_of
from .vectors import LANES


class NotFusable(LatentoneError):
    """The file may play in another runtime, but this one does not know its graph; the text says why."""


def plain_tensors(path: Path) -> tuple[Manifest, Hyperparameters, dict[str, np.ndarray]]:
    """Every tensor that `shapes` lists, by its name in the graph; matrices are (inputs, outputs) unless they are convolutions.

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
    manifest = Manifest.from_json(text, str(path))
    h = _hyperparameters(manifest)
    _check_operators(model.graph, h)
    taken = _Taken(tensors_of(model))
    return manifest, h, {name: taken(name, *shape) for name, shape in shapes(h).items()}


def outputs_of(h: Hyperparameters) -> int:
    """Numbers that the head takes for a band."""
    return LEVELS if h.head == "softmax" else 3 * MIXTURES


def synthesis_taps(h: Hyperparameters) -> int:
    """Steps that the synthesis filter spans."""
    return 1 if h.bands == 1 else 16


def shapes(h: Hyperparameters) -> dict[str, tuple[int, ...]]:
    """Every tensor that plays a part, with its shape."""
    layers, half, outputs = len(h.dilations), h.gate // 2, h.bands * outputs_of(h)
    found = {
        "calibration.matrix": (h.latents, h.latents),
        "calibration.offset": (h.latents, 1),
        "condition.weight": (h.conditioning, h.latents, 3),
        "condition.bias": (h.conditioning,),
        "project.weight": (h.conditioning, layers * h.gate),
        "project.bias": (layers * h.gate,),
        "step.input.weight": (h.bands, h.residual),
        "step.input.bias": (h.residual,),
        "step.skip.weight": (layers * half, h.skip),
        "step.skip.bias": (h.skip,),
        "step.hidden.weight": (h.skip, h.skip),
        "step.hidden.bias": (h.skip,),
        "step.output.weight": (h.skip, outputs),
        "step.output.bias": (outputs,),
        "synthesis.weight": (h.bands, h.bands, synthesis_taps(h)),
        "synthesis.gains": (h.bands, 1),
    }
    for layer in range(layers):
        found[f"step.layers.{layer}.input.weight"] = (2 * h.residual, h.gate)
        found[f"step.layers.{layer}.residual.weight"] = (half, h.residual)
    return found


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


def _check_operators(graph: onnx.GraphProto, h: Hyperparameters) -> None:
    """The operators that make the network must be there as often as it has layers: same names, other graph, no go."""
    found: Counter[str] = Counter(node.op_type for part in graphs_of(graph) for node in part.node)
    layers = len(h.dilations)
    expected = {
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
