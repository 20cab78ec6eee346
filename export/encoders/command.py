"""What `latentone export` and `evaluate` do with a model of data, and print of it."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import FAMILIES, Family


def family_of(checkpoint: Path) -> Family | None:
    """The family of data that a checkpoint is of; None for one of audio. Raises LatentoneError for what is no checkpoint."""
    from ...models.training import read_record

    return FAMILIES.get(read_record(checkpoint)["family"])


def export_data(
    family: Family, checkpoint: Path, output: Path, data_path: Path | None, name: str | None, licence: str, credit: str
) -> None:
    from .finish import Exported, Request

    request = Request(checkpoint, output, None if data_path is None else str(data_path), name, licence, credit)
    with Console(stderr=True).status("exporting") as status:
        done: Exported = import_module(family.export, __package__).export(request, status.update)
    print(f"encoder: {done.file} ({done.file.stat().st_size / 1e6:.1f} MB)")
    print(f"  parity: latents within {done.error:.1e} of PyTorch's")
    print(f"  {len(done.manifest.inputs)} values in, {len(done.manifest.latents)} latents out")
    print(f"next: latentone inspect {done.file}")


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
