"""What a render looks like: its knobs as lines over its spectrogram, on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from ..export.errors import LatentoneError
from .events import ControlEvent

FLOOR_DB, CEILING_DB = -110.0, -30.0


def draw(
    audio_file: Path, events: Sequence[ControlEvent], sample_rate_hz: int, names: Sequence[str], picture: Path
) -> None:
    """Write a PNG of `audio_file` and of where `events` (at samples of `sample_rate_hz`) send each knob of voice 0.

    Raises LatentoneError when the picture cannot be written.
    """
    from matplotlib.figure import Figure

    audio, file_rate_hz = soundfile.read(audio_file, always_2d=True)
    figure = Figure(figsize=(11, 6), layout="constrained")
    lines, spectrogram = figure.subplots(2, 1, sharex=True, height_ratios=[1, 2])
    for index, path in knob_paths(events, sample_rate_hz).items():
        lines.plot(*path, drawstyle="steps-post", label=f"{index} {names[index]}", linewidth=1.2)
    if lines.lines and len(lines.lines) <= 8:
        lines.legend(loc="upper right", fontsize=8, ncols=4)
    lines.set(ylabel="knob", ylim=(-1.6, 1.6), title=audio_file.name)
    *_, levels = spectrogram.specgram(
        audio[:, 0] + 1e-9, NFFT=1024, Fs=file_rate_hz, noverlap=768, vmin=FLOOR_DB, vmax=CEILING_DB, cmap="magma"
    )
    figure.colorbar(levels, ax=spectrogram, label="dB/Hz", pad=0.01, aspect=40)
    spectrogram.set(ylabel="Hz", xlabel="s", xlim=(0, len(audio) / file_rate_hz))
    try:
        figure.savefig(picture, dpi=100, format="png")
    except OSError as error:
        raise LatentoneError(f"{picture}: cannot be written: {error.strerror}") from None


def knob_paths(events: Sequence[ControlEvent], sample_rate_hz: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """A knob's index to the times (s) and values that it is sent to in voice 0, for each knob that is."""
    sent: dict[int, list[tuple[float, float]]] = {}
    for event in events:
        time_s = (event.at_sample or 0) / sample_rate_hz
        address = event.address.removeprefix("/voice/0")
        head, _, knob = address.rpartition("/")
        if head == "/latent" and knob.isdigit():
            sent.setdefault(int(knob), []).append((time_s, float(event.values[0])))
        elif address in ("/latent", "/glide_to"):
            values = event.values if address == "/latent" else event.values[1:]
            for index, value in enumerate(values):
                sent.setdefault(index, []).append((time_s, float(value)))
    return {index: tuple(np.array(sent[index]).T) for index in sorted(sent)}
