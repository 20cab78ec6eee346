"""The encoder as an ONNX graph: audio in, calibrated latents out."""

from __future__ import annotations

import math

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from ...models.features import POWER_FLOOR, MelSpectrogram, Mfcc
from ...models.wavenet_vae.encoder import Encoder
from ..calibrate import Calibration
from .fourier import basis
from .graph import Graph, array, model_of
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


def encoder_model(encoder: Encoder, calibration: Calibration) -> onnx.ModelProto:
    """The graph of `CalibratedEncoder`, for any batch and any number of whole hops."""
    module = CalibratedEncoder(encoder, calibration)
    g = Graph("")
    audio = g.input("audio", ["batch", "samples"])
    features = _features(g, encoder.mfcc, g.op("Unsqueeze", audio, g.integers(1)))
    mean = _posterior_mean(g, encoder, features)
    raw = g.op("MatMul", g.constant("calibration.inverse", array(module.get_buffer("inverse"))), mean)
    knobs = g.op("Sub", raw, g.constant("calibration.shift", array(module.get_buffer("shift"))))
    g.output(knobs, "latents", ["batch", len(calibration.offset), "frames"])
    model = model_of(g.proto())
    store_as_halves(model)
    return model


def _features(g: Graph, mfcc: Mfcc, audio: str) -> str:
    """`features.Mfcc` of audio (batch, 1, samples): (batch, 39, feature frames)."""
    decibels = g.op("Log", g.op("Max", _mel(g, mfcc.mel, audio), g.constant("power_floor", np.array(POWER_FLOOR))))
    decibels = g.op("Mul", decibels, g.constant("decibels", np.array(10 / math.log(10))))
    cepstrum = g.op("MatMul", g.constant("dct", array(mfcc.dct)), decibels)
    rows, half = mfcc.dct.shape[0], mfcc.slopes.shape[2] // 2
    padded = g.op("Pad", cepstrum, g.integers(0, 0, half, 0, 0, half), mode="edge")
    differences = [
        g.op("Conv", padded, g.constant(f"slope_{order}", np.tile(slope, (rows, 1, 1))), group=rows)
        for order, slope in enumerate(array(mfcc.slopes), 1)
    ]
    return g.op("Concat", cepstrum, *differences, axis=1)


def _mel(g: Graph, mel: MelSpectrogram, audio: str) -> str:
    """Frame i is centred on sample i × hop; the one that is centred on the end is no frame of the sound."""
    half = mel.window_samples // 2
    parts = g.op("Conv", audio, basis(g, array(mel.basis)), strides=[mel.hop_samples], pads=[half, half])
    squares = g.op("Mul", parts, parts)
    power = g.op("Add", *g.ops("Split", squares, outputs=2, axis=1))
    return g.slice(g.op("MatMul", g.constant("mel", array(mel.mel)), power), 0, -1, 2)


def _posterior_mean(g: Graph, encoder: Encoder, features: str) -> str:
    """`Encoder.encode` from its features on: (batch, latents, frames)."""
    x = g.op("Sub", features, g.constant("feature_mean", array(encoder.feature_mean)))
    x = g.op("Div", x, g.constant("feature_std", array(encoder.feature_std)))

    def layer(name: str, convolution: nn.Conv1d, outputs: int | None = None) -> str:
        """The convolution of x; outputs: how many channels of it are wanted."""
        weight = g.constant(f"{name}.weight", array(convolution.weight)[:outputs])
        assert convolution.bias is not None
        bias = g.constant(f"{name}.bias", array(convolution.bias)[:outputs])
        padding = [int(convolution.padding[0])] * 2
        return g.op("Conv", x, weight, bias, strides=list(convolution.stride), pads=padding)

    x = g.op("Relu", layer("first", encoder.first))
    x = g.op("Add", x, g.op("Relu", layer("second", encoder.second)))
    x = g.op("Relu", layer("halve", encoder.halve))
    for index, convolution in enumerate((*encoder.local, *encoder.blocks)):
        assert isinstance(convolution, nn.Conv1d)
        x = g.op("Add", x, g.op("Relu", layer(f"residual_{index}", convolution)))
    return layer("last", encoder.last, encoder.last.out_channels // 2)
