"""Decoders and sinks whose sound can be read back: for tests that ask what the engine did, not how a model sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import onnx
from latentone.export.manifest import METADATA_KEY, LatentRecord, Manifest, StateRecord
from latentone.export.runtime import State
from onnx import TensorProto, helper, numpy_helper


def fake_manifest(dim: int = 4, hop_samples: int = 64, sample_rate_hz: int = 16000, channels: int = 1) -> Manifest:
    return Manifest(
        schema_version=1,
        kind="decoder",
        family="fake",
        name="fake",
        sample_rate_hz=sample_rate_hz,
        hop_samples=hop_samples,
        channels=channels,
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

    Pure numpy, and each sample stands alone, so blocks of every size make the same samples bit by bit. The state counts
    frames since it was new. Of its streams, calls named in `broken_calls` raise; in those of `nan_calls` one sample is
    not a number.
    """

    runtime = "fake (numpy)"

    def __init__(
        self,
        broken_calls: tuple[int, ...] = (),
        nan_calls: tuple[int, ...] = (),
        control_samples: int = 64,
        channels: int = 1,
    ) -> None:
        self.manifest = fake_manifest(channels=channels)
        if control_samples < self.manifest.hop_samples:
            self.manifest.noise_per_frame = self.manifest.hop_samples  # as many for every step
        self.control_samples = control_samples
        self.broken_calls, self.nan_calls = broken_calls, nan_calls
        self.streams: list[FakeStream] = []

    def initial_state(self, batch: int) -> State:
        return {"frames": np.zeros((batch, 1), np.int64)}

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        frames = latents.shape[2]
        audio = self.sound(np.repeat(latents[:, 0], self.manifest.hop_samples, axis=1), noise, temperature)
        return audio, {"frames": state["frames"] + frames}

    def stream(self, voices: int) -> FakeStream:
        self.streams.append(FakeStream(self, voices))
        return self.streams[-1]

    def sound(self, knob: np.ndarray, noise: np.ndarray, temperature: np.ndarray) -> np.ndarray:
        """Audio (batch, channels, samples) of the first latent at each sample, (batch, samples)."""
        batch, samples = knob.shape
        steps = noise.reshape(batch, samples // self.control_samples, -1)
        hiss = steps[:, :, : self.control_samples].reshape(batch, samples) - np.float32(0.5)
        audio = 0.5 * knob + temperature[:, None] * hiss
        return np.repeat(audio[:, None], self.manifest.channels, axis=1)


class FakeStream:
    """Counts its calls, each voice's samples and resets; refuses what the contract does not allow."""

    def __init__(self, decoder: FakeDecoder, voices: int) -> None:
        self.decoder, self.voices = decoder, voices
        self.calls = 0
        self.sample = 0
        self.played_samples = np.zeros(voices, np.int64)
        self.resets = np.zeros(voices, np.int64)

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        manifest, samples = self.decoder.manifest, audio.shape[2]
        inside = self.sample % manifest.hop_samples
        frames = -(-(inside + samples) // manifest.hop_samples)
        draws = samples * manifest.noise_per_frame // manifest.hop_samples
        assert samples % self.decoder.control_samples == 0
        assert latents.shape == (self.voices, len(manifest.latents), frames)
        assert noise.shape == (self.voices, draws)
        assert audio.shape[:2] == (self.voices, manifest.channels)
        assert temperature.shape == active.shape == (self.voices,)
        assert all(array.dtype == np.float32 and array.flags.c_contiguous for array in (latents, noise, audio))
        call, self.calls = self.calls, self.calls + 1
        self.sample += samples
        self.played_samples[active] += samples
        if call in self.decoder.broken_calls:
            raise RuntimeError("the fake decoder was told to break")
        knob = np.repeat(latents[:, 0], manifest.hop_samples, axis=1)[:, inside : inside + samples]
        audio[active] = self.decoder.sound(knob, noise, temperature)[active]
        if call in self.decoder.nan_calls:
            audio[active, 0, samples // 2] = np.nan

    def reset(self, voice: int) -> None:
        self.resets[voice] += 1
        self.played_samples[voice] = 0

    def save(self) -> State:
        return {
            "frames": self.played_samples[:, None] // self.decoder.manifest.hop_samples,
            "position": np.full(self.voices, self.sample % self.decoder.manifest.hop_samples),
        }

    def load(self, state: State) -> None:
        self.sample = int(state["position"][0]) if "position" in state else 0
        self.played_samples[:] = state["frames"][:, 0] * self.decoder.manifest.hop_samples


class ListSink:
    """Keeps every block; takes them as fast as they come."""

    sample_rate_hz = 16000
    latency_s = 0.0
    underruns = 0

    def __init__(self, channels: int = 1) -> None:
        self.channels = channels
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
        """The first channel of everything written so far, (samples,)."""
        return self.both[0]

    @property
    def both(self) -> np.ndarray:
        """Everything written so far, (channels, samples)."""
        return np.concatenate(self.blocks, axis=1)


def write_fake_model(path: Path, hop_samples: int = 64, dim: int = 4) -> Path:
    """The same decoder as an ONNX file that plain ONNX Runtime plays."""
    manifest = fake_manifest(dim, hop_samples)
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
