"""Writes a model's surface for Open Stage Control and TouchOSC: `python patches/touchosc/build.py [my.onnx]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import open_stage_control
import touchosc
from latentone.export.runtime.providers import open_session
from surface import controls

FOLDER = Path(__file__).parent
SHIPPED = FOLDER.parents[1] / "models" / "pretrained" / "voice.onnx"


def build(model: Path, folder: Path) -> None:
    """Write `<model>.json` for Open Stage Control and `<model>.tosc` for TouchOSC into `folder`."""
    manifest = open_session(model).manifest
    surface = list(controls(manifest))
    (folder / f"{manifest.name}.json").write_text(open_stage_control.session(surface))
    (folder / f"{manifest.name}.tosc").write_bytes(touchosc.layout(surface))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=SHIPPED, help="a model file; the shipped model's")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, help="a folder; this one")
    arguments = parser.parse_args()
    build(arguments.model, arguments.output)


if __name__ == "__main__":
    main()
