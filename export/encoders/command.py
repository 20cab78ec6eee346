"""What `latentone export` and `evaluate` do with a model of data, and print of it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from . import FAMILIES, Family

if TYPE_CHECKING:
    from ..export import Request as AudioRequest


def family_of(checkpoint: Path) -> Family | None:
    """The family of data that a checkpoint is of; None for one of audio. Raises LatentoneError for what is no checkpoint."""
    from ...models.record import read_record

    return FAMILIES.get(read_record(checkpoint)["family"])


def export_data(family: Family, request: AudioRequest, chosen: str) -> None:
    """Export what `request` names as `chosen`, onnx or torchscript, and print what came of it."""
    from .finish import Exported, Request

    output = request.output
    data_path = None if request.train_path is None else str(request.train_path)
    said = (data_path, request.name or output.stem.removesuffix(".encoder"), request.licence, request.credit)
    output.parent.mkdir(parents=True, exist_ok=True)
    with Console(stderr=True).status("exporting") as status, ExitStack() as stack:
        if chosen == "torchscript":
            folder = stack.enter_context(TemporaryDirectory(prefix=".export-", dir=output.parent))
            output = Path(folder) / f"{output.stem}.onnx"
        order = Request(request.checkpoint, output, *said, request.weights)
        done: Exported = import_module(family.export, __package__).export(order, status.update)
        file, error, facts = done.file, done.error, []
        if chosen == "torchscript":
            from ..torchscript.write_data import HOST_RATE_HZ, script

            scripted = script(done, request.output, status.update)
            file, error = scripted.file, scripted.error
            facts.append(
                f"speed: {scripted.frames_per_s:.0f} frames a second on one core of this machine, "
                f"{scripted.times_real_time:.2g} × real time where each sample at {HOST_RATE_HZ} Hz is a frame"
            )
    print(f"encoder: {file} ({file.stat().st_size / 1e6:.1f} MB)")
    print(f"  parity: latents within {error:.1e} of PyTorch's")
    if done.manifest.weights:
        cost = done.manifest.weights
        print(f"  {cost['kind']}: knobs within {cost['knobs_rms']:.2g} of float32's, root mean square")
    for fact in (*facts, f"{len(done.manifest.inputs)} values in, {len(done.manifest.latents)} latents out"):
        print(f"  {fact}")
    if chosen == "onnx":
        print(f"next: latentone inspect {file}")


def evaluate_data(
    family: Family, checkpoint: Path, model: Path, data_path: str | None, labels: str | None, as_json: bool
) -> None:
    with Console(stderr=True).status("evaluating"):
        figures = import_module(family.figures, __package__).evaluate(checkpoint, model, data_path, labels)
    if as_json:
        print(json.dumps(figures.to_dict(), indent=1))
        return
    table = Table("figure", "value", "beside", show_edge=False, title=f"{model}: {figures.title}")
    for row in figures.rows():
        table.add_row(*row)
    Console().print(table)
