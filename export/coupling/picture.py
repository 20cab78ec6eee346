"""A picture of a coupling: the data before and after, in the plane of the decoder's first two knobs, over its own cloud."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from .coupling import Coupling
from .target import Target

MOST_CLASSES = 10
GREY, BLUE = "#c9c6c1", "#2f6f9f"
CLASS_COLOURS = ("C0", "C1", "C2", "C3", "C4", "C5", "C6", "black", "C8", "C9")
"""matplotlib's cycle, but that its grey would be taken for the cloud's."""


def draw(coupling: Coupling, data: np.ndarray, labels: Sequence[str], target: Target, picture: Path) -> None:
    """Write a PNG; data (rows, data dim), a label a row, empty where unknown. Raises LatentoneError where it cannot."""
    from matplotlib.figure import Figure

    both = [index for index in (0, 1) if index < target.dim]
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    coupled = coupling.apply(data)
    classes = sorted({label for label in labels if label})
    if len(classes) > MOST_CLASSES:
        classes = []
    titles = ("the data's own latents 0 and 1", f"through the coupling {coupling.name}")
    for panel, rows, title in zip(panels, (data, coupled), titles, strict=True):
        panel.scatter(*_plane(target.cloud, both), s=7, color=GREY, linewidths=0, label="learned from")
        groups = np.asarray(labels) if classes else np.full(len(rows), "data")
        for place, name in enumerate(classes or ["data"]):
            colour = CLASS_COLOURS[place] if classes else BLUE
            panel.scatter(*_plane(rows[groups == name], both), s=11, color=colour, alpha=0.7, linewidths=0, label=name)
        panel.set_title(title, loc="left", fontsize=10.5)
        panel.grid(color="#eeeeee")
        panel.set_axisbelow(True)
    names = [f"knob {index}: {target.manifest.latents[index].name}" for index in both]
    panels[0].set_ylabel(names[1] if len(names) > 1 else "")
    for panel in panels:
        panel.set_xlabel(names[0])
    panels[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, markerscale=2)
    try:
        figure.savefig(picture, dpi=110, format="png")
    except OSError as error:
        raise LatentoneError(f"{picture}: cannot be written: {error.strerror}") from None


def _plane(rows: np.ndarray, both: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows (rows, dim) to their first two numbers; zeros where there is none."""
    columns = [rows[:, index] if index < rows.shape[1] else np.zeros(len(rows)) for index in both]
    return columns[0], columns[-1] if len(columns) > 1 else np.zeros(len(rows))
