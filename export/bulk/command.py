"""What `latentone export FOLDER` shows: a bar where there is a terminal, and a line for each checkpoint wherever it runs."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .report import FILE, Entry
from .run import Options, run


def export_folder(folder: Path, output: Path, options: Options) -> bool:
    """Export it, and return whether all went well."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    unchanged = 0
    with Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=sys.stdout.isatty()
    ) as bar:
        task = bar.add_task("reading checkpoints", total=None)
        current = ""

        def begun(done: int, count: int, name: str) -> None:
            nonlocal current
            current = name
            bar.update(task, completed=done, total=count, description=name)

        def ended(entry: Entry, left: bool) -> None:
            nonlocal unchanged
            unchanged += left
            print(_line(entry, left), flush=True)

        entries = run(
            folder, output, options, begun, lambda stage: bar.update(task, description=f"{current}: {stage}"), ended
        )
        bar.update(task, completed=len(entries), description="done")
    failed = sum(not entry.ok for entry in entries)
    print(f"{len(entries) - failed - unchanged} exported, {unchanged} unchanged, {failed} failed: {output / FILE}")
    return not failed


def _line(entry: Entry, left: bool) -> str:
    if not entry.ok:
        return f"{entry.name}: FAILED: {entry.source}: {entry.reason}"
    if left:
        return f"{entry.name}: unchanged"
    files = ", ".join(f"{file['file']} {file['bytes'] / 1e6:.1f} MB" for file in entry.files)
    loss = f", {entry.weights['loss_bits']:+.5f} bits" if "loss_bits" in entry.weights else ""
    speeds = "".join(
        f", {file['times_real_time']:.2g} × real time" for file in entry.files if "times_real_time" in file
    )
    return f"{entry.name}: {files}{loss}{speeds}, in {entry.seconds:.0f} s"
