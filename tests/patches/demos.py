"""The demos of patches/supercollider, played under sclang into a file: `python tests/patches/demos.py` draws their pictures."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import soundfile
from latentone.server.picture import draw
from playing import playing
from sclang import QUARK, run_sclang

DEMOS = QUARK / "demos"
TURNED = """
	fork({
		2.wait;
		~knobs[\\sliders].do { |slider|
			40.do { |i| slider.valueAction = (i / 40 * 2pi).sin; 0.03.wait };
			0.1.wait;
		};
	}, AppClock);
"""
"""A hand that turns one knob of the window after another."""
HANDS = {"knobs": TURNED, "pentatonic": "", "analysis": ""}
LENGTHS_S = {"knobs": 13.0, "pentatonic": 24.0, "analysis": 12.0}

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
        script = RUN % {"port": port, "demo": DEMOS / f"{name}.scd", "hand": hand, "length_s": length_s}
        run_sclang(script, folder)
    return heard


def main() -> None:
    """Draw the demos that are named, or all, on the shipped model. `analysis` needs a running JACK server."""
    for name in sys.argv[1:] or HANDS:
        with tempfile.TemporaryDirectory() as folder:
            heard = play_demo(name, "voice", Path(folder), LENGTHS_S[name], HANDS[name])
            draw(heard, [], soundfile.info(heard).samplerate, [], DEMOS / f"{name}.png")


if __name__ == "__main__":
    main()
