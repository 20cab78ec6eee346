"""What a sonification looks like: classes, latents and spectrogram, one below another on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from ...export.errors import LatentoneError
from ..picture import CEILING_DB, FLOOR_DB
from .timeline import Heard

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WINDOW_SAMPLES = 1024
COLUMNS = 3000
"""Of the spectrogram: more than the picture has pixels."""
WIDTH_IN = 13.0
_TEXT_IN = 0.075
"""About as wide as a letter, and half as high as a line, of the labels."""
_MOST_KNOBS_NAMED = 16
_MOST_IN_LEGEND = 40


def draw(
    picture: Path, title: str, heard: Sequence[Heard], latent_names: Sequence[str], sounds: Sequence[tuple[float, Path]]
) -> None:
    """Write a PNG of the rows as they are heard one after another.

    sounds: files, and the time (s) at which each begins. Raises LatentoneError when it cannot be written.
    """
    from matplotlib.figure import Figure

    end_s = heard[-1].end_s
    labelled = any(row.piece.label for row in heard)
    heights = [0.55 if labelled else 0.01, 0.6 + 0.07 * len(latent_names), 3.0]
    figure = Figure(figsize=(WIDTH_IN, 1.2 + sum(heights)), layout="constrained")
    axes = figure.subplots(3, 2, sharex="col", height_ratios=heights, width_ratios=[1, 0.012])
    for row, column in ((0, 0), (0, 1)):
        axes[row, column].set_axis_off()
    axes[0, 0].set_title(title, loc="left", fontsize=11)
    if labelled:
        _bands(figure, axes[0, 0], heard, end_s)
    figure.colorbar(_latents(axes[1, 0], heard, latent_names, end_s), cax=axes[1, 1])
    colours = figure.colorbar(_spectrogram(axes[2, 0], sounds, end_s), cax=axes[2, 1])
    colours.set_label("dB", fontsize=8)
    for bar in axes[1:, 1]:
        bar.tick_params(labelsize=7)
    axes[2, 0].set(xlabel="s", xlim=(0, end_s))
    try:
        figure.savefig(picture, dpi=100, format="png")
    except OSError as error:
        raise LatentoneError(f"{picture}: cannot be written: {error.strerror}") from None


def _bands(figure: Figure, axes: Axes, heard: Sequence[Heard], end_s: float) -> None:
    """A coloured band for each stretch of one label, with its name where there is room; the others are in a legend."""
    colours = label_colours([row.piece.label for row in heard])
    axes.set_ylim(0, 1)
    untold = set(colours)
    for label, rows in groupby(heard, key=lambda row: row.piece.label):
        stretch = list(rows)
        start_s, width_s = stretch[0].start_s, stretch[-1].end_s - stretch[0].start_s
        axes.axvspan(start_s, start_s + width_s, color=colours[label], linewidth=0)
        width_in = 0.9 * WIDTH_IN * width_s / end_s
        if width_in < 1.6 * _TEXT_IN:
            continue
        upright = width_in > _TEXT_IN * (len(label) + 0.5)
        axes.text(
            start_s + width_s / 2, 0.5, label, ha="center", va="center", clip_on=True, color=_ink(colours[label]),
            fontsize=8 if upright else 6.5, rotation=0 if upright else 90,
        )  # fmt: skip
        untold.discard(label)
    if 0 < len(untold) <= _MOST_IN_LEGEND:
        from matplotlib.patches import Patch

        patches = [Patch(color=colours[label], label=label or "none") for label in sorted(untold)]
        figure.legend(handles=patches, loc="outside lower center", ncols=14, fontsize=7, frameon=False)


def label_colours(labels: Sequence[str]) -> dict[str, Any]:
    """A colour for each label, in the order of their names: the same for the same labels, whatever rows there are."""
    from matplotlib import colormaps

    names = sorted(set(labels))
    if len(names) <= 10:
        return {name: colormaps["tab10"](index) for index, name in enumerate(names)}
    # Steps of the golden section: neighbours are far apart, and no two of any number close together.
    return {name: colormaps["turbo"](0.05 + 0.9 * (index * 0.618034 % 1.0)) for index, name in enumerate(names)}


def _ink(colour: tuple[float, ...]) -> str:
    """Black or white, whichever can be read on a colour: by its luma (ITU-R BT.601)."""
    red, green, blue = colour[:3]
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.6 else "white"


def _latents(axes: Axes, heard: Sequence[Heard], names: Sequence[str], end_s: float) -> Any:
    places = np.concatenate([row.piece.latents for row in heard], axis=1)
    image = axes.imshow(
        places, aspect="auto", extent=(0, end_s, len(names), 0), cmap="RdBu_r", vmin=-1.5, vmax=1.5, interpolation="nearest"
    )  # fmt: skip
    step = -(-len(names) // _MOST_KNOBS_NAMED)
    shown = range(0, len(names), step)
    axes.set_yticks([index + 0.5 for index in shown], [names[index] for index in shown], fontsize=7)
    axes.set_ylabel("latents of the data")
    return image


def _spectrogram(axes: Axes, sounds: Sequence[tuple[float, Path]], end_s: float) -> Any:
    levels, top_hz = spectrogram(sounds, end_s)
    image = axes.imshow(
        levels, origin="lower", aspect="auto", extent=(0, end_s, 0, top_hz / 1000), cmap="magma",
        vmin=FLOOR_DB, vmax=CEILING_DB,
    )  # fmt: skip
    axes.set_ylabel("kHz")
    return image


def spectrogram(sounds: Sequence[tuple[float, Path]], end_s: float) -> tuple[np.ndarray, float]:
    """The level (dB, of the spectral density, as Matplotlib's specgram) of each band and column, and the highest band's Hz.

    A column is one window of the sound there, so that hours take no longer than a minute.
    """
    window = np.hanning(WINDOW_SAMPLES).astype(np.float32)
    times_s = (np.arange(COLUMNS) + 0.5) * end_s / COLUMNS
    starts_s = np.array([start_s for start_s, _ in sounds])
    of_sound = np.searchsorted(starts_s, times_s, side="right") - 1
    power = np.zeros((WINDOW_SAMPLES // 2 + 1, COLUMNS), np.float32)
    rate_hz = 1
    for index, (start_s, path) in enumerate(sounds):
        columns = np.flatnonzero(of_sound == index)
        with soundfile.SoundFile(path) as file:
            rate_hz = file.samplerate
            for column in columns.tolist():
                power[:, column] = _power(file, round((times_s[column] - start_s) * rate_hz), window)
    power /= rate_hz * np.square(window).sum()
    return 10.0 * np.log10(power + 1e-18), rate_hz / 2


def _power(file: soundfile.SoundFile, middle: int, window: np.ndarray) -> np.ndarray:
    first = max(0, min(middle - WINDOW_SAMPLES // 2, file.frames - WINDOW_SAMPLES))
    file.seek(first)
    audio = file.read(WINDOW_SAMPLES, dtype="float32", always_2d=True)[:, 0]
    audio = np.pad(audio, (0, WINDOW_SAMPLES - len(audio)))
    return 2.0 * np.abs(np.fft.rfft(audio * window)).astype(np.float32) ** 2
