"""One checkpoint, of any family, to a file in each format that is asked for, and what was proved of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from .encoders import Family
from .encoders import __name__ as encoders_package
from .encoders.command import family_of
from .encoders.finish import Request as DataRequest
from .export import Request
from .export import export as export_audio
from .onnx.parity import Parity
from .runtime.load import ENCODER_SUFFIX, SCRIPT_SUFFIX
from .torchscript.write import script as script_audio
from .torchscript.write_data import script as script_data

Report = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """family: which network. knobs: their names. files: of each what it is, how it agrees with PyTorch, how fast it is."""

    family: str
    knobs: list[str]
    files: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, Any] = field(default_factory=dict)


def make(request: Request, formats: tuple[str, ...], say: Report = lambda _: None) -> Made:
    """Export what `request` names to files beside `request.output`, whose name without an ending is theirs.

    Of a model of data the training data is looked for where `request.train_path` says. Raises LatentoneError as the exports do.
    """
    family = family_of(request.checkpoint)
    if family is not None:
        return _make_data(family, request, formats, say)
    onnx = replace(request, output=request.output.with_name(request.output.name + ".onnx"))
    done = export_audio(onnx, say)
    made = Made(done.manifest.family, done.manifest.latent_names, weights=done.manifest.weights)
    parity = {runtime: _draws(proof) for runtime, proof in done.decoder_parity.items()}
    files = [
        {"file": done.decoder.name, "format": "onnx", "holds": "decoder", "parity": parity},
        {
            "file": done.encoder.name,
            "format": "onnx",
            "holds": "encoder",
            "parity": {"onnx": _latents(done.encoder_error)},
        },
    ]
    if "torchscript" in formats:
        made_script = script_audio(
            replace(request, output=request.output.with_name(request.output.name + SCRIPT_SUFFIX)), done, say
        )
        proof = _draws(made_script.decoder_parity) | _latents(made_script.encoder_error)
        made.files.append(
            {
                "file": made_script.file.name,
                "format": "torchscript",
                "holds": "decoder and encoder",
                "parity": {"torchscript": proof},
                "times_real_time": round(made_script.times_real_time, 3),
            }
        )
    return _with_onnx(made, files, formats, request.output.parent)


def _make_data(family: Family, request: Request, formats: tuple[str, ...], say: Report) -> Made:
    output = request.output.with_name(request.output.name + ENCODER_SUFFIX)
    order = DataRequest.of(request, output, request.name)
    done = import_module(family.export, encoders_package).export(order, say)
    made = Made(done.manifest.family, done.manifest.latent_names, weights=done.manifest.weights)
    onnx = {"file": output.name, "format": "onnx", "holds": "encoder", "parity": {"onnx": _latents(done.error)}}
    if "torchscript" in formats:
        made_script = script_data(done, request.output.with_name(request.output.name + SCRIPT_SUFFIX), say)
        made.files.append(
            {
                "file": made_script.file.name,
                "format": "torchscript",
                "holds": "encoder",
                "parity": {"torchscript": _latents(made_script.error)},
                "times_real_time": round(made_script.times_real_time, 3),
                "frames_per_s": round(made_script.frames_per_s),
            }
        )
    return _with_onnx(made, [onnx], formats, output.parent)


def _with_onnx(made: Made, files: list[dict[str, Any]], formats: tuple[str, ...], folder: Path) -> Made:
    """What a script is made of goes again where only the script was asked for."""
    if "onnx" not in formats:
        for file in files:
            (folder / file["file"]).unlink()
        return made
    return replace(made, files=[*files, *made.files])


def _draws(parity: Parity) -> dict[str, Any]:
    return {"draws": parity.draws, "different": parity.different, "largest_audio_error": parity.largest_error}


def _latents(error: float) -> dict[str, Any]:
    return {"largest_latent_error": error}
