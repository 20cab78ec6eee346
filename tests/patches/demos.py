"""The demos of patches/supercollider, played under sclang into a file: `python tests/patches/demos.py` draws their pictures."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.figure import Figure
from PIL import Image
from playing import playing, send
from sclang import QUARK, run_sclang

DEMOS = QUARK / "demos"
WINDOW = DEMOS / "knobs-window.png"
TURNED = """
	fork({
		while { ~knobs.isNil } { 0.05.wait };
		1.wait;
		Image.fromWindow(~knobs[\\window].view).write("WINDOW");
		~knobs[\\sliders].do { |slider|
			40.do { |i| slider.valueAction = (i / 40 * 2pi).sin; 0.03.wait };
			0.1.wait;
		};
	}, AppClock);
""".replace("WINDOW", str(WINDOW))
"""A hand that takes a picture of the window, and turns one knob of it after another."""
HANDS = {"knobs": TURNED, "pentatonic": "", "analysis": ""}
LENGTHS_S = {"knobs": 13.0, "pentatonic": 23.0, "analysis": 12.0}

RUN = """
(
Latentone.default = Latentone(\\default, NetAddr("127.0.0.1", %(port)d));
thisProcess.interpreter.executeFile("%(demo)s");
%(hand)s
SystemClock.sched(%(length_s)f) { if(s.serverRunning) { s.quit }; { 0.exit }.defer(0.5); nil };
)
"""


def play_demo(name: str, model: Path | str, folder: Path, length_s: float, hand: str = "") -> Path:
    """Run a demo for so long on a server of four voices; returns what was heard, the WAV file of that server."""
    heard = folder / f"{name}.wav"
    with playing(model, folder, "-o", heard, "--voices", 4) as port:
        send(port, "/voice/*/gate", 0)  # so that all that is heard is the demo's
        script = RUN % {"port": port, "demo": DEMOS / f"{name}.scd", "hand": hand, "length_s": length_s}
        run_sclang(script, folder)
    return heard


def sounding(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """The part of audio, (samples,), from the end of the silence before the demo to its own end."""
    tenths = np.abs(audio[: len(audio) // (rate_hz // 10) * (rate_hz // 10)]).reshape(-1, rate_hz // 10).max(axis=1)
    silent = tenths < 1e-4
    begin = int(np.argmax(silent))
    begin += int(np.argmax(~silent[begin:]))
    return audio[begin * rate_hz // 10 : (np.nonzero(~silent)[0][-1] + 1) * rate_hz // 10]


def draw(heard: Path, picture: Path) -> None:
    """The spectrogram of both channels together, and above it that of the lowest 600 Hz, where the tones are."""
    audio, rate_hz = soundfile.read(heard, always_2d=True)
    mono = sounding(audio.mean(axis=1), rate_hz)
    figure = Figure(figsize=(11, 6), layout="constrained")
    low, whole = figure.subplots(2, 1, sharex=True, height_ratios=[2, 3])
    look = {"Fs": rate_hz, "vmin": -110, "vmax": -35, "cmap": "magma"}
    with np.errstate(divide="ignore"):  # silence is minus infinity dB, and drawn as the darkest
        low.specgram(mono, NFFT=2048, noverlap=1792, pad_to=8192, **look)
        whole.specgram(mono, NFFT=1024, noverlap=768, **look)
    low.set(ylabel="Hz", ylim=(0, 600), title=f"{heard.stem}.scd")
    whole.set(ylabel="Hz", xlabel="s", xlim=(0, len(mono) / rate_hz))
    low.set_facecolor("black")
    whole.set_facecolor("black")
    figure.savefig(picture, dpi=80, format="png")
    Image.open(picture).quantize(48).save(picture, optimize=True)


def main() -> None:
    """Draw the demos that are named, or all, on the shipped model. `analysis` needs a running JACK server."""
    for name in sys.argv[1:] or HANDS:
        with tempfile.TemporaryDirectory() as folder:
            heard = play_demo(name, "voice", Path(folder), LENGTHS_S[name], HANDS[name])
            draw(heard, DEMOS / f"{name}.png")


if __name__ == "__main__":
    main()
