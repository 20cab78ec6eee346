"""Sessions: a file is opened on the execution provider that was asked for, or on the CPU with the reason why not."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import onnxruntime

from ..errors import LatentoneError
from ..manifest import METADATA_KEY, DataManifest, Manifest, any_manifest
from .onnx_memory import CUDA, HOST, Device
from .operators import CONTROL_FLOW, operators

M = TypeVar("M")


@dataclass(frozen=True)
class Provider:
    """One way of ONNX Runtime to compute."""

    full_name: str
    device: Device = HOST
    """Where tensors are bound. ONNX Runtime moves those on the host itself where its provider needs them elsewhere."""
    needs: str = ""
    """What it takes to start, for people."""
    helper: str = ""
    """A key of PROVIDERS: runs the operators that this one lacks, before the CPU does."""
    options: dict[str, str] = field(default_factory=dict)
    graph_option: str = ""
    """The option that lets runs be captured as CUDA graphs and replayed."""


PROVIDERS = {
    "cpu": Provider("CPUExecutionProvider"),
    "cuda": Provider(
        "CUDAExecutionProvider",
        CUDA,
        needs="it needs an NVIDIA GPU with its driver, and pip install 'latentone[gpu]'",
        # TF32 would be heard as another instrument than the CPU's. Trying out every algorithm for a convolution would
        # hold up the first block of each shape.
        options={"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"},
        graph_option="enable_cuda_graph",
    ),
    "tensorrt": Provider(
        "TensorrtExecutionProvider",
        CUDA,
        needs="it needs what cuda needs, and NVIDIA's TensorRT on the library path",
        helper="cuda",
    ),
    "coreml": Provider("CoreMLExecutionProvider", needs="it needs macOS"),
    "directml": Provider("DmlExecutionProvider", needs="it needs Windows and the package onnxruntime-directml"),
}
AUTO = ("cuda", "directml")
"""Tried for feed-forward graphs by `auto`. Not tensorrt, which compiles for minutes for each shape of block, nor coreml,
which may compute in half precision: these play when named."""
_WARNING, _FATAL = 2, 4
"""Severities of ONNX Runtime's log; it starts with warnings."""


@dataclass(frozen=True)
class Opened(Generic[M]):
    """A session and what its file says of itself."""

    session: onnxruntime.InferenceSession
    manifest: M
    provider: str
    """A key of PROVIDERS: the one that it runs on."""
    note: str
    """Why it is not the one asked for; empty when it is."""

    @property
    def device(self) -> Device:
        return PROVIDERS[self.provider].device

    @property
    def runtime(self) -> str:
        """For people: `ONNX Runtime 1.31.1 on cpu (cuda did not start: …)`."""
        return f"ONNX Runtime {onnxruntime.__version__} on {self.provider}" + (f" ({self.note})" if self.note else "")


def open_session(path: Path, provider: str = "cpu", threads: int = 1) -> Opened[Manifest]:
    """Load the file of a decoder of audio, or of its encoder, and its manifest.

    provider: a key of PROVIDERS; where it does not start, the CPU takes its place and `note` says so in one line. Or
    `auto`: the CPU for graphs with a loop in them, which beats every accelerator at one small step after another, and for
    feed-forward ones the first of AUTO that starts.
    Raises LatentoneError, one line, for an unknown provider and for a missing, empty, truncated or foreign file.
    """
    return _open(path, Manifest.from_json, provider, threads)


def open_data_session(path: Path, threads: int = 1) -> Opened[DataManifest]:
    """As `open_session`, for an encoder of data, which the CPU runs: it is small, and its first answer is wanted soon."""
    return _open(path, DataManifest.from_json, "cpu", threads)


def open_any_session(path: Path) -> Opened[Manifest | DataManifest]:
    """As `open_session`, on the CPU, for whatever Latentone exports: to look into it."""
    return _open(path, any_manifest, "cpu", 1)


def _open(path: Path, parse: Callable[[str, str], M], provider: str, threads: int) -> Opened[M]:
    if provider != "auto" and provider not in PROVIDERS:
        raise LatentoneError(f"provider {provider} is not one of auto, {', '.join(PROVIDERS)}")
    model = _read(path)
    loops = bool(operators(model) & CONTROL_FLOW)
    wanted = (() if loops else AUTO) if provider == "auto" else (provider,)
    installed = onnxruntime.get_available_providers()
    note = ""
    for name in (name for name in wanted if name != "cpu"):
        if PROVIDERS[name].full_name in installed:
            session = _start(model, name, threads, capture=not loops)
            if session is not None:
                return Opened(session, _manifest(path, parse, session), name, "")
        if provider != "auto":
            note = f"{name} did not start: {PROVIDERS[name].needs}"
    session = _session(model, "cpu", threads, {})
    if session is None:
        raise LatentoneError(f"{path}: not an ONNX model that can be run, or a truncated one; export it again")
    return Opened(session, _manifest(path, parse, session), "cpu", note)


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise LatentoneError(f"{path}: no such model file")
    try:
        model = path.read_bytes()
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be read ({error.strerror})") from None
    if not model:
        raise LatentoneError(f"{path}: an empty file, not an ONNX model; export it again")
    return model


def _manifest(path: Path, parse: Callable[[str, str], M], session: onnxruntime.InferenceSession) -> M:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise LatentoneError(f"{path}: holds no Latentone manifest; write it with `latentone export`")
    return parse(text, str(path))


def _start(model: bytes, name: str, threads: int, *, capture: bool) -> onnxruntime.InferenceSession | None:
    """A session on the accelerator `name`, or None where it does not start.

    capture: as CUDA graphs where the provider can, which it refuses for a graph that it cannot run all of by itself.
    """
    provider = PROVIDERS[name]
    options = [provider.options]
    if capture and provider.graph_option:
        options.insert(0, {**provider.options, provider.graph_option: "1"})
    with _quiet():
        if provider.device is CUDA and hasattr(onnxruntime, "preload_dlls"):
            onnxruntime.preload_dlls()  # finds CUDA in the packages of `latentone[gpu]`
        for choice in options:
            session = _session(model, name, threads, choice)
            # A provider whose libraries are missing is left out without an error.
            if session is not None and provider.full_name in session.get_providers():
                return session
    return None


def _session(
    model: bytes, name: str, threads: int, provider_options: dict[str, str]
) -> onnxruntime.InferenceSession | None:
    """A session that prefers the provider `name`, or None where ONNX Runtime will not have it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # What goes wrong is said by us in one line, not by the runtime in twenty.
    options.log_severity_level = _FATAL
    # Idle threads must not spin: they would take the core that the audio needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    provider = PROVIDERS[name]
    providers = [(provider.full_name, provider_options)]
    if provider.helper:
        helper = PROVIDERS[provider.helper]
        providers.append((helper.full_name, helper.options))
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception:
        # The runtime's exceptions share no base class and their texts are for its developers.
        return None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what ONNX Runtime prints about libraries that are not there, on either output."""
    onnxruntime.set_default_logger_severity(_FATAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        onnxruntime.set_default_logger_severity(_WARNING)
