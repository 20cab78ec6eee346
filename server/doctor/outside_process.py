"""Asks other people's drivers what there is, in a process of its own, which may hang or die of it.

    python -m latentone.server.doctor.outside_process midi
    python -m latentone.server.doctor.outside_process providers MODEL.onnx

prints one line of JSON at the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ...export.errors import LatentoneError

SLOW = ("tensorrt",)
"""Compile for minutes when they start."""


def midi() -> dict[str, Any]:
    """The inputs that `latentone play --midi` would find."""
    from ..midi.ports import RtMidiSystem

    system = RtMidiSystem()
    names = system.input_names()
    system.close()
    return {"inputs": names}


def providers(model: Path) -> dict[str, Any]:
    """Of each execution provider that this ONNX Runtime has, why it does not start; None where it does."""
    import onnxruntime

    from ...export.runtime.providers import PROVIDERS, open_session

    built_in = onnxruntime.get_available_providers()
    here = [name for name, provider in PROVIDERS.items() if provider.full_name in built_in]
    started = {name: open_session(model, name).note or None for name in here if name not in SLOW}
    return {"version": onnxruntime.__version__, "started": started, "not_tried": [n for n in here if n in SLOW]}


def main() -> None:
    try:
        answer = midi() if sys.argv[1] == "midi" else providers(Path(sys.argv[2]))
    except LatentoneError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
