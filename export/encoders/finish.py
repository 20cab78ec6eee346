"""What every export of an encoder of data ends with: calibrated latents, a manifest, a file that was compared with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ..calibrate import Calibration, knob_names
from ..manifest import SCHEMA_VERSION, DataManifest
from ..onnx.data_encoder import CalibratedDataEncoder, write_data_encoder
from ..onnx.narrow import STORES
from ..provenance import tools
from ..runtime.load import ENCODER_SUFFIX
from ..weights import rounded
from .axes import rebuilt_axes

if TYPE_CHECKING:
    from ..export import Request as AudioRequest

Report = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What `latentone export` was asked for, of an encoder of data."""

    checkpoint: Path
    output: Path
    data_path: str | None
    """Where the training data lies now, if it has moved."""
    name: str | None
    licence: str
    credit: str
    weights: str = "float32"
    """float32, float16 or int8."""

    @classmethod
    def of(cls, request: AudioRequest, output: Path, name: str | None) -> Request:
        """What was asked for of a checkpoint of any family, of this one: to be written to `output` under this name."""
        data_path = None if request.train_path is None else str(request.train_path)
        return cls(request.checkpoint, output, data_path, name, request.licence, request.credit, request.weights)

    @property
    def model_name(self) -> str:
        return self.name or self.output.name.removesuffix(ENCODER_SUFFIX).removesuffix(".onnx")


@dataclass(frozen=True)
class Exported:
    """error: the largest difference from PyTorch, relative to the largest latent (or 1)."""

    file: Path
    manifest: DataManifest
    error: float
    module: CalibratedDataEncoder
    """What the file was compared with, on `examples` (batch, inputs, frames)."""
    examples: np.ndarray


def finish(
    encoder: nn.Module,
    raw: np.ndarray,
    rebuilt: np.ndarray,
    examples: np.ndarray,
    request: Request,
    *,
    trained_on: dict[str, Any],
    **facts: Any,
) -> Exported:
    """Write the encoder's file, with knobs that `raw` (rows or frames, dim), raw latents of what was learnt from, fills.

    rebuilt: what the model's decoder makes of `raw`, (rows or frames, columns), in units of its score: see `rebuilt_axes`.
    encoder, examples: as for `onnx.data_encoder`. facts: further fields of the manifest. Raises LatentoneError where the file
    does not answer as PyTorch does.
    """
    raw = raw.astype(np.float64)
    axes = rebuilt_axes(raw, rebuilt.astype(np.float64))
    calibration = Calibration.along(axes.directions, raw, axes.minimum_range)
    dim = raw.shape[1]
    manifest = DataManifest(
        schema_version=SCHEMA_VERSION,
        kind="data_encoder",
        name=request.model_name,
        latents=calibration.records(knob_names([None] * dim), np.zeros(dim), [{}] * dim, axes.shares),
        trained_on={**trained_on, "licence": request.licence, "credit": request.credit},
        tools=tools(),
        **facts,
    )
    module = CalibratedDataEncoder(rounded(encoder, request.weights), calibration).eval()
    if request.weights != "float32":
        plain = CalibratedDataEncoder(encoder, calibration).eval()
        manifest.weights = {"kind": request.weights, **_change(module, plain, manifest, examples)}
    error = write_data_encoder(module, manifest, request.output, examples, STORES[request.weights])
    return Exported(request.output, manifest, error, module, examples)


@torch.inference_mode()
def _change(
    module: CalibratedDataEncoder, plain: CalibratedDataEncoder, manifest: DataManifest, examples: np.ndarray
) -> dict[str, float]:
    """How far knobs are from those of float32 weights over the examples: root mean square, and at most."""
    values = torch.from_numpy(examples)
    state = {record.name: torch.zeros(len(values), *record.shape) for record in manifest.state}
    difference = module(values, state)[0] - plain(values, state)[0]
    return {
        "knobs_rms": round(float(difference.square().mean().sqrt()), 6),
        "knobs_largest": round(float(difference.abs().max()), 6),
    }
