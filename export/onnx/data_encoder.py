"""An encoder of data as an ONNX graph: values in the data's units and state in, calibrated latents and next state out."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from ..calibrate import Calibration
from ..errors import LatentoneError
from ..manifest import DataManifest, StateRecord
from ..runtime.data_encoder import DataEncoder
from .graph import OPSET, save
from .narrow import store_as_halves

State = dict[str, Tensor]
BLOCK_FRAMES = (1, 2, 3, 1, 5, 8, 1, 13, 4)
"""Frames that are compared at a time, over and over."""
TOLERANCE = 1e-4
"""Largest difference between PyTorch's and ONNX Runtime's latents, relative to the largest latent, or to 1 if that is less."""


class CalibratedDataEncoder(nn.Module):
    """What the file holds: an encoder whose latents are turned into knobs.

    encoder: called with values (batch, inputs, frames) in the data's units and its state, by name, each (batch, …); gives raw
    latents (batch, dim, frames) and the next state. The state is zero at the start. Blocks give what one pass gives.
    """

    def __init__(self, encoder: nn.Module, calibration: Calibration) -> None:
        super().__init__()
        self.encoder = encoder
        inverse = np.linalg.inv(calibration.matrix)
        self.register_buffer("inverse", torch.tensor(inverse, dtype=torch.float32))
        self.register_buffer("shift", torch.tensor(inverse @ calibration.offset, dtype=torch.float32)[:, None])

    def forward(self, values: Tensor, state: State) -> tuple[Tensor, State]:
        """values (batch, inputs, frames) to knobs (batch, dim, frames) and the next state."""
        raw, following = self.encoder(values, state)
        return self.get_buffer("inverse") @ raw - self.get_buffer("shift"), following


class _Flat(nn.Module):
    """The same with its state as arguments one by one, as a graph has it."""

    def __init__(self, module: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.module, self.names = module, names

    def forward(self, values: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        latents, following = self.module(values, dict(zip(self.names, state, strict=True)))
        return (latents, *(following[name] for name in self.names))


def write_data_encoder(
    module: nn.Module,
    manifest: DataManifest,
    path: Path,
    examples: np.ndarray,
    store: Callable[[onnx.ModelProto], None] = lambda _: None,
) -> float:
    """Write `module` with its manifest to `path`, and return its largest difference from PyTorch, as TOLERANCE measures it.

    module: as CalibratedDataEncoder is called. examples: float32 (batch, inputs, frames) in the data's units, on which file and
    module are compared, block by block. store: what makes the model's tensors narrow, before `store_as_halves` does. Raises
    LatentoneError where they differ; then what lay at `path` stays.
    """
    module = module.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
        draft = Path(folder) / path.name
        model = _model(module, manifest)
        store(model)
        store_as_halves(model)
        save(model, manifest, draft)
        error = parity(module, DataEncoder(draft), examples)
        draft.replace(path)
    return error


@torch.inference_mode()
def parity(module: nn.Module, exported: DataEncoder, examples: np.ndarray) -> float:
    """Largest relative difference of latents and state over blocks of carried state; raises LatentoneError over TOLERANCE."""
    batch, _, frames = examples.shape
    state = exported.initial_state(batch)
    torch_state = {name: torch.from_numpy(value) for name, value in state.items()}
    worst, start, block = 0.0, 0, 0
    while start < frames:
        values = examples[:, :, start : start + BLOCK_FRAMES[block % len(BLOCK_FRAMES)]]
        wanted, torch_state = module(torch.from_numpy(values.copy()), torch_state)
        latents, state = exported.encode(values, state)
        worst = max(worst, _difference(latents, wanted), *(_difference(state[key], torch_state[key]) for key in state))
        start, block = start + values.shape[2], block + 1
        if not worst <= TOLERANCE:
            raise LatentoneError(
                f"parity: the encoder's file differs from PyTorch by {worst:.2g} within {start} frames "
                f"(at most {TOLERANCE:g} allowed)"
            )
    return worst


def _difference(found: np.ndarray, wanted: Tensor) -> float:
    """NaN where either is."""
    right = wanted.numpy()
    return float(np.abs(found - right).max() / max(1.0, float(np.abs(right).max())))


def _model(module: nn.Module, manifest: DataManifest) -> onnx.ModelProto:
    """PyTorch's exporter does the work, with batch and frames left open."""
    batch, frames = (torch.export.Dim(name, min=1, max=2**20) for name in ("batch", "frames"))
    names = [record.name for record in manifest.state]
    values = torch.zeros(2, len(manifest.inputs), 3)
    state = tuple(_zeros(record) for record in manifest.state)
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                _Flat(module, names).eval(),
                (values, *state),
                input_names=["values", *names],
                output_names=["latents", *(f"next_{name}" for name in names)],
                dynamic_shapes=({0: batch, 2: frames}, *([tuple({0: batch} for _ in state)] if state else [])),
                opset_version=OPSET + 1,
                dynamo=True,
                optimize=False,  # it would fold batch norm into weights, and half precision would not hold those exactly
                verbose=False,
            )
    finally:
        log.setLevel(level)
    return _without_traces(cast("torch.onnx.ONNXProgram", program).model_proto)


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the exporter's notes on which line of whose file made each node: they are of no use to a player."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    return model


def _zeros(record: StateRecord) -> Tensor:
    return torch.zeros(2, *record.shape, dtype=getattr(torch, record.dtype))
