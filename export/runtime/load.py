"""From a file to something that plays: the same file, in the same runtime, every time. `choose` measures instead."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LatentoneError
from .kernel_cache import use_kernel_cache

if TYPE_CHECKING:
    from . import Decoder
    from .data_encoder import DataEncoder
    from .onnx import OnnxDecoder, OnnxEncoder
    from .torchscript.decoder import TorchscriptDecoder
    from .torchscript.encoder import TorchscriptEncoder
    from .windowed import WindowedEncoder

RUNTIMES = ("auto", "fused", "onnx", "torchscript")
SCRIPT_SUFFIX = ".ts"
SCRIPT_PROVIDERS = ("cpu", "cuda", "mps")
"""Where libtorch may compute."""
ENCODER_SUFFIX = ".encoder.onnx"
SHIPPED_MODELS = Path(__file__).parents[2] / "models" / "pretrained"


def encoder_file_of(decoder: Path) -> Path:
    """Where a decoder's encoder lies: `voice.onnx` has `voice.encoder.onnx` beside it."""
    return decoder.with_name(decoder.stem + ENCODER_SUFFIX)


def shipped_model(model: str) -> Path:
    """The model file that `model` is the path of, or the shipped one of that name. Raises LatentoneError when there is none."""
    for file in (Path(model), SHIPPED_MODELS / f"{model}.onnx"):
        if file.is_file():
            return file
    files = sorted(file.stem for file in SHIPPED_MODELS.glob("*.onnx") if not file.name.endswith(ENCODER_SUFFIX))
    raise LatentoneError(f"{model}: no such model file, nor the name of a shipped model ({', '.join(files)})")


def shipped_data_encoder(name: str) -> Path:
    """The data encoder's file that `name` is the path of, or the shipped one of that name. Raises LatentoneError."""
    for file in (Path(name), SHIPPED_MODELS / f"{name}{ENCODER_SUFFIX}"):
        if file.is_file():
            return file
    known = ", ".join(_shipped_data_encoders()) or "none"
    raise LatentoneError(f"{name}: no such model file, nor the name of a shipped encoder of data ({known})")


def shipped_file(name: str) -> Path:
    """As `shipped_model` or, where there is no decoder of that name, `shipped_data_encoder`. Raises LatentoneError."""
    return shipped_data_encoder(name) if name in _shipped_data_encoders() else shipped_model(name)


def _shipped_data_encoders() -> list[str]:
    decoders = {file.stem for file in SHIPPED_MODELS.glob("*.onnx") if not file.name.endswith(ENCODER_SUFFIX)}
    return sorted(
        {file.name.removesuffix(ENCODER_SUFFIX) for file in SHIPPED_MODELS.glob(f"*{ENCODER_SUFFIX}")} - decoders
    )


def load_decoder(
    path: Path, runtime: str = "auto", provider: str = "auto", threads: int = 1, sample_rate_hz: int | None = None
) -> Decoder:
    """The decoder in `path`, ready to play. Raises LatentoneError, one line, when it cannot be loaded.

    runtime: one of RUNTIMES. `auto` is the fused kernel where it knows the graph and no provider is named, and else ONNX
    Runtime: a rule without a clock in it, for all that has to come out the same twice. A `.ts` file is TorchScript's.
    sample_rate_hz: of such a file, where it does not say its own.
    """
    check_runtime(runtime, provider)
    if is_script(path, runtime, provider):
        return load_torchscript(path, threads, sample_rate_hz, provider)
    if runtime == "fused":
        return load_fused(path, threads, provider)
    if runtime == "onnx" or provider != "auto":
        return load_onnx(path, provider, threads)
    try:
        decoder = load_fused(path, threads)
    except LatentoneError as error:
        # A file that no runtime can play is refused here, by the one that reads any graph.
        onnx = load_onnx(path, provider, threads)
        onnx.runtime += f", auto: {str(error).removeprefix(f'{path}: ')}"
        return onnx
    decoder.runtime += ", auto: it knows this graph"
    return decoder


def check_runtime(runtime: str, provider: str) -> None:
    """Raises LatentoneError for a runtime that there is not, or a provider that it does not have."""
    if runtime not in RUNTIMES:
        raise LatentoneError(f"runtime {runtime} is not one of {', '.join(RUNTIMES)}")
    if runtime == "fused" and provider not in ("auto", "cpu", "cuda"):
        raise LatentoneError(f"the fused runtime is for cpu and cuda: provider {provider} needs --runtime onnx")
    if runtime == "torchscript" and provider not in ("auto", *SCRIPT_PROVIDERS):
        raise LatentoneError(
            f"the torchscript runtime is for {', '.join(SCRIPT_PROVIDERS)}: provider {provider} needs --runtime onnx"
        )


def is_script(path: Path, runtime: str, provider: str) -> bool:
    """Whether TorchScript plays the file; raises LatentoneError where what is asked for cannot play it."""
    if provider == "mps" and path.suffix != SCRIPT_SUFFIX:
        raise LatentoneError(f"{path}: provider mps is for TorchScript files; on Apple's machines coreml plays others")
    if runtime == "torchscript" or path.suffix != SCRIPT_SUFFIX:
        return runtime == "torchscript"
    if runtime != "auto" or provider not in ("auto", *SCRIPT_PROVIDERS):
        raise LatentoneError(
            f"{path}: is TorchScript, which the torchscript runtime plays, on {', '.join(SCRIPT_PROVIDERS)}"
        )
    return True


def load_torchscript(
    path: Path, threads: int = 1, sample_rate_hz: int | None = None, provider: str = "auto"
) -> TorchscriptDecoder:
    """The decoder in a TorchScript file. Raises LatentoneError, one line, when it cannot be loaded or torch is missing."""
    need_torch(path)
    from .torchscript.decoder import TorchscriptDecoder

    return TorchscriptDecoder(path, threads, sample_rate_hz, provider)


def need_torch(path: Path) -> None:
    """Raises LatentoneError where torch, which a TorchScript file needs, is missing."""
    if find_spec("torch") is None:
        raise LatentoneError(f"{path}: playing TorchScript needs torch: pip install 'latentone[torchscript]'")


def load_fused(path: Path, threads: int = 1, provider: str = "auto") -> Decoder:
    """The decoder in `path` on our own kernel; its first block compiles it, unless that was done before.

    threads: cores that several voices are spread over at most. provider: cuda for the kernel on an NVIDIA GPU; where that
    does not start, the CPU's plays and says why. Raises LatentoneError naming the file, and the reason where its graph
    is not one that the kernel knows.
    """
    use_kernel_cache()
    from .fused import FusedDecoder
    from .fused.tensors import NotFusable

    why_not = ""
    try:
        if provider == "cuda":
            from .cuda import CudaDecoder, CudaUnavailable

            try:
                return CudaDecoder(path)
            except CudaUnavailable as error:
                why_not = f" ({error})"
        decoder = FusedDecoder(path, threads)
    except NotFusable as error:
        raise LatentoneError(f"{path}: the fused runtime cannot play it: {error}") from None
    decoder.runtime += why_not
    return decoder


def load_onnx(path: Path, provider: str = "auto", threads: int = 1) -> OnnxDecoder:
    """The decoder in `path` on ONNX Runtime. Raises LatentoneError, one line, when it cannot be loaded."""
    from .onnx import OnnxDecoder

    return OnnxDecoder(path, provider, threads)


def load_encoder(path: Path, provider: str = "auto", threads: int = 1) -> OnnxEncoder:
    """The encoder in `path`. Raises LatentoneError, one line, when it cannot be loaded."""
    from .onnx import OnnxEncoder

    return OnnxEncoder(path, provider, threads)


def load_encoder_of(model: Path, sample_rate_hz: int | None = None) -> OnnxEncoder | TorchscriptEncoder:
    """The encoder of a decoder's file: in the same file or, of ONNX files, beside it.

    sample_rate_hz: of a TorchScript file that does not say its own. Raises LatentoneError, one line, where there is none.
    """
    if model.suffix == SCRIPT_SUFFIX:
        need_torch(model)
        from .torchscript.encoder import TorchscriptEncoder

        return TorchscriptEncoder(model, sample_rate_hz=sample_rate_hz)
    file = encoder_file_of(model)
    if not file.is_file():
        raise LatentoneError(f"{model}: hearing needs its encoder beside it, as {file.name}")
    return load_encoder(file)


def load_live_encoder(model: Path, sample_rate_hz: int | None = None) -> WindowedEncoder | TorchscriptEncoder:
    """As `load_encoder_of`, to listen block by block."""
    encoder = load_encoder_of(model, sample_rate_hz)
    from .onnx import OnnxEncoder
    from .windowed import WindowedEncoder

    return WindowedEncoder(encoder) if isinstance(encoder, OnnxEncoder) else encoder


def load_data_encoder(path: Path, threads: int = 1) -> DataEncoder:
    """The encoder of data in `path`. Raises LatentoneError, one line, when it cannot be loaded."""
    from .data_encoder import DataEncoder

    return DataEncoder(path, threads)
