"""The encoder's Fourier basis as nodes that compute it when the file is loaded: as a tensor it outweighs the network."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from .graph import Graph


def compute_basis(model: onnx.ModelProto, name: str) -> None:
    """Put nodes in the place of the tensor `name`, a windowed basis as `features.MelSpectrogram` has it.

    (2 × bins, 1, samples): cosines above negative sines. Whole turns are taken off in integers, so that float32 loses nothing.
    """
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    rows, _, samples = tensor.dims
    # Its first row is the window times the cosine of 0.
    window = numpy_helper.to_array(tensor)[0, 0]
    g = Graph("fourier")
    bins = g.constant("bins", np.arange(rows // 2)[:, None])
    turns = g.op("Mod", g.op("Mul", bins, g.constant("places", np.arange(samples)[None, :])), g.integers(samples))
    angle = g.op("Mul", g.op("Cast", turns, to=TensorProto.FLOAT), g.constant("unit", np.array(2 * math.pi / samples)))
    waves = g.op("Concat", g.op("Cos", angle), g.op("Neg", g.op("Sin", angle)), axis=0)
    windowed = g.op("Mul", waves, g.constant("window", window))
    g.output(g.op("Unsqueeze", windowed, g.integers(1)), name)

    basis = g.proto()
    model.graph.initializer.remove(tensor)
    model.graph.initializer.extend(basis.initializer)
    others = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*basis.node, *others])
