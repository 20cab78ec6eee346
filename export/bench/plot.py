"""A picture of a run: how many times real time each runtime makes, over the number of voices."""

from __future__ import annotations

from pathlib import Path

from ..errors import LatentoneError
from .run import RUNTIMES, Results

COLOURS = {
    "pytorch": "#9a9a9a",
    "torchscript": "#4c8fc4",
    "onnx": "#e0973a",
    "fused": "#c0304e",
    "cuda": "#3f8f4f",
    "libtorch (raw)": "#c8c8c8",
}
SLOW_SHADE = "#f3f1ee"
GREY = "#6b6b6b"


def draw(results: Results, picture: Path) -> None:
    """Write a PNG: a panel for each size and number of bands, a line a runtime.

    Raises LatentoneError when the picture cannot be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import FuncFormatter, NullLocator

    rows = results.rows
    sizes = list(dict.fromkeys(row.size for row in rows))
    bands = list(dict.fromkeys(row.bands for row in rows))
    voices = sorted({row.voices for row in rows})
    speeds = [row.times_real_time for row in rows]
    low, high = min(*speeds, 0.5) / 2.5, max(*speeds, 2.0) * 2.5
    halo = withStroke(linewidth=2.5, foreground="white")
    figure = Figure(
        figsize=(max(7.5, 1.6 + 3.6 * len(sizes)), 1.5 + 3.0 * len(bands)), layout="constrained", facecolor="white"
    )
    panels = figure.subplots(len(bands), len(sizes), sharex=True, sharey=True, squeeze=False)
    for panel_row, count in zip(panels, bands, strict=True):
        for panel, size in zip(panel_row, sizes, strict=True):
            panel.set(xscale="log", yscale="log", ylim=(low, high), xlim=(voices[0] / 1.7, voices[-1] * 1.7))
            panel.axhspan(low, 1, color=SLOW_SHADE, zorder=0)
            panel.axhline(1, color="black", linewidth=1, zorder=1)
            panel.set_title(f"{size}, {count} band{'s' * (count > 1)}", loc="left", fontsize=10.5, fontweight="bold")
            for runtime in RUNTIMES:
                own = [row for row in rows if (row.runtime, row.size, row.bands) == (runtime, size, count)]
                if not own:
                    continue
                colour, x, y = COLOURS[runtime], [row.voices for row in own], [row.times_real_time for row in own]
                panel.plot(x, y, "o-", color=colour, linewidth=1.8, markersize=4.5, label=RUNTIMES[runtime], zorder=3)
                for end in {0, len(own) - 1}:
                    label = f"{y[end]:.1f} ×" if y[end] >= 1 else f"{y[end]:.2g} ×"
                    beside = {"xytext": (7, 0), "ha": "left"} if end else {"xytext": (-7, 0), "ha": "right"}
                    place = {"textcoords": "offset points", "va": "center", "fontsize": 8, **beside}
                    panel.annotate(label, (x[end], y[end]), color=colour, path_effects=[halo], zorder=4, **place)
            panel.set_xticks(voices, [str(voice) for voice in voices])
            panel.xaxis.set_minor_locator(NullLocator())
            panel.yaxis.set_major_formatter(
                FuncFormatter(lambda value, _: "real time" if value == 1 else f"{value:g} ×")
            )
            panel.grid(axis="y", color="#e4e2df", linewidth=0.7)
            panel.tick_params(which="both", colors=GREY, labelsize=9, length=0)
            panel.spines[:].set_visible(False)
    rates = ", ".join(f"{rate / 1000:g} kHz" for rate in sorted({row.sample_rate_hz for row in rows}))
    on = "one core" if results.threads == 1 else f"one core, fused on up to {results.threads}"
    figure.suptitle(
        f"Times real time on {on}; all voices sound\n{results.cpu}, {rates}",
        x=0.01, ha="left", fontsize=11,
    )  # fmt: skip
    for panel in panels[-1]:
        panel.set_xlabel("voices", fontsize=9, color=GREY)
    handles = {line.get_label(): line for panel in panels.flat for line in panel.get_lines()}
    named = [name for name in RUNTIMES.values() if name in handles]
    figure.legend([handles[name] for name in named], named, loc="outside lower center", ncols=4, frameon=False)
    try:
        figure.savefig(picture, dpi=130, format="png")
    except OSError as error:
        raise LatentoneError(f"{picture}: cannot be written: {error.strerror}") from None
