"""The encoder's Fourier basis as nodes that compute it when the file is loaded: as a tensor it outweighs the network."""

from __future__ import annotations

import math

import numpy as np
from onnx import TensorProto

from .graph import Graph


def basis(g: Graph, exact: np.ndarray) -> str:
    """What gives `exact`, a windowed basis as `features.MelSpectrogram` has it.

    (2 × bins, 1, samples): cosines above negative sines. Whole turns are taken off in integers, so that float32 loses nothing.
    """
    rows, _, samples = exact.shape
    window = exact[0, 0]  # its first row is the window times the cosine of 0
    bins = g.constant("fourier.bins", np.arange(rows // 2)[:, None])
    places = g.constant("fourier.places", np.arange(samples)[None, :])
    turns = g.op("Mod", g.op("Mul", bins, places), g.integers(samples))
    unit = g.constant("fourier.unit", np.array(2 * math.pi / samples))
    angle = g.op("Mul", g.op("Cast", turns, to=TensorProto.FLOAT), unit)
    waves = g.op("Concat", g.op("Cos", angle), g.op("Neg", g.op("Sin", angle)), axis=0)
    windowed = g.op("Mul", waves, g.constant("fourier.window", window))
    return g.op("Unsqueeze", windowed, g.integers(1))
