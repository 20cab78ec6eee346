"""Tensors in less room where not one number is changed by it: as halves, or as bytes with a scale for each output.

Nodes beside them widen them: ONNX Runtime does that once, when it loads the file. Bytes are widened by Cast and Mul, not by
DequantizeLinear, which newer runtimes melt into products of rounded inputs: other numbers than those that were proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 1024
"""Of fewer numbers than this a file has little to gain."""
LARGEST_BYTE = 127
Narrow = tuple[list[onnx.TensorProto], list[onnx.NodeProto]]


def store_as_halves(model: onnx.ModelProto) -> None:
    """Keep float32 tensors as float16, in the graph and in the bodies inside it."""
    _store(model, _halves)


def store_as_bytes(model: onnx.ModelProto) -> None:
    """Keep float32 matrices that `weights.as_bytes` rounded as int8, in the graph and in the bodies inside it."""
    _store(model, _bytes)


STORES: dict[str, Callable[[onnx.ModelProto], None]] = {
    "float32": lambda model: None,
    "float16": store_as_halves,
    "int8": store_as_bytes,
}
"""By what `weights.rounded` rounded to."""


def graphs_of(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and the bodies inside it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs_of(attribute.g)


def tensors_of(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Every constant tensor of the graph and of the bodies inside it, by name, wide again where it was stored narrow."""
    found: dict[str, np.ndarray] = {}
    for graph in graphs_of(model.graph):
        found |= {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        for node in graph.node:
            if node.op_type == "Cast" and node.input[0] in found:
                found[node.output[0]] = found[node.input[0]].astype(np.float32)
            elif node.op_type == "Mul" and all(name in found for name in node.input):
                found[node.output[0]] = found[node.input[0]] * found[node.input[1]]
    return found


def _store(model: onnx.ModelProto, narrow: Callable[[str, np.ndarray], Narrow | None]) -> None:
    for graph in graphs_of(model.graph):
        kept, widening = [], []
        for tensor in graph.initializer:
            exact = numpy_helper.to_array(tensor)
            found = narrow(tensor.name, exact) if exact.dtype == np.float32 and exact.size >= SMALLEST else None
            if found is None:
                kept.append(tensor)
            else:
                kept += found[0]
                widening += found[1]
        nodes = [*widening, *graph.node]
        for field, values in ((graph.initializer, kept), (graph.node, nodes)):
            values = [type(value).FromString(value.SerializeToString()) for value in values]
            del field[:]
            field.extend(values)


def _halves(name: str, exact: np.ndarray) -> Narrow | None:
    with np.errstate(over="ignore"):
        half = exact.astype(np.float16)
    if not np.array_equal(half.astype(np.float32), exact):
        return None
    node = helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)
    return [numpy_helper.from_array(half, f"{name}.half")], [node]


def _bytes(name: str, exact: np.ndarray) -> Narrow | None:
    """Outputs lie on the last axis of a matrix that rows are multiplied by, and else on the first."""
    for axis in (1, 0) if exact.ndim == 2 else (0,) if exact.ndim > 2 else ():
        others = tuple(other for other in range(exact.ndim) if other != axis)
        scale = np.abs(exact).max(axis=others, keepdims=True) / np.float32(LARGEST_BYTE)
        scale = np.where(scale > 0, scale, np.float32(1.0))
        codes = np.rint(exact / scale)
        if np.array_equal(codes * scale, exact):
            widened = f"{name}.widened"
            nodes = [
                helper.make_node("Cast", [f"{name}.bytes"], [widened], to=TensorProto.FLOAT),
                helper.make_node("Mul", [widened, f"{name}.scale"], [name]),
            ]
            tensors = [(codes.astype(np.int8), "bytes"), (scale, "scale")]
            return [numpy_helper.from_array(values, f"{name}.{what}") for values, what in tensors], nodes
    return None
