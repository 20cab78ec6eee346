"""From a file to something that plays: picks the runtime and says why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LatentoneError

if TYPE_CHECKING:
    from . import Decoder
    from .onnx import OnnxEncoder

RUNTIMES = ("auto", "onnx")
ENCODER_SUFFIX = ".encoder.onnx"
SHIPPED_MODELS = Path(__file__).parents[2] / "models" / "pretrained"


def encoder_file_of(decoder: Path) -> Path:
    """Where a decoder's encoder lies: `voice.onnx` has `voice.encoder.onnx` beside it."""
    return decoder.with_name(decoder.stem + ENCODER_SUFFIX)


def load_decoder(path: Path, runtime: str = "auto", provider: str = "auto", threads: int = 1) -> Decoder:
    """The decoder in `path`, ready to play. Raises LatentoneError, one line, when it cannot be loaded."""
    if runtime not in RUNTIMES:
        raise LatentoneError(f"runtime {runtime} is not one of {', '.join(RUNTIMES)}")
    from .onnx import OnnxDecoder

    decoder = OnnxDecoder(path, provider, threads)
    if runtime == "auto":
        decoder.runtime += ", auto: the one runtime that reads this file"
    return decoder


def load_encoder(path: Path, provider: str = "auto", threads: int = 1) -> OnnxEncoder:
    """The encoder in `path`. Raises LatentoneError, one line, when it cannot be loaded."""
    from .onnx import OnnxEncoder

    return OnnxEncoder(path, provider, threads)
