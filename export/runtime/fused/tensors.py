"""The tensors of an exported WaveNet decoder as the file has them, checked, for every kernel that packs them its own way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from ....models.levels import LEVELS, MIXTURES
from ....models.wavenet_vae.hyperparameters import Hyperparameters
from ...errors import LatentoneError
from ...manifest import METADATA_KEY, Manifest
from .weights import _check_operators, _graphs, _hyperparameters, _Taken


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
    taken = _Taken({t.name: numpy_helper.to_array(t) for graph in _graphs(model.graph) for t in graph.initializer})
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
