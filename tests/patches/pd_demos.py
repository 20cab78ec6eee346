"""The Pd demos, played by the shipped model into a file: `python tests/patches/pd_demos.py` draws their pictures."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.figure import Figure
from pd import PATCHES, running_pd
from PIL import Image
from playing import ask, playing

LENGTHS_S = {"knobs": 13.5, "pattern": 10.0, "follow": 10.0, "data": 10.0}
"""Of what the pictures show."""
FLAGS = {"data": ("--data", "digits")}
"""Of the server that a demo needs."""


def play_demo(name: str, model: Path | str, folder: Path, length_s: float, *flags: object) -> np.ndarray:
    """What a server of four voices plays while Pd runs a demo that starts by itself: (samples, channels)."""
    heard = folder / "heard.wav"
    with playing(model, folder, "-o", heard, "--voices", 4, *flags) as port:
        ask(port, "/sync", 1)
        with running_pd(folder, f"latentone-{name}.pd", port, "latentone-start 1") as pd:
            pd.wait_for(lambda: any(line.startswith("latentone:") for line in pd.posted()), "a reply")
            time.sleep(length_s)  # what is heard in that time is what is looked at
    return soundfile.read(heard, always_2d=True)[0]


def draw(audio: np.ndarray, rate_hz: int, title: str, picture: Path) -> None:
    """The level of 10 ms blocks, and below it the spectrogram of both channels together."""
    mono = audio.mean(axis=1)
    block = rate_hz // 100
    blocks = mono[: len(mono) // block * block].reshape(-1, block)
    figure = Figure(figsize=(11, 5), layout="constrained")
    level, spectrogram = figure.subplots(2, 1, sharex=True, height_ratios=[1, 3])
    level.plot(
        np.arange(len(blocks)) * block / rate_hz, 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-9), linewidth=0.8
    )
    level.set(ylabel="dB", ylim=(-80, 0), title=title)
    spectrogram.specgram(mono + 1e-7, Fs=rate_hz, NFFT=1024, noverlap=768, vmin=-110, vmax=-35, cmap="magma")
    spectrogram.set(ylabel="Hz", xlabel="s", xlim=(0, len(mono) / rate_hz), ylim=(0, 8000))
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=90, format="png")
    Image.open(drawn).convert("RGB").quantize(128).save(picture, optimize=True)


def main() -> None:
    for name in sys.argv[1:] or LENGTHS_S:
        with tempfile.TemporaryDirectory() as folder:
            audio = play_demo(name, "voice", Path(folder), LENGTHS_S[name], *FLAGS.get(name, ()))
            rate_hz = soundfile.info(Path(folder) / "heard.wav").samplerate
        draw(audio, rate_hz, f"latentone-{name}.pd", PATCHES / f"latentone-{name}.png")


if __name__ == "__main__":
    main()
