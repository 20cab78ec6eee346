"""A training run as a picture: its figures over the steps, from the CSV that the run wrote."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Column(NamedTuple):
    """A column of the CSV, and how it is drawn: those of one unit share an axis."""

    name: str
    unit: str
    label: str
    colour: str


def read(metrics: Path, columns: Sequence[Column]) -> dict[str, list[tuple[int, float]]]:
    """Each column of Lightning's metrics.csv as (step, value), where it was measured."""
    series: dict[str, list[tuple[int, float]]] = {}
    with metrics.open(newline="") as file:
        for row in csv.DictReader(file):
            for name, *_ in columns:
                if row.get(name):
                    series.setdefault(name, []).append((int(row["step"]), float(row[name])))
    return series


def draw(metrics: Path, picture: Path, columns: Sequence[Column]) -> None:
    """Write the curve of `metrics` (a metrics.csv) to the PNG `picture`."""
    from matplotlib.figure import Figure

    series = read(metrics, columns)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    units = list(dict.fromkeys(column.unit for column in columns))
    axes = dict(zip(units, figure.subplots(1, len(units), squeeze=False)[0], strict=True))
    for name, unit, label, colour in columns:
        if not (points := series.get(name)):
            continue
        marker = "" if name.startswith("train") else "o"
        axes[unit].plot(*zip(*points, strict=True), label=label, color=colour, marker=marker, markersize=3, linewidth=1)
    for unit, axis in axes.items():
        axis.set(xlabel="step", title=unit)
        axis.legend(fontsize=8)
    figure.savefig(picture, dpi=100)
