"""Tensors that half precision holds exactly, as those of a checkpoint kept in it, take half the room."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 1024
"""Of fewer numbers than this a file has little to gain."""


def store_as_halves(model: onnx.ModelProto) -> None:
    """Keep float32 tensors as float16 with a node that widens them at loading, where not one number is changed by it."""
    widened = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST:
            continue
        exact = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = exact.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), exact):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        widened.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    others = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*widened, *others])
