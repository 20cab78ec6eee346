"""Voices in motion on ONNX Runtime, by I/O binding.

Latents, noise, temperature, state and audio lie in buffers on the session's device that are allocated once for every
shape of block. State is never copied from block to block: there are two buffers for it, one block reads the first and
writes the second, the next block the other way round; each direction is a binding of its own. Only latents and noise
go to the device, and only audio comes back.

With CUDA, kernels run on a stream that ONNX Runtime makes for the session, and a run returns when that stream is done.
Where the session captures CUDA graphs (see `providers`), every binding is captured as its own graph under its own
`gpu_graph_id`. Two graphs for the two directions, rather than one graph and a copy of the state back to where it came
from: capturing runs a block several times before it plays it, which is harmless only while a run leaves its inputs alone.
ONNX Runtime captures for the calling thread, so the thread that plays is the one that has to warm up.

All of this was run on the CPU provider alone; on the others it differs by the `Device` that the buffers are made on and
by that graph id, which the CPU provider ignores.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
import onnxruntime
from onnxruntime import InferenceSession

from ..manifest import Manifest
from . import State, need_frame
from .onnx_memory import Buffer, Device

KEPT_SHAPES = 32
"""Shapes of block (voices at once, frames) whose buffers are kept; the one unused for longest makes room."""
GRAPHS_A_SESSION = 2 * KEPT_SHAPES
"""A captured graph stays in its session's memory, so later bindings run without one."""
NO_GRAPH = -1


def run_options(graph: int) -> onnxruntime.RunOptions:
    """Run as the captured graph of that number, which the first run captures; or without, for NO_GRAPH."""
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("gpu_graph_id", str(graph))
    return options


def graph_numbers() -> Iterator[int]:
    """Numbers for the graphs of one session; 0 is left to runs that name none."""
    return iter(range(1, 1 + GRAPHS_A_SESSION))


States = tuple[dict[str, Buffer], dict[str, Buffer]]
"""The two sets of state by name, (voices, …) each; a block of fewer voices uses their first rows."""


class _Block:
    """Buffers and bindings for one shape of block: `batch` voices at once, `frames` latent frames."""

    def __init__(
        self,
        session: InferenceSession,
        manifest: Manifest,
        states: States,
        shape: tuple[int, int],
        device: Device,
        graphs: Iterator[int],
    ) -> None:
        batch, frames = shape
        self.latents = Buffer((batch, len(manifest.latents), frames), "float32", device)
        self.noise = Buffer((batch, frames * manifest.noise_per_frame), "float32", device)
        self.temperature = Buffer((batch,), "float32", device)
        self.audio = Buffer((batch, manifest.channels, frames * manifest.hop_samples), "float32", device)
        self._session = session
        self._runs = []
        for before, after in (states, states[::-1]):
            binding = session.io_binding()
            binding.bind_ortvalue_input("latents", self.latents.value)
            binding.bind_ortvalue_input("noise", self.noise.value)
            binding.bind_ortvalue_input("temperature", self.temperature.value)
            binding.bind_ortvalue_output("audio", self.audio.value)
            for record in manifest.state:
                name, dtype, rows = record.name, np.dtype(record.dtype).type, (batch, *record.shape)
                if 0 in rows:  # no numbers, so no address to bind
                    binding.bind_ortvalue_input(name, Buffer(rows, record.dtype, device).value)
                    binding.bind_ortvalue_output(f"next_{name}", Buffer(rows, record.dtype, device).value)
                    continue
                binding.bind_input(name, device.name, 0, dtype, rows, before[name].value.data_ptr())
                binding.bind_output(f"next_{name}", device.name, 0, dtype, rows, after[name].value.data_ptr())
            self._runs.append((binding, run_options(next(graphs, NO_GRAPH))))

    def run(self, direction: int) -> None:
        """From the state set `direction` to the other one. Inputs must be on the device; audio is left there."""
        self._session.run_with_iobinding(*self._runs[direction])


class OnnxStream:
    """A Stream (see `runtime.Stream`) on an ONNX Runtime session.

    The active voices, in order, are the first rows of the state on the device; the others' state rests on the host.
    The first block of a shape allocates, and on CUDA captures: to warm up, advance this stream and reset its voices.
    A change of who is active brings the state to the host and back.
    """

    def __init__(
        self, session: InferenceSession, manifest: Manifest, voices: int, device: Device, graphs: Iterator[int]
    ) -> None:
        """graphs: what `graph_numbers` gave for the session, shared by all its streams."""
        self.voices = voices
        self._session, self._manifest, self._device, self._graphs = session, manifest, device, graphs

        def buffers() -> dict[str, Buffer]:
            return {r.name: Buffer((voices, *r.shape), r.dtype, device) for r in manifest.state}

        self._states: States = (buffers(), buffers())
        self._newest = 0  # which of the two it is
        self._resting: State = {r.name: np.zeros((voices, *r.shape), r.dtype) for r in manifest.state}
        self._active = np.zeros(voices, dtype=bool)
        self._rows = np.flatnonzero(self._active)
        self._blocks: OrderedDict[tuple[int, int], _Block] = OrderedDict()

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        """See `runtime.Stream`; frames and blocks begin together, since `control_samples` is `hop_samples`."""
        if not np.array_equal(active, self._active):
            self._fetch()
            self._gather(active)
        rows = self._rows
        if not len(rows):
            return
        block = self._block(len(rows), audio.shape[2] // self._manifest.hop_samples)
        for buffer, given in ((block.latents, latents), (block.noise, noise), (block.temperature, temperature)):
            # The rows are in range; told to clip, `take` writes straight to `out`.
            np.take(given, rows, axis=0, out=buffer.host, mode="clip")
            buffer.to_device()
        block.run(self._newest)
        self._newest = 1 - self._newest
        block.audio.to_host()
        audio[rows] = block.audio.host

    def reset(self, voice: int) -> None:
        if self._active[voice]:
            self._rest()
        for tensor in self._resting.values():
            tensor[voice] = 0

    def save(self) -> State:
        self._fetch()
        return {name: tensor.copy() for name, tensor in self._resting.items()}

    def load(self, state: State) -> None:
        need_frame(state, "ONNX Runtime")
        self._rest()
        for name, tensor in self._resting.items():
            tensor[...] = state[name]

    def _fetch(self) -> None:
        """Copy the active voices' state to the host."""
        for name, buffer in self._states[self._newest].items():
            buffer.to_host()
            self._resting[name][self._rows] = buffer.host[: len(self._rows)]

    def _gather(self, active: np.ndarray) -> None:
        """Copy the state of the voices that are `active` from the host to the first rows on the device."""
        self._active = active.copy()
        self._rows = np.flatnonzero(active)
        for name, buffer in self._states[self._newest].items():
            buffer.host[: len(self._rows)] = self._resting[name][self._rows]
            buffer.to_device()

    def _rest(self) -> None:
        """Leave every voice's state on the host, where it can be changed; the next block gathers it."""
        self._fetch()
        self._gather(np.zeros(self.voices, dtype=bool))

    def _block(self, batch: int, frames: int) -> _Block:
        shape = (batch, frames)
        block = self._blocks.get(shape)
        if block is None:
            if len(self._blocks) == KEPT_SHAPES:
                self._blocks.popitem(last=False)
            block = _Block(self._session, self._manifest, self._states, shape, self._device, self._graphs)
            self._blocks[shape] = block
        self._blocks.move_to_end(shape)
        return block
