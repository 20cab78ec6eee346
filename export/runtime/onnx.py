"""ONNX Runtime: any decoder or encoder file, on any execution provider that starts."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from onnxruntime import InferenceSession

from ..errors import LatentoneError
from . import State, need_frame
from .onnx_stream import NO_GRAPH, OnnxStream, graph_numbers, run_options
from .providers import open_session


class OnnxDecoder:
    """A Decoder (see `runtime.Decoder`) run by ONNX Runtime.

    `decode` takes and gives NumPy arrays, wherever the session computes; a stream keeps them on its device.
    """

    def __init__(self, path: Path, provider: str = "auto", threads: int = 1) -> None:
        """provider: as for `open_session`. Raises LatentoneError, one line, for a file that is no decoder."""
        opened = open_session(path, provider, threads)
        self._session, self.manifest, self._device = opened.session, opened.manifest, opened.device
        if self.manifest.kind != "decoder":
            raise LatentoneError(f"{path}: is an {self.manifest.kind}; a decoder is needed to make sound")
        states = [record.name for record in self.manifest.state]
        following = [f"next_{name}" for name in states]
        check_ports(path, self._session, ["latents", "noise", "temperature", *states], ["audio", *following])
        self._state_names = states
        self._outputs = ["audio", *following]
        self._graphs = graph_numbers()
        self.runtime, self.provider = opened.runtime, opened.provider
        self.control_samples = self.manifest.hop_samples

    def initial_state(self, batch: int) -> State:
        return {r.name: np.zeros((batch, *r.shape), dtype=r.dtype) for r in self.manifest.state}

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        audio, *following = self._run_from(state, self._outputs, latents, noise, temperature)
        return audio, dict(zip(self._state_names, following, strict=True))

    def decode_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, np.ndarray, State]:
        """`decode` for those who compare runtimes: also the values drawn, (batch, steps, bands), before audio."""
        drawn, audio, *following = self._run_from(state, ["drawn", *self._outputs], latents, noise, temperature)
        return drawn, audio, dict(zip(self._state_names, following, strict=True))

    def stream(self, voices: int) -> OnnxStream:
        return OnnxStream(self._session, self.manifest, voices, self._device, self._graphs)

    def _run_from(
        self, state: State, outputs: list[str], latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray
    ) -> list[np.ndarray]:
        need_frame(state, "ONNX Runtime")
        return _run(self._session, outputs, {"latents": latents, "noise": noise, "temperature": temperature, **state})


class OnnxEncoder:
    """An encoder run by ONNX Runtime: audio in, calibrated latents out."""

    def __init__(self, path: Path, provider: str = "auto", threads: int = 1) -> None:
        """provider: as for `open_session`, but `auto` is the CPU: recordings are read once, and nobody waits for them."""
        opened = open_session(path, "cpu" if provider == "auto" else provider, threads)
        self._session, self.manifest = opened.session, opened.manifest
        if self.manifest.kind != "encoder":
            raise LatentoneError(f"{path}: is a {self.manifest.kind}; an encoder is needed to read a recording")
        check_ports(path, self._session, ["audio"], ["latents"])

    def encode(self, audio: np.ndarray) -> np.ndarray:
        """Float32 audio (batch, samples) at the manifest's rate to latents (batch, dim, frames), one a hop.

        A last partial hop is filled with silence.
        """
        missing = -audio.shape[1] % self.manifest.hop_samples
        padded = np.pad(audio, ((0, 0), (0, missing))).astype(np.float32, copy=False)
        return _run(self._session, ["latents"], {"audio": padded})[0]


def check_ports(path: Path, session: InferenceSession, inputs: list[str], outputs: list[str]) -> None:
    """Raises LatentoneError naming the first port that the manifest in `path` promises and the graph lacks."""
    found_inputs = {port.name for port in session.get_inputs()}
    found_outputs = {port.name for port in session.get_outputs()}
    for name in inputs:
        if name not in found_inputs:
            raise LatentoneError(f"{path}: its manifest names an input {name} that its graph does not have")
    for name in outputs:
        if name not in found_outputs:
            raise LatentoneError(f"{path}: its manifest names an output {name} that its graph does not have")


def _run(session: InferenceSession, outputs: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    # Arrays lie anywhere, which a captured graph could not follow.
    return cast("list[np.ndarray]", session.run(outputs, feed, run_options(NO_GRAPH)))
