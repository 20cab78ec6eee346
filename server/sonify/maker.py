"""What computes the samples: another version of it, or another kind of processor, may round otherwise, and so sound otherwise."""

from __future__ import annotations

from importlib.metadata import version

from ...export.runtime import Decoder


def maker_of(decoder: Decoder) -> str:
    """The runtime of a loaded decoder, its version, and what kind of processor it runs on."""
    import onnxruntime
    from llvmlite.binding import get_host_cpu_name

    from ...export.runtime.kernel_cache import source_digest

    if decoder.runtime.startswith("fused"):
        made_by = f"kernel {source_digest()}"
    elif decoder.runtime.startswith("torchscript"):
        made_by = f"torch {version('torch')}"
    else:
        made_by = f"onnxruntime {onnxruntime.__version__}"
    return f"{decoder.runtime.partition(', auto')[0]}, {made_by}, {get_host_cpu_name()}"
