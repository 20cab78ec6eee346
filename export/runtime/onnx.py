"""ONNX Runtime: any decoder or encoder file, on any execution provider that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime

from ..errors import LatentoneError
from ..manifest import METADATA_KEY, Manifest
from . import State

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


def open_session(path: Path, provider: str = "auto", threads: int = 1) -> tuple[onnxruntime.InferenceSession, Manifest]:
    """Load a file and its manifest.

    provider: a key of PROVIDERS, or `auto`: the CPU, which beats every accelerator at one small step after another.
    Raises LatentoneError, one line, for a missing, empty, truncated or foreign file and for a provider that is not installed.
    """
    name = PROVIDERS["cpu" if provider == "auto" else provider]
    installed = onnxruntime.get_available_providers()
    if name not in installed:
        have = ", ".join(key for key, value in PROVIDERS.items() if value in installed)
        raise LatentoneError(
            f"provider {provider} is not in this onnxruntime (it has: {have}); choose one of these or auto"
        )
    if not path.is_file():
        raise LatentoneError(f"{path}: no such model file")
    if path.stat().st_size == 0:
        raise LatentoneError(f"{path}: empty file")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Provider libraries that fail to load are reported by us in one line, not by the runtime in twenty.
    options.log_severity_level = 4
    # Idle threads must not spin: they would take the core that the audio needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=[name])
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be read ({error.strerror})") from None
    except Exception:
        # The runtime's exceptions share no base class and their texts are for its developers.
        raise LatentoneError(
            f"{path}: not an ONNX model that can be run, or a truncated one; export it again"
        ) from None
    if name not in session.get_providers():
        raise LatentoneError(f"provider {provider} did not start (are its libraries installed?); use --provider cpu")
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise LatentoneError(f"{path}: holds no Latentone manifest; write it with `latentone export`")
    manifest = Manifest.from_json(text, str(path))
    return session, manifest


def _check_ports(path: Path, session: onnxruntime.InferenceSession, inputs: list[str], outputs: list[str]) -> None:
    found_inputs = {port.name for port in session.get_inputs()}
    found_outputs = {port.name for port in session.get_outputs()}
    for name in inputs:
        if name not in found_inputs:
            raise LatentoneError(f"{path}: its manifest names an input {name} that its graph does not have")
    for name in outputs:
        if name not in found_outputs:
            raise LatentoneError(f"{path}: its manifest names an output {name} that its graph does not have")


class OnnxDecoder:
    """A Decoder (see `runtime.Decoder`) run by ONNX Runtime."""

    def __init__(self, path: Path, provider: str = "auto", threads: int = 1) -> None:
        self._session, self.manifest = open_session(path, provider, threads)
        if self.manifest.kind != "decoder":
            raise LatentoneError(f"{path}: is an {self.manifest.kind}; a decoder is needed to make sound")
        states = [record.name for record in self.manifest.state]
        following = [f"next_{name}" for name in states]
        _check_ports(path, self._session, ["latents", "noise", "temperature", *states], ["audio", *following])
        self._state_names = states
        self._outputs = ["audio", *following]
        short = {value: key for key, value in PROVIDERS.items()}
        self.runtime = f"ONNX Runtime {onnxruntime.__version__} on {short[self._session.get_providers()[0]]}"

    def initial_state(self, batch: int) -> State:
        return {r.name: np.zeros((batch, *r.shape), dtype=r.dtype) for r in self.manifest.state}

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        feed = {"latents": latents, "noise": noise, "temperature": temperature, **state}
        audio, *following = _run(self._session, self._outputs, feed)
        return audio, dict(zip(self._state_names, following, strict=True))

    def decode_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, np.ndarray, State]:
        """`decode` for those who compare runtimes: also what was drawn, companded, (batch, steps, bands), before audio."""
        feed = {"latents": latents, "noise": noise, "temperature": temperature, **state}
        drawn, audio, *following = _run(self._session, ["drawn", *self._outputs], feed)
        return drawn, audio, dict(zip(self._state_names, following, strict=True))


def _run(session: onnxruntime.InferenceSession, outputs: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    return cast("list[np.ndarray]", session.run(outputs, feed))


class OnnxEncoder:
    """An encoder run by ONNX Runtime: audio in, calibrated latents out."""

    def __init__(self, path: Path, provider: str = "auto", threads: int = 1) -> None:
        self._session, self.manifest = open_session(path, provider, threads)
        if self.manifest.kind != "encoder":
            raise LatentoneError(f"{path}: is a {self.manifest.kind}; an encoder is needed to read a recording")
        _check_ports(path, self._session, ["audio"], ["latents"])

    def encode(self, audio: np.ndarray) -> np.ndarray:
        """Float32 audio (batch, samples) at the manifest's rate to latents (batch, dim, frames), one a hop.

        A last partial hop is filled with silence.
        """
        missing = -audio.shape[1] % self.manifest.hop_samples
        padded = np.pad(audio, ((0, 0), (0, missing))).astype(np.float32, copy=False)
        return _run(self._session, ["latents"], {"audio": padded})[0]
