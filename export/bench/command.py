"""`latentone bench`: its flags, what they select, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from typer import Argument, Option

from ...models.wavenet_vae.hyperparameters import BANDS, HEAD_NAMES, SIZES
from ..errors import LatentoneError, need_matplotlib
from ..runtime.fused.tensors import NotFusable
from ..runtime.fused.weights import read as read_weights
from ..runtime.load import SCRIPT_SUFFIX, need_torch, shipped_model
from ..runtime.providers import open_session
from . import plot as pictures
from . import report, run

WITHOUT_TORCH = (
    "PyTorch is not installed, so its rows are left out, and models of the sizes cannot be made: "
    "pip install 'latentone[train]'"
)


def bench(
    model: Annotated[
        str | None, Argument(help="A model file, or a shipped model's name, to measure instead of the sizes.")
    ] = None,
    runtimes: Annotated[str, Option(help=f"Some of {','.join(run.RUNTIMES)}; cuda needs an NVIDIA GPU.")] = ",".join(
        run.USUAL
    ),
    sizes: Annotated[str | None, Option(help=f"Some of {','.join(SIZES)}; random weights of these sizes.")] = None,
    bands: Annotated[str | None, Option(help="Numbers of bands, such as 1,4.")] = None,
    voices: Annotated[str | None, Option(help="Numbers of voices, such as 1,2,4,8.")] = None,
    sample_rate: Annotated[int, Option(min=8000, max=192000, help="Of the sizes, in Hz.")] = 16000,
    head: Annotated[str, Option(help=f"What the sizes draw: {' or '.join(HEAD_NAMES)}.")] = "softmax",
    seconds: Annotated[
        float, Option(min=0.01, help="Of sound for a row that keeps up; others get 3 s of the clock.")
    ] = 30.0,
    rave: Annotated[
        bool, Option("--rave", help="Instead of the sizes: a TorchScript network like RAVE's, of random weights.")
    ] = False,
    allocations: Annotated[
        bool, Option("--allocations", help="Instead: what the block loop leaves in memory.")
    ] = False,
    samples: Annotated[int, Option(min=1, help="For --allocations.")] = 1_000_000,
    threads: Annotated[
        int, Option(min=1, max=64, help="Cores that four or more voices may be spread over, in the fused runtime.")
    ] = 1,
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
    plot: Annotated[Path | None, Option(help="Also draw them into this PNG.")] = None,
) -> None:
    """Measure every runtime side by side, on one core unless --threads says otherwise: same weights, same latents, same noise.

    \b
      latentone bench                                     all of it, some minutes
      latentone bench --sizes live --voices 1 --json      the part that you care about, for a program
      latentone bench my.onnx                             a model of your own
      latentone bench rave.ts                             TorchScript, beside libtorch alone; --rave makes one
      latentone bench --sizes live --bands 4 --sample-rate 48000
      latentone bench --allocations                       what a million samples leave behind
    """
    wanted = _names("--runtimes", runtimes, run.RUNTIMES)
    if plot is not None:
        need_matplotlib("--plot")
    with TemporaryDirectory(prefix="latentone-bench-") as folder:
        console = Console(stderr=True)
        if rave or (model is not None and Path(model).suffix == SCRIPT_SUFFIX):
            _finish(_measure_script(None if rave else model, seconds, Path(folder), console), as_json, plot)
            return
        with console.status("writing the models"):
            # One size is enough to see what the loop leaves behind; the largest would take an hour for it.
            default_sizes, default_bands, default_voices = (
                ("live", "1", "1") if allocations else (",".join(SIZES), "1,4", "1,2,4,8")
            )
            counts = _numbers("--voices", default_voices if voices is None else voices, range(1, 9))
            models, left_out = _models(
                model,
                wanted,
                _names("--sizes", default_sizes if sizes is None else sizes, SIZES),
                _numbers("--bands", default_bands if bands is None else bands, BANDS),
                sample_rate,
                _names("--head", head, HEAD_NAMES)[0],
                Path(folder),
            )
        if allocations:
            _measure_allocations(models, counts, samples, threads, as_json, console)
            return
        results = _measure(models, counts, seconds, threads, console)
    results.left_out[:0] = left_out
    _finish(results, as_json, plot)


def _finish(results: run.Results, as_json: bool, plot: Path | None) -> None:
    if plot is not None and results.rows:
        pictures.draw(results, plot)
    if as_json:
        print(json.dumps(results.to_dict(), indent=1))
    else:
        _show(results)


def _measure_script(model: str | None, seconds: float, folder: Path, console: Console) -> run.Results:
    """One TorchScript model, a random one where none is given."""
    file = shipped_model(model) if model is not None else folder
    need_torch(file)
    with console.status("the core's peak") as status:
        if model is None:
            from .rave import write

            file = write(folder)
        results = run.measure_peak()
        status.update(f"{file.name}, beside libtorch alone")
        run.measure_script(results, file, seconds, run.BLOCK_SAMPLES)
    return results


def _models(
    model: str | None,
    runtimes: list[str],
    sizes: list[str],
    bands: list[int],
    sample_rate_hz: int,
    head: str,
    folder: Path,
) -> tuple[list[run.Model], list[str]]:
    """What to measure, and lines about what is not."""
    with_torch = find_spec("torch") is not None
    if model is None and with_torch:
        from .models import write

        files = [write(size, count, sample_rate_hz, head, folder) for size in sizes for count in bands]
        return [_model(path, tuple(runtimes)) for path in files], []
    left_out = [] if with_torch else [WITHOUT_TORCH]
    able = tuple(name for name in runtimes if name not in run.TORCH)
    if with_torch and len(able) < len(runtimes):
        left_out.append("PyTorch's rows are left out: it needs the weights, and the file is for the other runtimes")
    if not able:
        raise LatentoneError(f"--runtimes {','.join(runtimes)}: nothing is left to measure; {left_out[0]}")
    return [_model(shipped_model(model or "voice"), able)], left_out


def _model(path: Path, runtimes: tuple[str, ...]) -> run.Model:
    """What a file says of itself. Raises LatentoneError for one that is no model."""
    manifest = open_session(path).manifest
    try:
        weights = read_weights(path)
    except NotFusable:
        operations = None
    else:
        h = weights.hyperparameters
        operations = (weights.multiply_adds + weights.frame_multiply_adds / h.steps_per_frame) / h.bands
    return run.Model(path, manifest.name, int(manifest.network.get("bands", 1)), operations, runtimes)


def _measure(models: list[run.Model], voices: list[int], seconds: float, threads: int, console: Console) -> run.Results:
    pairs = [(model, runtime) for model in models for runtime in model.runtimes]
    with _progress(console) as progress:
        task = progress.add_task("the core's peak", total=len(pairs) * len(voices))
        results = run.measure_peak(threads)
        if any(runtime == "fused" for _, runtime in pairs):
            progress.update(task, description="fused")
            run.compile_kernel(models[0].path, _sayer(console, lambda text: progress.update(task, description=text)))
        for index, (model, runtime) in enumerate(pairs):
            progress.update(task, description=f"{model.size}, {model.bands} band(s), {run.RUNTIMES[runtime]}")
            for _ in run.measure_rows(results, model, runtime, voices, seconds):
                progress.advance(task)
            progress.update(task, completed=(index + 1) * len(voices))
    return results


def _sayer(console: Console, show: Callable[[str], object]) -> Callable[[str], None]:
    """Says something on the progress line, or as a line of its own where there is none."""

    def say(text: str) -> None:
        if console.is_terminal:
            show(text)
        elif text:
            console.print(text, highlight=False)

    return say


def _measure_allocations(
    models: list[run.Model], voices: list[int], samples: int, threads: int, as_json: bool, console: Console
) -> None:
    with console.status("playing") as status:
        run.compile_kernel(models[0].path, _sayer(console, status.update))
        records = [run.measure_allocations(model, count, samples, threads) for model in models for count in voices]
    if as_json:
        print(json.dumps({"allocations": records}, indent=1))
    else:
        for record in records:
            print(report.allocation_line(record))


def _show(results: run.Results) -> None:
    # Rows are not to be folded where the output is no screen.
    console = Console() if Console().is_terminal else Console(width=200)
    if results.rows:
        console.print(report.table(results))
        console.print()
    for line in (*report.facts(results), "", *report.plays_live(results)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _names(flag: str, text: str, known: Iterable[str]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    allowed = list(known)
    for name in names or [""]:
        if name not in allowed:
            raise LatentoneError(f"{flag}: {name or 'nothing'} is not one of {', '.join(allowed)}")
    return names


def _numbers(flag: str, text: str, known: Iterable[int]) -> list[int]:
    return [int(name) for name in _names(flag, text, [str(each) for each in known])]


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
