"""What a file was made of: the versions of what made it, and whether it was one checkpoint or another."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import onnx
import onnxruntime
import torch
from torch import nn

from ..models import vae
from .errors import LatentoneError
from .manifest import DataManifest, Manifest


def tools() -> dict[str, str]:
    """Versions of Latentone and of all that has a part in an export, for the manifest."""
    return {
        "latentone": version("latentone"),
        "torch": torch.__version__,
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "python": platform.python_version(),
    }


def check_made_of(
    file: Path, manifest: Manifest | DataManifest, model: nn.Module, checkpoint: Path | str = "this checkpoint"
) -> None:
    """Raises LatentoneError where `file`, that says `manifest` of itself, is not an export of `checkpoint`, which is `model`."""
    if manifest.weights_sha256 != vae.fingerprint(model):
        raise LatentoneError(f"{file}: was not exported from {checkpoint} (their weights differ)")
