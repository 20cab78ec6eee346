"""A training run of a table's VAE: which rows, which weights to begin with, and the shared loop."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

from .. import data_vae
from ..table_files import named
from ..tables import Table
from ..training import Settings, seed_everything
from . import data, network
from .hyperparameters import Hyperparameters
from .network import Tybalt


def train(
    source: data.Source,
    settings: Settings,
    hyperparameters: Hyperparameters,
    batch_size: int,
    held_out: float,
    resume: Path | None,
) -> Path:
    """Train, and return the last checkpoint's path. Raises LatentoneError for data that cannot be used.

    hyperparameters: its inputs are counted anew. held_out: share of the rows of each class. resume: a checkpoint to go on
    from; its sizes, its columns, its scaling and its held-out rows count, so that none of those is learnt after all.
    """
    seed_everything(settings.seed)
    if resume is not None:
        model, record = network.load(resume)
        source = replace(source, held_out=record["data"]["held_out"])
        table = source.read(model.columns)
        known = set(source.held_out) & set(table.names)
    else:
        table = source.read()
        model, record, known = Tybalt(replace(hyperparameters, inputs=len(table.columns)), table.columns), {}, set()
    if not known:
        source = replace(source, held_out=data.choose_held_out(table, held_out, settings.seed))
    training, judged = source.split(table)
    loaders = data.loaders(training, judged, batch_size)
    if resume is None:
        data.fit_scaling(model, training, source.data_path)
    _tell(training, judged)
    record_of_data = {**asdict(source.absolute()), "name": table.name, "rows": len(training.names)}
    return data_vae.train(model.train(), settings, loaders, record_of_data, resume if "loops" in record else None)


def _tell(training: Table, judged: Table) -> None:
    line = f"{len(training.names)} rows of {len(training.columns)} columns to learn from, {len(judged.names)} held out"
    classes = Counter(training.labels)
    unseen = sorted(set(classes) - set(judged.labels))
    if len(classes) > 1:
        line += f", {len(classes)} classes"
        line += f", of which {len(unseen)} are too small to hold one out: {named(unseen)}" if unseen else ""
    print(line, file=sys.stderr)
