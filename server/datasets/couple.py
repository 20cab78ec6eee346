"""`latentone couple`: fit a coupling of a data set to a decoder and keep it in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from rich.console import Console
from rich.table import Table
from typer import Argument, Option

from ...export.coupling import NAMES, Coupling, fit
from ...export.coupling.account import account
from ...export.coupling.file import SUFFIX
from ...export.coupling.methods import METHODS
from ...export.coupling.target import Target
from ...export.errors import LatentoneError, need_matplotlib
from .items import Item

SHOWN = 8
"""Knobs in the table; the first are those that are heard most."""


def couple(
    data: Annotated[str, Argument(help="A table or movement: a file, a folder, or a data set's name.")],
    model: Annotated[str, Option("--model", "-m", help="The encoder of the data: a file or a shipped one's name.")],
    coupling: Annotated[str, Option("--coupling", "-c", help=f"One of {', '.join(NAMES)}.")],
    decoder: Annotated[str, Option("--decoder", "-d", help="The decoder: a file or a shipped one's name.")] = "voice",
    output: Annotated[Path | None, Option("-o", "--output", help=f"The file to write: NAME{SUFFIX}.")] = None,
    labels: Annotated[
        str | None, Option(help="Where the classes stand: a column, or a file; `learned` keeps them apart.")
    ] = None,
    ignore_labels: Annotated[bool, Option("--ignore-labels", help="learned: go by neighbours alone.")] = False,
    all_rows: Annotated[
        bool, Option("--all-rows", help="Fit to rows that the encoder's training held out, too.")
    ] = False,
    picture: Annotated[Path | None, Option(help="Also draw both clouds and the coupled one: a PNG.")] = None,
    seed: Annotated[int, Option(help="Seed of all that is drawn.")] = 0,
) -> None:
    """Fit a coupling: a small function from the data's latents to the decoder's knobs.

    Rows that the encoder's training held out are not used, so that what they sound like later is a fair test.

    \b
    direct       dimension i moves knob i, as it is
    standardise  mean and deviation a dimension as the decoder's
    quantile     the whole distribution a dimension as the decoder's
    whiten       decorrelated, then coloured as the decoder's
    transport    the cloud moved onto the decoder's with the least effort
    learned      neighbours in the data are neighbours in what is heard

    \b
    Examples:
      latentone couple digits --model digits --coupling quantile
      latentone couple digits --model digits --decoder choir --coupling learned -o mine.coupling.npz --picture mine.png
    """
    if coupling not in NAMES:
        raise LatentoneError(f"--coupling {coupling}: is not one of {', '.join(NAMES)}")
    if picture is not None:
        need_matplotlib("--picture")
    from ...export.runtime.load import load_data_encoder, shipped_data_encoder, shipped_model
    from .encode import encode_items
    from .read import dataset_name, read_dataset

    encoder = load_data_encoder(shipped_data_encoder(model))
    target = Target.of(shipped_model(decoder))
    items = read_dataset(data, encoder.manifest, labels).items
    used = list(items) if all_rows else training_items(items, encoder.manifest.held_out)
    rows, row_labels = _frames(used, encode_items(encoder, used))
    with Console(stderr=True).status("fitting") as status:
        fitted = fit(
            coupling,
            rows,
            target,
            encoder=encoder.manifest,
            labels=None if ignore_labels else row_labels,
            seed=seed,
            say=status.update,
            progress=status.update,
        )
    file = output or Path(f"{dataset_name(data)}-{target.manifest.name}-{coupling}{SUFFIX}")
    fitted.save(file)
    if picture is not None:
        from ...export.coupling.picture import draw

        draw(fitted, rows, row_labels, target, picture)
    _tell(fitted, rows, target, f"{len(used)} of {len(items)} items")
    print(f"{file} ({file.stat().st_size / 1e3:.1f} kB)" + (f", {picture}" if picture is not None else ""))


def training_items(items: Sequence[Item], held_out: Sequence[str]) -> list[Item]:
    """Those that the encoder's training did not hold out; all, where that would leave none (another data set)."""
    unseen = set(held_out)
    kept = [item for item in items if item.name not in unseen]
    return kept or list(items)


def _frames(items: Sequence[Item], latents: Sequence[np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Latents (dim, frames) of each item as one frame below the other, (frames, dim), and the class of each."""
    labels = [item.label for item, frames in zip(items, latents, strict=True) for _ in range(frames.shape[1])]
    return np.concatenate(latents, axis=1).T, labels


def _tell(fitted: Coupling, rows: np.ndarray, target: Target, of: str) -> None:
    """What was fitted to which rows, and how well. of: which items the rows are of."""
    header = fitted.header
    print(f"{fitted.name}: {METHODS[fitted.name].summary}")
    print(f"fitted to {len(rows)} frames of {of}, {header.encoder} to {header.decoder}")
    _show(fitted, rows, target)


def _show(fitted: Coupling, rows: np.ndarray, target: Target) -> None:
    table = Table("knob", "name", "data: mean ± deviation", "coupled", "decoder's own", "clipped", show_edge=False)
    accounts = account(fitted, rows, target)
    for index, knob in enumerate(accounts[:SHOWN]):
        table.add_row(
            str(index), knob.name, *map(_moments, (knob.data, knob.coupled, knob.decoder)), f"{knob.clipped:.2%}"
        )
    Console().print(table)
    if len(accounts) > SHOWN:
        print(f"and {len(accounts) - SHOWN} more knobs")
    print(f"clipped, of all knobs: {np.mean([knob.clipped for knob in accounts]):.2%}")
    for note in fitted.header.notes:
        print(note)


def _moments(of: tuple[float, float]) -> str:
    return "-" if np.isnan(of[0]) else f"{of[0]:+.2f} ± {of[1]:.2f}"
