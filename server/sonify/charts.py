"""Pictures of the report, as SVG that takes its colours from the page, light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

HUES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#a6761d", "#7570b3", "#66a61e", "#e7298a")
"""Okabe and Ito's first six, told apart by the colour-blind too, then four more."""
_BAR, _LEFT, _WIDTH, _RIGHT = 30, 190, 480, 60
_PANEL = 300


@dataclass(frozen=True)
class Bar:
    """A share, 0 to 1, with the ends of its interval; `kind` is a class of the page's style."""

    name: str
    kind: str
    value: float
    low: float
    high: float


def bars(rows: Sequence[Bar], chance: float) -> str:
    """Horizontal bars with intervals, and a dashed line where chance is."""
    height = _BAR * len(rows)
    parts = [_axis(height)]
    for index, row in enumerate(rows):
        top = index * _BAR
        middle = top + _BAR / 2
        start, low, high = _LEFT, _LEFT + _WIDTH * row.low, _LEFT + _WIDTH * row.high
        parts.append(
            f'<text x="{_LEFT - 8}" y="{middle}" class="name">{escape(row.name)}</text>'
            f'<rect class="bar {row.kind}" x="{start}" y="{top + 5}" width="{_WIDTH * row.value:.1f}" height="{_BAR - 10}" rx="2"/>'
            f'<path class="interval" d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 5}v10M{high:.1f} {middle - 5}v10"/>'
            f'<text x="{max(high, start + _WIDTH * row.value) + 8:.1f}" y="{middle}" class="value">{100 * row.value:.0f} %</text>'
        )
    at = _LEFT + _WIDTH * chance
    parts.append(f'<path class="chance" d="M{at:.1f} 0V{height}"/>')
    parts.append(f'<text class="tick" x="{at:.1f}" y="{height + 34}">chance {100 * chance:.0f} %</text>')
    return _svg(_LEFT + _WIDTH + _RIGHT, height + 42, "".join(parts), "Accuracy of each, with 95 % intervals")


def _axis(height: float) -> str:
    ticks = [(share, _LEFT + _WIDTH * share) for share in (0, 0.25, 0.5, 0.75, 1)]
    return "".join(
        f'<path class="grid" d="M{at} 0V{height}"/><text class="tick" x="{at}" y="{height + 16}">{100 * share:.0f} %</text>'
        for share, at in ticks
    )


def scatter(title: str, points: np.ndarray, labels: Sequence[str], names: Sequence[str]) -> str:
    """Points (rows, 2), coloured by label as `colours` has it; hovering over one names it."""
    low, high = points.min(axis=0), points.max(axis=0)
    placed = 12 + (points - low) / np.maximum(high - low, 1e-12) * (_PANEL - 24)
    colour = colours(labels)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{_PANEL - y:.1f}" r="3.6" fill="{colour[label]}"><title>{escape(name)}: '
        f"{escape(label or 'no class')}</title></circle>"
        for (x, y), label, name in zip(placed, labels, names, strict=True)
    )
    frame = f'<rect class="frame" width="{_PANEL}" height="{_PANEL}" rx="6"/>'
    return f"<figure>{_svg(_PANEL, _PANEL, frame + dots, title)}<figcaption>{escape(title)}</figcaption></figure>"


def colours(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each label: HUES where they suffice, else evenly spaced hues of changing lightness; grey for none."""
    named = sorted({label for label in labels if label})
    if len(named) <= len(HUES):
        found = dict(zip(named, HUES, strict=False))
    else:
        found = {name: f"hsl({360 * i / len(named):.0f} 65% {(42, 58)[i % 2]}%)" for i, name in enumerate(named)}
    return {**found, "": "#888888"}


def legend(labels: Sequence[str]) -> str:
    return "".join(
        f'<span class="key"><i style="background:{colour}"></i>{escape(label)}</span>'
        for label, colour in colours(labels).items()
        if label in labels and label
    )


def embed(space: np.ndarray, seed: int) -> np.ndarray:
    """(rows, columns) to (rows, 2): t-SNE (van der Maaten and Hinton 2008); under 10 rows, principal components."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    spread = space.std(axis=0)
    moving = spread > 1e-7 * np.maximum(np.abs(space.mean(axis=0)), 1e-30)
    scaled = (space[:, moving] - space[:, moving].mean(axis=0)) / spread[moving]
    if not moving.any() or len(space) < 2:
        return np.zeros((len(space), 2))
    reduced = PCA(min(30, *scaled.shape), random_state=seed).fit_transform(scaled)
    if len(space) < 10 or reduced.shape[1] < 3:
        return np.pad(reduced[:, :2], ((0, 0), (0, max(0, 2 - reduced.shape[1]))))
    return TSNE(perplexity=min(30, (len(space) - 1) / 3), init="pca", random_state=seed).fit_transform(reduced)


def _svg(width: float, height: float, inside: str, title: str) -> str:
    frame = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg {frame} role="img" aria-label="{escape(title)}">{inside}</svg>'
