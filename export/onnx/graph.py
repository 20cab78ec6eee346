"""A small builder for ONNX graphs and loop bodies, so that a network reads as its equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..manifest import METADATA_KEY, DataManifest, Manifest

if TYPE_CHECKING:
    import torch

OPSET = 17
IR_VERSION = 8
"""Old enough for every ONNX Runtime since 1.13."""


def array(tensor: torch.Tensor) -> np.ndarray:
    """A model's tensor as numbers for a graph."""
    return tensor.detach().cpu().numpy()


class Graph:
    """A graph, or the body of a Scan, under construction. Values are their names."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str | None] | None) -> str:
        """Declare a float32 input; named axes are dynamic."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str | None] | None = None) -> None:
        """Declare `value` as the float32 output `name`."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, name: str, array: np.ndarray) -> str:
        """Put a tensor into the file under `name`, float32 unless it holds integers."""
        dtype = np.int64 if np.issubdtype(array.dtype, np.integer) else np.float32
        full_name = f"{self.name}.{name}" if self.name else name
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype=dtype), full_name))
        return full_name

    def integers(self, *values: int) -> str:
        name = "integers_" + "_".join(map(str, values))
        full_name = f"{self.name}.{name}" if self.name else name
        if any(constant.name == full_name for constant in self._constants):
            return full_name
        return self.constant(name, np.array(values))

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> str:
        """Add a node with one output and return its name."""
        return self.ops(kind, *inputs, outputs=1, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, **attributes: object) -> list[str]:
        """Add a node and return the names of its outputs."""
        names = [f"{self.name}.{kind.lower()}_{len(self._nodes)}_{i}" for i in range(outputs)]
        node = helper.make_node(kind, list(inputs), names, **attributes)  # pyright: ignore[reportArgumentType]
        self._nodes.append(node)
        return names

    def slice(self, value: str, start: int, end: int | None, axis: int) -> str:
        """Python's `value[start:end]` along `axis`."""
        stop = np.iinfo(np.int64).max if end is None else end
        return self.op("Slice", value, self.integers(start), self.integers(stop), self.integers(axis))

    def proto(self) -> onnx.GraphProto:
        return helper.make_graph(self._nodes, self.name or "latentone", self._inputs, self._outputs, self._constants)


def write(
    graph: onnx.GraphProto, manifest: Manifest, path: Path, store: Callable[[onnx.ModelProto], None] = lambda _: None
) -> None:
    """Check the graph, put the manifest inside, and write it; the file appears whole or not at all.

    store: what makes the model's tensors narrow, see `narrow`.
    """
    model = model_of(graph)
    store(model)
    save(model, manifest, path)


def model_of(graph: onnx.GraphProto) -> onnx.ModelProto:
    """A model of operators and in a format that older runtimes know, too."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="latentone")
    model.ir_version = IR_VERSION
    return model


def save(model: onnx.ModelProto, manifest: Manifest | DataManifest, path: Path) -> None:
    """Write a model with its manifest; the file appears whole or not at all."""
    entry = (
        next((entry for entry in model.metadata_props if entry.key == METADATA_KEY), None) or model.metadata_props.add()
    )
    entry.key, entry.value = METADATA_KEY, manifest.model_dump_json()
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(model.SerializeToString())
    partial.replace(path)
