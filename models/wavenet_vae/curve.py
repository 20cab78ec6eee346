"""A training run as a picture: bits and KL over time, from the CSV that the run wrote."""

from __future__ import annotations

import csv
from pathlib import Path

COLUMNS = {
    "train/bits": ("bits a code", "training", "0.7"),
    "validation/bits": ("bits a code", "held out", "C0"),
    "validation/bits_shuffled": ("bits a code", "held out, latents shuffled in time", "C1"),
    "validation/kl_nats": ("KL, nats a latent frame", "held out", "C0"),
}


def read(metrics: Path) -> dict[str, list[tuple[int, float]]]:
    """Each column of Lightning's metrics.csv as (step, value), where it was measured."""
    series: dict[str, list[tuple[int, float]]] = {}
    with metrics.open(newline="") as file:
        for row in csv.DictReader(file):
            for name in COLUMNS:
                if row.get(name):
                    series.setdefault(name, []).append((int(row["step"]), float(row[name])))
    return series


def draw(metrics: Path, picture: Path) -> None:
    """Write the curve of `metrics` (a metrics.csv) to the PNG `picture`."""
    from matplotlib.figure import Figure

    series = read(metrics)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    units = list(dict.fromkeys(unit for unit, _, _ in COLUMNS.values()))
    axes = dict(zip(units, figure.subplots(1, len(units)), strict=True))
    for name, points in series.items():
        unit, label, colour = COLUMNS[name]
        marker = "" if name.startswith("train") else "o"
        axes[unit].plot(*zip(*points, strict=True), label=label, color=colour, marker=marker, markersize=3, linewidth=1)
    for unit, axis in axes.items():
        axis.set(xlabel="step", title=unit)
        axis.legend(fontsize=8)
    figure.savefig(picture, dpi=100)
