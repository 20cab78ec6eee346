"""One coupling's sonification, from latents to files: what is to be played, the playing, and what is written beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..addresses import KNOB
from ..counted import counted
from . import folder as files
from .picture import draw
from .pieces import Piece, file_names
from .timeline import Heard, Pace, laid_out, passage_of, table, whole_of
from .voice import Voice, is_ours, is_there
from .work import Job, work

As = Literal["rows", "whole", "both"]
FORMS: tuple[As, ...] = get_args(As)


@dataclass(frozen=True)
class Plan:
    """What one coupling has to play, and where it goes."""

    coupling: str
    folder: Path
    heard: Sequence[Heard]
    pace: Pace
    jobs: Sequence[Job]
    knew_classes: bool
    """Whether the coupling may have been fitted to the classes of other rows."""

    def sounds(self) -> list[tuple[float, Path]]:
        """What there is to be seen of the sound: files, each with the time (s) that it begins at."""
        if (whole := self.folder / files.WHOLE).is_file() and any(job.file == whole for job in self.jobs):
            return [(0.0, whole)]
        rows = [(row.start_s, self.folder / row.file) for row in self.heard]
        return [(start_s, file) for start_s, file in rows if file.is_file()]


def plan(
    coupling: str,
    apply: Callable[[np.ndarray], np.ndarray],
    pieces: Sequence[Piece],
    pace: Pace,
    form: As,
    folder: Path,
    knew_classes: bool = False,
) -> Plan:
    """Play `pieces` through a coupling, whose `apply` takes latents (frames, dim) to knobs (frames, dim of the decoder)."""
    knobs = [np.clip(apply(piece.latents.T), KNOB.low, KNOB.high).astype(np.float32) for piece in pieces]
    names = [
        files.WHOLE if form == "whole" else f"{files.ROWS}/{name}.wav"
        for name in file_names([piece.name for piece in pieces])
    ]
    heard = laid_out(pieces, knobs, names, pace)
    # The whole first: it takes longest, and nothing else can be handed out beside its end.
    jobs = [Job(whole_of(heard, pace), folder / files.WHOLE)] if form != "rows" else []
    if form != "whole":
        jobs += [Job(passage_of(row, pace), folder / row.file) for row in heard]
    return Plan(coupling, folder, heard, pace, jobs, knew_classes)


def perform(
    voice: Voice, plans: Sequence[Plan], workers: int, ray_address: str | None, console: Console
) -> dict[Path, str]:
    """Play what is not there yet; returns the files that could not be made, and why. A file that is there is whole.

    Raises LatentoneError when nothing can be played at all.
    """
    for each in plans:
        files.make(each.folder / files.ROWS)
    jobs = [job for each in plans for job in each.jobs]
    left = [job for job in jobs if not is_there(voice, job.passage, job.file)]
    there = f"; {len(jobs) - len(left)} of {len(jobs)} files are there already" if len(left) < len(jobs) else ""
    seconds = sum(job.passage.seconds for job in left)
    console.print(f"{seconds:.1f} s of sound to be played{there}", highlight=False, soft_wrap=True)
    failed: dict[Path, str] = {}
    began_s = time.monotonic()
    with _progress(console) as progress, closing(work(voice, left, workers, ray_address)) as outcomes:
        task = progress.add_task("playing", total=seconds)
        for outcome in outcomes:
            if outcome.error:
                failed[outcome.job.file] = outcome.error
                if outcome.job.file.is_file():
                    outcome.job.file.unlink()  # of other settings
                progress.print(
                    f"{outcome.job.passage.name}: {outcome.error}", highlight=False, markup=False, soft_wrap=True
                )
            progress.advance(task, outcome.job.passage.seconds)
    took_s = max(time.monotonic() - began_s, 1e-9)
    if left:
        speed = f"{seconds:.1f} s in {took_s:.1f} s ({seconds / took_s:.2f} × real time)"
        console.print(f"{counted(len(left) - len(failed), 'file')}, {speed}", highlight=False, soft_wrap=True)
    return failed


def write_around(
    each: Plan,
    voice: Voice,
    settings: dict[str, Any],
    failed: dict[Path, str],
    latent_names: Sequence[str],
    knob_names: Sequence[str],
) -> None:
    """Write what stands beside the sounds: time line, picture and record."""
    lines = table(each.heard, each.pace, latent_names, knob_names)
    files.write_whole(each.folder / files.TIMELINE, lines.encode())
    if sounds := each.sounds():
        title = f"{settings['data']}: {len(each.heard)} rows by {settings['encoder']['name']}, "
        title += f"{each.coupling}, {settings['decoder']['name']}"
        draw(each.folder / files.PICTURE, title, each.heard, latent_names, sounds)
    voiced = voice.record()
    digest_of = {job.file: job.passage.digest(voiced) for job in each.jobs}
    rows = [_row(each, row, digest_of, failed) for row in each.heard]
    whole = digest_of.get(each.folder / files.WHOLE)
    fitted = {key: value for key, value in files.read_record(each.folder).items() if key == files.FIT_DIGEST}
    files.write_record(each.folder, {**fitted, "settings": settings, "whole_digest": whole, "rows": rows})


def left_over(each: Plan) -> list[Path]:
    """Sounds of earlier runs that this one does not list. They stay: who asks for those rows again has them at once."""
    listed = {job.file for job in each.jobs}
    found = [each.folder / files.WHOLE, *sorted((each.folder / files.ROWS).glob("*.wav"))]
    return [file for file in found if file not in listed and file.is_file() and is_ours(file)]


def _row(each: Plan, row: Heard, digest_of: dict[Path, str], failed: dict[Path, str]) -> dict[str, Any]:
    file = each.folder / row.file
    said = {"name": row.piece.name, "label": row.piece.label, "start_s": row.start_s, "end_s": row.end_s}
    if file not in digest_of:
        return said
    return said | ({"failed": failed[file]} if file in failed else {"file": row.file, "digest": digest_of[file]})


def _progress(console: Console) -> Progress:
    amount = TextColumn("{task.completed:.0f} of {task.total:.0f} s")
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
