"""Small encoders of data as real ONNX files, whose latents can be worked out by hand: for rows, and for frames with a state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from latentone.export.manifest import METADATA_KEY, DataManifest, LatentRecord, StateRecord
from latentone.export.onnx.graph import IR_VERSION, OPSET, Graph
from onnx import helper


def data_manifest(
    name: str,
    inputs: Sequence[str],
    dim: int,
    frame_rate_hz: float | None = None,
    held_out: Sequence[str] = (),
) -> DataManifest:
    """Of an encoder with `dim` latents z0, z1 …; with a frame rate, of frames, whose state is the frame before."""
    return DataManifest(
        schema_version=1,
        kind="data_encoder",
        family="tybalt" if frame_rate_hz is None else "mocap",
        name=name,
        inputs=list(inputs),
        frame_rate_hz=frame_rate_hz,
        held_out=list(held_out),
        weights_sha256="0" * 64,
        latents=[
            LatentRecord(name=f"z{knob}", mean=0, std=0.5, quantiles={"0.025": -1, "0.5": 0, "0.975": 1})
            for knob in range(dim)
        ],
        state=[] if frame_rate_hz is None else [StateRecord(name="before", shape=[len(inputs), 1])],
    )


def plain_matrix(dim: int, inputs: int) -> np.ndarray:
    """Latent i is input i; latents beyond the inputs are 0. (dim, inputs)"""
    return np.eye(dim, inputs, dtype=np.float32)


def write_row_encoder(
    path: Path,
    inputs: Sequence[str] = ("a", "b", "c"),
    dim: int = 3,
    matrix: np.ndarray | None = None,
    *,
    name: str = "",
    held_out: Sequence[str] = (),
) -> Path:
    """latents = matrix (dim, inputs) @ values of each row; without a matrix, latent i is input i. Returns `path`."""
    graph = Graph("")
    values = graph.input("values", ["batch", len(inputs), "frames"])
    weights = graph.constant("matrix", plain_matrix(dim, len(inputs)) if matrix is None else matrix)
    graph.output(graph.op("MatMul", weights, values), "latents", ["batch", dim, "frames"])
    return _write(graph, data_manifest(name or _name(path), inputs, dim, held_out=held_out), path)


def write_frame_encoder(
    path: Path,
    inputs: Sequence[str] = ("x", "y", "z"),
    dim: int = 3,
    frame_rate_hz: float = 30.0,
    matrix: np.ndarray | None = None,
    *,
    name: str = "",
) -> Path:
    """latents = matrix @ the mean of each frame and the one before it, which is the state; zeros before the first."""
    graph = Graph("")
    values = graph.input("values", ["batch", len(inputs), "frames"])
    before = graph.input("before", ["batch", len(inputs), 1])
    weights = graph.constant("matrix", plain_matrix(dim, len(inputs)) if matrix is None else matrix)
    joined = graph.op("Concat", before, values, axis=2)
    total = graph.op("Add", graph.slice(joined, 0, -1, 2), values)
    mean = graph.op("Mul", total, graph.constant("half", np.array(0.5, np.float32)))
    graph.output(graph.op("MatMul", weights, mean), "latents", ["batch", dim, "frames"])
    graph.output(graph.slice(joined, -1, None, 2), "next_before", ["batch", len(inputs), 1])
    return _write(graph, data_manifest(name or _name(path), inputs, dim, frame_rate_hz), path)


def _name(path: Path) -> str:
    return path.name.partition(".")[0]


def _write(graph: Graph, manifest: DataManifest, path: Path) -> Path:
    model = helper.make_model(
        graph.proto(), opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="tests"
    )
    helper.set_model_props(model, {METADATA_KEY: manifest.model_dump_json()})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
