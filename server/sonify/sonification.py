"""From a data set to a folder of sounds and a report: the stages of `latentone sonify`, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from ...export.errors import LatentoneError
from ...export.manifest import Manifest
from ..config import Config
from ..counted import counted
from ..datasets.pieces import SMOOTH
from . import folder as files
from .asked import question_of
from .fitting import LEARNING, Grounds, Wanted, coupling_in, grounds, wanted
from .material import Chosen, Material, read_material
from .run import As, Plan, left_over, perform, plan, write_around
from .selection import Rows
from .timeline import Pace
from .voice import Voice, open_voice

_SAID = 3
"""Rows that could not be made, named in the last line; all are named when it happens."""


@dataclass(frozen=True)
class Request:
    """What is to be made; how it is to sound stands in the settings."""

    data: str
    labels: str | None
    model: str
    coupling: str
    output: Path
    rows: Rows | None
    limit: int | None
    order: str
    form: As
    dwell_s: float
    segment_s: float
    workers: int
    ray: str | None
    report: bool


def sonify(request: Request, config: Config, console: Console) -> None:
    """Make the folder `request.output`. Raises LatentoneError where something cannot be made; what is there is whole."""

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    wants = wanted(request.coupling)
    chosen = Chosen(request.rows, request.limit, request.order, request.segment_s, config.model.seed)
    material = read_material(request.data, request.labels, request.model, chosen, say)
    say(f"{material.data.name}: {material.selection.said}")
    voice, decoder = open_voice(config, console)
    pace = _pace(request, config, material.data.frame_rate_hz)
    on = grounds(
        material.selection.fitted_on, material.encoder, decoder, Path(voice.config.model.name), voice.decoder_sha256,
        config.model.seed,
    )  # fmt: skip
    settings = _settings(request, material, voice, decoder, pace)
    plans = [_planned(want, len(wants) == 1, request, material, on, pace, settings, console) for want in wants]
    failed = perform(voice, plans, request.workers, request.ray, console)
    for each in plans:
        write_around(each, voice, settings, failed, material.encoder.latent_names, decoder.latent_names)
        if old := left_over(each):
            say(
                f"{each.folder}: also holds {counted(len(old), 'sound')} of earlier runs, which manifest.json does not list"
            )
    if request.report:
        _report(request, plans, material, voice, settings, console)
    if failed:
        names = ", ".join(str(file.relative_to(request.output)) for file in list(failed)[:_SAID])
        more = " …" if len(failed) > _SAID else ""
        raise LatentoneError(
            f"{counted(len(failed), 'file')} could not be made ({names}{more}): said above why; run it again to try just those"
        )


def _report(
    request: Request,
    plans: Sequence[Plan],
    material: Material,
    voice: Voice,
    settings: dict[str, Any],
    console: Console,
) -> None:
    from .report import PAGE_NAME, write_report
    from .words import words

    question = question_of(request.output, plans, material, voice, settings, request.workers, console)
    if question is None:
        console.print(
            "no report: it needs files of rows that nothing was fitted on (--as rows or both)", highlight=False
        )
        return
    with console.status("working out the report"):
        answers = write_report(question, request.output)
    for asked, answered in words(answers):
        console.print(f"{asked} {answered}", highlight=False, markup=False)
    console.print(f"{request.output / PAGE_NAME}", highlight=False, markup=False, soft_wrap=True)


def _pace(request: Request, config: Config, frame_rate_hz: float | None) -> Pace:
    """As the live source plays it: a row is reached while it dwells, and a movement glides on into the next frame but one."""
    glide_s, seed = config.source_defaults.glide_s, config.model.seed
    if frame_rate_hz is None:
        return Pace(request.dwell_s, min(glide_s, request.dwell_s), seed)
    return Pace(1.0 / frame_rate_hz, max(glide_s, SMOOTH / frame_rate_hz), seed)


def _settings(request: Request, material: Material, voice: Voice, decoder: Manifest, pace: Pace) -> dict[str, Any]:
    """All that the sounds depend on, and where they come from; what the record keeps."""
    moving = material.data.frame_rate_hz is not None
    return {
        "data": material.data.name,
        "source": request.data,
        "encoder": {"name": material.encoder.name, "file_sha256": material.encoder_sha256},
        "decoder": {"name": decoder.name, "file_sha256": voice.decoder_sha256},
        "seed": pace.seed,
        ("segment_s" if moving else "dwell_s"): request.segment_s if moving else request.dwell_s,
        "glide_s": pace.glide_s,
        "order": request.order,
        "voice": voice.record(),
        "chosen": material.selection.said,
        "fitted_on": [piece.name for piece in material.selection.fitted_on],
    }


def _planned(
    want: Wanted,
    alone: bool,
    request: Request,
    material: Material,
    on: Grounds,
    pace: Pace,
    settings: dict[str, Any],
    console: Console,
) -> Plan:
    """One coupling, ready to be played; a folder's earlier contents made otherwise are said."""
    folder = files.make(request.output if alone else request.output / want.name)
    if different := files.changed(files.read_record(folder).get("settings", {}), settings):
        what = ", ".join(different)
        console.print(
            f"{folder}: was made with other settings ({what}): what sounds otherwise now is made anew",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    coupling = coupling_in(folder, want, on, console)
    knew_classes = coupling.name in LEARNING and any(on.labels)
    return plan(want.name, coupling.apply, material.heard, pace, request.form, folder, knew_classes)
