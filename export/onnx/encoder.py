"""The encoder as an ONNX graph: audio in, calibrated latents out."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from ...models.wavenet_vae.encoder import Encoder
from ..calibrate import Calibration
from .fourier import compute_basis
from .graph import OPSET
from .narrow import store_as_halves


class CalibratedEncoder(nn.Module):
    """Audio (batch, samples), whole hops, to knobs (batch, dim, frames): posterior means in the decoder's own terms."""

    def __init__(self, encoder: Encoder, calibration: Calibration) -> None:
        super().__init__()
        self.encoder = encoder
        inverse = np.linalg.inv(calibration.matrix)
        self.register_buffer("inverse", torch.tensor(inverse, dtype=torch.float32))
        self.register_buffer("shift", torch.tensor(inverse @ calibration.offset, dtype=torch.float32)[:, None])

    def forward(self, audio: Tensor) -> Tensor:
        return self.get_buffer("inverse") @ self.encoder.encode(audio) - self.get_buffer("shift")


def encoder_model(encoder: Encoder, calibration: Calibration, hop_samples: int) -> onnx.ModelProto:
    """Export with dynamic batch and length; PyTorch's exporter does the work."""
    module = CalibratedEncoder(encoder, calibration).eval()
    audio = torch.zeros(2, 8 * hop_samples)
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    exporter_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module,
                (audio,),
                input_names=["audio"],
                output_names=["latents"],
                dynamic_shapes={
                    "audio": {
                        0: torch.export.Dim("batch", min=1),
                        1: hop_samples * torch.export.Dim("hops", min=1, max=2**20),
                    }
                },
                opset_version=OPSET + 1,
                dynamo=True,
                verbose=False,
            )
    finally:
        exporter_log.setLevel(level)
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    model = without_traces(program.model_proto)
    compute_basis(model, "encoder.mfcc.mel.basis")
    store_as_halves(model)
    return model


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the exporter's notes on which line of whose file made each node: they are of no use to a player."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    return model
