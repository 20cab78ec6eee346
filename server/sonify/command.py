"""`latentone sonify`: a data set rendered row by row through couplings and a decoder, with a time line, a picture and a report."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...export.errors import LatentoneError
from ...export.runtime.machine import cores
from ..config import load_settings
from ..process import sigterm_like_ctrl_c
from .run import As
from .selection import Rows
from .sonification import Request
from .sonification import sonify as make

DEFAULT_COUPLING = "quantile"
DWELL_S, SEGMENT_S = 1.0, 4.0
REPORTING = ("librosa", "scipy", "sklearn")


def sonify(
    data: Annotated[str, typer.Argument(help="A table, movement, or folder of such; or digits, wine, breast_cancer.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder that it is written into.")],
    model: Annotated[str, typer.Option(help="The encoder of the data: digits, genes, motion, or a file.")],
    decoder: Annotated[
        str,
        typer.Option(
            help="What sounds: a shipped model's name, or a file. choir holds its tones, and never falls silent."
        ),
    ] = "choir",
    coupling: Annotated[
        str, typer.Option(help="How latents become knobs: one name or file, several with commas, or all.")
    ] = DEFAULT_COUPLING,
    labels: Annotated[
        str | None, typer.Option(help="Classes of rows: a column, or a file (labels.tsv:column).")
    ] = None,
    rows: Annotated[
        Rows | None, typer.Option(help="Which rows; held-out ones of the encoder's training if there are, else all.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows, each label in its share.")] = None,
    order: Annotated[
        str, typer.Option(help="file, label, path (neighbours follow one another), or a column.")
    ] = "file",
    form: Annotated[
        As, typer.Option("--as", help="A file a row, one of all rows one after another, or both.")
    ] = "both",
    dwell: Annotated[float, typer.Option(min=0.01, max=600, help="Seconds that a row of a table is held.")] = DWELL_S,
    glide: Annotated[
        float | None, typer.Option(min=0, max=60, help="Seconds from one row, or frame, to the next.")
    ] = None,
    segment: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds of movement that are a row.")] = SEGMENT_S,
    seed: Annotated[int | None, typer.Option(help="Of every draw: same seed, same bytes.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="How freely the decoder draws; its own if not given.")
    ] = None,
    sample_rate: Annotated[
        int | None, typer.Option(help="Of the files, in Hz; the decoder's own if not given.")
    ] = None,
    runtime: Annotated[
        str | None, typer.Option(help="auto, fused, onnx or torchscript; auto is a rule, not a race.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; as many as there are cores.")] = None,
    ray: Annotated[str | None, typer.Option(help="Spread the rows over a Ray cluster: its address, or local.")] = None,
    report: Annotated[
        bool, typer.Option(help="Ask what of the classes can be heard; --no-report leaves it out.")
    ] = True,
    config: Annotated[Path | None, typer.Option(help="Settings that go over config.yaml.")] = None,
) -> None:
    """Render a data set: a sound a row, a time line, a picture, and a report of what can be heard of the classes.

    \b
      latentone sonify digits --model digits -o digits
      latentone sonify genes.tsv.gz --labels labels.tsv:acronym --model genes -o genes --order label
      latentone sonify walking.bvh --model motion --decoder voice -o walking
      latentone sonify digits --model digits --coupling all --limit 100 -o compared

    What the folder holds; with several couplings, each has one with the first six:

    \b
      rows/<row>.wav      each row by itself: the same whichever other rows there are
      whole.wav           all rows, one after another
      timeline.csv        what is heard when: start_s, end_s, sample, label, file, latents, knobs
      picture.png         classes, latents and spectrogram on one time axis
      manifest.json       with what it was made, and a digest of each sound
      coupling.npz        how latents became knobs
      baseline/<row>.wav  the same rows by plain parameter mapping
      report.html, .json  what can be heard of the classes, and which coupling is best

    Couplings and the parameter mapping are fitted on rows that the report does not speak of: with held-out rows, on those
    that the encoder was trained on, else on half of them. A clip is heard in segments of --segment seconds, frame by frame.

    The same data, models, flags and seed give the same bytes, on one core, many, or a Ray cluster of the same kind of
    processor. Run again after an interruption, it goes on; rows that other settings made are made anew. Sounds of rows that
    an earlier run chose and this one does not are kept, and counted on the screen; what is listed is in manifest.json. Each
    sound rises from silence, and falls to it, within 4 ms.
    """
    _check_installed(["matplotlib", *(REPORTING if report else [])])
    flags = {
        "model.name": decoder,
        "model.seed": seed,
        "audio.temperature": temperature,
        "audio.sample_rate_hz": sample_rate,
        "runtime.name": runtime,
        "source_defaults.glide_s": glide,
    }
    settings = load_settings(config, flags)
    request = Request(
        data=data,
        labels=labels,
        model=model,
        coupling=coupling,
        output=output,
        rows=rows,
        limit=limit,
        order=order,
        form=form,
        dwell_s=dwell,
        segment_s=segment,
        workers=workers or cores(),
        ray=ray,
        report=report,
    )
    with sigterm_like_ctrl_c():
        try:
            make(request, settings, Console())
        except KeyboardInterrupt:
            raise LatentoneError(
                f"{output}: interrupted; what is there is whole, and the same command goes on"
            ) from None


def _check_installed(names: Sequence[str]) -> None:
    """Raises LatentoneError where one is missing: at once, so that nobody renders for an hour for a report that cannot be had."""
    for name in names:
        if find_spec(name) is None:
            raise LatentoneError(f"sonify needs {name}: pip install 'latentone[sonify]'")
