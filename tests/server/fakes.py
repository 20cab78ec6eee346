"""Decoders and sinks whose sound can be read back: for tests that ask what the engine did, not how a model sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import onnx
from latentone.export.manifest import METADATA_KEY, LatentRecord, Manifest, StateRecord
from latentone.export.runtime import State
from onnx import TensorProto, helper, numpy_helper


def fake_manifest(dim: int = 4, hop_samples: int = 64, sample_rate_hz: int = 16000) -> Manifest:
    return Manifest(
        schema_version=1,
        kind="decoder",
        family="fake",
        name="fake",
        sample_rate_hz=sample_rate_hz,
        hop_samples=hop_samples,
        channels=1,
        latency_samples=0,
        noise_per_frame=hop_samples + 1,  # odd, so that blocks cut the generator's words in the middle
        temperature=0.0,
        latents=[
            LatentRecord(name=f"z{index}", mean=0, std=0.5, quantiles={"0.025": -1, "0.5": 0, "0.975": 1})
            for index in range(dim)
        ],
        state=[StateRecord(name="frames", shape=[1], dtype="int64")],
    )


class FakeDecoder:
    """Each sample is half of its frame's first latent, plus noise as strong as the temperature.

    Pure numpy, and each frame stands alone, so blocks of every size make the same samples bit by bit. The state counts
    frames since it was new. Calls named in `broken_calls` raise; in those of `nan_calls` one sample is not a number.
    """

    runtime = "fake (numpy)"

    def __init__(self, broken_calls: tuple[int, ...] = (), nan_calls: tuple[int, ...] = ()) -> None:
        self.manifest = fake_manifest()
        self.broken_calls, self.nan_calls = broken_calls, nan_calls
        self.calls = 0

    def initial_state(self, batch: int) -> State:
        return {"frames": np.zeros((batch, 1), np.int64)}

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        batch, _, frames = latents.shape
        hop = self.manifest.hop_samples
        hiss = noise.reshape(batch, frames, -1)[:, :, :hop] - np.float32(0.5)  # (batch, frames, hop)
        audio = 0.5 * latents[:, 0, :, None] + temperature[:, None, None] * hiss
        call, self.calls = self.calls, self.calls + 1
        if call in self.broken_calls:
            raise RuntimeError("the fake decoder was told to break")
        if call in self.nan_calls:
            audio[:, frames // 2, 0] = np.nan
        return audio.reshape(batch, 1, frames * hop), {"frames": state["frames"] + frames}


class ListSink:
    """Keeps every block; takes them as fast as they come."""

    sample_rate_hz = 16000
    channels = 1
    latency_s = 0.0
    underruns = 0

    def __init__(self) -> None:
        self.blocks: list[np.ndarray] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def write(self, audio: np.ndarray) -> None:
        self.blocks.append(audio.copy())

    def describe(self) -> str:
        return "list"

    @property
    def audio(self) -> np.ndarray:
        """Everything written so far, (samples,)."""
        return np.concatenate(self.blocks, axis=1)[0]


def write_fake_model(path: Path) -> Path:
    """The same decoder as an ONNX file that plain ONNX Runtime plays."""
    manifest = fake_manifest()
    hop, dim = manifest.hop_samples, len(manifest.latents)
    constants = {
        "half": np.float32(0.5),
        "first": np.array([0]),
        "second": np.array([1]),
        "last_axis": np.array([2]),
        "hop": np.array([hop]),
        "one_hop": np.array([1, 1, hop]),
        "per_frame": np.array([0, -1, hop + 1]),
        "flat": np.array([0, 1, -1]),
        "column": np.array([-1, 1, 1]),
    }
    nodes = [
        helper.make_node("Slice", ["latents", "first", "second", "second"], ["knob"]),  # (batch, 1, frames)
        helper.make_node("Transpose", ["knob"], ["held"], perm=[0, 2, 1]),
        helper.make_node("Tile", ["held", "one_hop"], ["level"]),  # (batch, frames, hop)
        helper.make_node("Mul", ["level", "half"], ["tone"]),
        helper.make_node("Reshape", ["noise", "per_frame"], ["draws"]),
        helper.make_node("Slice", ["draws", "first", "hop", "last_axis"], ["used"]),
        helper.make_node("Sub", ["used", "half"], ["hiss"]),
        helper.make_node("Reshape", ["temperature", "column"], ["strength"]),
        helper.make_node("Mul", ["hiss", "strength"], ["noisy"]),
        helper.make_node("Add", ["tone", "noisy"], ["by_frame"]),
        helper.make_node("Reshape", ["by_frame", "flat"], ["audio"]),
        helper.make_node("Shape", ["knob"], ["count"], start=2, end=3),
        helper.make_node("Add", ["frames", "count"], ["next_frames"]),
    ]
    inputs = [
        helper.make_tensor_value_info("latents", TensorProto.FLOAT, ["batch", dim, "n"]),
        helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["batch", "draws"]),
        helper.make_tensor_value_info("temperature", TensorProto.FLOAT, ["batch"]),
        helper.make_tensor_value_info("frames", TensorProto.INT64, ["batch", 1]),
    ]
    outputs = [
        helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["batch", 1, "samples"]),
        helper.make_tensor_value_info("next_frames", TensorProto.INT64, ["batch", 1]),
    ]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "fake", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {METADATA_KEY: manifest.model_dump_json()})
    onnx.save(model, path)
    return path
