"""`latentone export` and `evaluate`: their flags and what they print. Torch is imported only when it is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from rich.table import Table
from typer import Argument, Exit, Option

from .errors import LatentoneError

if TYPE_CHECKING:
    from .evaluate import Figures

WEIGHTS = ("float32", "float16", "int8")
FORMATS = ("onnx", "torchscript")


def export(
    checkpoint: Annotated[Path, Argument(help="A checkpoint of `latentone train`, or a folder of them.")],
    output: Annotated[
        Path | None,
        Option(
            "-o",
            "--output",
            help="The decoder's file (.onnx; the encoder goes beside it) or, for nn~ and nn.ar, both (.ts). Of a model of data "
            "the encoder's: digits.encoder.onnx or digits.ts. Of a folder: the folder for all files. model.onnx by default.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        Option(
            help="onnx or torchscript; by the file's ending if not given, where .ts is torchscript. Of a folder both, or a list."
        ),
    ] = None,
    train_path: Annotated[
        Path | None,
        Option(
            "-tp",
            "--train_path",
            "-dp",
            "--data_path",
            help="Training data to calibrate on, if it has moved since training.",
        ),
    ] = None,
    name: Annotated[str | None, Option(help="The model's name; the file's by default.")] = None,
    temperature: Annotated[
        float | None, Option(min=0.0, max=2.0, help="Sampling temperature that players start with; 0.9 by default.")
    ] = None,
    speaker: Annotated[str | None, Option(help="Which speaker to export, of a model trained with several.")] = None,
    licence: Annotated[str, Option(help="Licence of the training data, for the manifest.")] = "",
    credit: Annotated[str, Option(help="Credit that the training data asks for, for the manifest.")] = "",
    seed: Annotated[int, Option(help="Seed of the sweeps that name the knobs.")] = 0,
    weights: Annotated[
        str, Option(help="float32, float16 or int8: smaller files, whose loss is measured and printed.")
    ] = "float32",
    calibration_from: Annotated[
        Path | None,
        Option(
            help="An ONNX export of the same checkpoint, to take knobs, names and home from instead of measuring them."
        ),
    ] = None,
) -> None:
    """Make an instrument of a checkpoint: calibrated knobs, names after what is heard, proof of parity.

    As ONNX files, or as one TorchScript file for Max, Pure Data and SuperCollider (nn~, nn.ar); how fast that will be is printed.
    Of a model of data (train tybalt, train mocap) the encoder is exported, which turns rows or poses into knobs.

    Of a folder every checkpoint below it is exported, runs/voice/last.ckpt as voice-last.onnx and voice-last.ts, each on the
    data that it says it was trained on. report.json says of each what was proved, or why it failed; what failed does not stop
    the others, and makes the exit status 1. Run again, it does what is missing, has failed or was changed.

    Examples:
      latentone export runs/wavenet-vae/last.ckpt -o voice.onnx
      latentone export runs/wavenet-vae/last.ckpt -o voice.ts
      latentone export runs/wavenet-vae/last.ckpt -o small.onnx --weights int8
      latentone export runs/tybalt/last.ckpt -o digits.encoder.onnx
      latentone export runs -o instruments
    """
    _needs_torch("exporting")
    if weights not in WEIGHTS:
        raise LatentoneError(f"--weights {weights}: is not one of {', '.join(WEIGHTS)}")
    if checkpoint.is_dir():
        from .bulk.command import export_folder
        from .bulk.run import Options

        folder = _folder_for(checkpoint, output, only_for_one=(name, calibration_from))
        formats = _formats(format, ",".join(FORMATS))
        options = Options(formats, train_path, temperature, speaker, licence, credit, seed, weights)
        if not export_folder(checkpoint, folder, options):
            raise Exit(1)
        return
    file = output or Path("model.onnx")
    chosen = _format_of(file, format)
    from .runtime.kernel_cache import use_kernel_cache

    use_kernel_cache()
    from .export import Request
    from .told import export_one

    request = Request(
        checkpoint, file, train_path, name, temperature, speaker, licence, credit, seed, weights, calibration_from
    )
    export_one(request, chosen)


def _folder_for(checkpoints: Path, output: Path | None, only_for_one: tuple[object, ...]) -> Path:
    """Where a folder's exports go. Raises LatentoneError where that was not said, or any of `only_for_one` was."""
    if output is None or any(flag is not None for flag in only_for_one):
        raise LatentoneError(
            f"{checkpoints}: is a folder: say with -o which folder its exports go to; "
            "--name and --calibration-from are for a single checkpoint"
        )
    return output


def _format_of(file: Path, asked: str | None) -> str:
    """Of a single checkpoint's file. Raises LatentoneError for a format that is none, and for several."""
    chosen, *others = _formats(asked, "torchscript" if file.suffix == ".ts" else "onnx")
    if others:
        raise LatentoneError(
            f"--format {asked}: a single checkpoint has one file; name a folder of checkpoints for more"
        )
    return chosen


def _formats(asked: str | None, usual: str) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(part.strip() for part in (asked or usual).split(",")))
    for wrong in formats:
        if wrong not in FORMATS:
            raise LatentoneError(f"--format {wrong}: is not one of {', '.join(FORMATS)}")
    return formats


def evaluate(
    checkpoint: Annotated[Path, Argument(help="The checkpoint.")],
    model: Annotated[Path, Argument(help="Its export (the encoder of audio lies beside it).")],
    validation_path: Annotated[
        Path | None, Option("-vp", "--validation_path", help="Recordings never trained on.")
    ] = None,
    train_path: Annotated[
        Path | None,
        Option("-tp", "--train_path", help="Instead: the training folder, of which every tenth file was held out."),
    ] = None,
    data_path: Annotated[
        str | None, Option("-dp", "--data_path", help="Of a model of data: where its data lies, if it has moved.")
    ] = None,
    labels: Annotated[str | None, Option(help="Of a model of data: its classes, if others than in training.")] = None,
    temperature: Annotated[
        float | None, Option(min=0.0, max=2.0, help="For resynthesis; the model's own by default.")
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
    seed: Annotated[int, Option(help="Seed of the noise.")] = 0,
) -> None:
    """Measure a model on what it never saw: bits, resynthesis, latents that come back, knobs that are heard.

    Of a model of data: how well the rows held out come back, and whether the latents still tell the classes apart.

    Examples:
      latentone evaluate runs/voice/last.ckpt voice.onnx -tp recordings
      latentone evaluate runs/tybalt/last.ckpt digits.encoder.onnx
    """
    _needs_torch("evaluating")
    from .encoders.command import evaluate_data, family_of

    family = family_of(checkpoint)
    if family is not None:
        return evaluate_data(family, checkpoint, model, data_path, labels, as_json)
    if (validation_path is None) == (train_path is None):
        raise LatentoneError(
            "evaluate: give either -vp (a held-out folder) or -tp (the training folder, every tenth file held out)"
        )
    from ..models import audio_files
    from ..models.wavenet_vae.data import split
    from .evaluate import evaluate as run

    if train_path is not None:
        _, held_out, root = split(train_path, None)
    else:
        assert validation_path is not None
        held_out, root = audio_files.find(validation_path), validation_path
    console = Console(stderr=True)
    with console.status("evaluating") as status:
        figures = run(checkpoint, model, held_out, root, temperature, seed, status.update)
    if as_json:
        print(json.dumps(figures.to_dict(), indent=1))
        return
    _show(figures, model)


def _show(figures: Figures, model: Path) -> None:
    table = Table(
        "figure",
        "value",
        "beside",
        show_edge=False,
        title=f"{model} on {figures.held_out_files} held-out files, {figures.held_out_s:g} s",
    )
    table.add_row("bits a code", f"{figures.bits:.3f}", f"latents shuffled in time: {figures.bits_shuffled:.3f}")
    table.add_row("active latents", str(figures.active_units), f"of {figures.latents}")
    table.add_row(
        f"log-mel distance, dB (temperature {figures.temperature:g})",
        f"{figures.log_mel_db:.2f}",
        f"shuffled: {figures.log_mel_db_shuffled:.2f}, codec alone: {figures.log_mel_db_codec:.2f}",
    )
    table.add_row("level of resynthesis, dB", f"{figures.level_difference_db:+.2f}", "0 is the original's")
    table.add_row("knobs that are heard (|ρ| ≥ 0.8)", str(figures.playable_knobs), f"of the first {len(figures.knobs)}")
    out = Console()
    out.print(table)
    out.print()
    names = list(figures.knobs[0])
    knobs = Table("knob", "name", "R² encoded again", *(f"ρ {name}" for name in names), show_edge=False)
    for index, rho in enumerate(figures.knobs):
        knobs.add_row(
            str(index), figures.knob_names[index], f"{figures.r2[index]:.2f}", *(f"{rho[name]:+.2f}" for name in names)
        )
    out.print(knobs)
    out.print(f"R² over all {figures.latents} knobs: " + " ".join(f"{value:.2f}" for value in figures.r2))


def _needs_torch(doing: str) -> None:
    from importlib.util import find_spec

    for package in ("torch", "onnx", "librosa"):
        if find_spec(package) is None:
            raise LatentoneError(f"{doing} needs {package}: pip install 'latentone[train]'")
