"""A surface as a session of Open Stage Control (version 1.25)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from surface import HEIGHT, WIDTH, Control


def session(surface: Iterable[Control]) -> str:
    """The JSON text of the session. Every control sends to the targets of `--send`."""
    root = {
        "type": "root",
        "id": "root",
        "width": WIDTH,
        "height": HEIGHT,
        "bypass": True,  # else it would send its scrolling as OSC
        "widgets": [_widget(index, control) for index, control in enumerate(surface)],
    }
    content = {"createdWith": "Open Stage Control", "version": "1.25.0", "type": "session", "content": root}
    return json.dumps(content, indent=2) + "\n"


def _widget(index: int, control: Control) -> dict[str, object]:
    left, top, width, height = control.frame
    place = {"left": left, "top": top, "width": width, "height": height}
    sends = {"address": control.address, "preArgs": list(control.arguments) or ""}
    named = {"id": f"control_{index}", **place, **sends}
    if control.kind == "fader":
        return {
            "type": "fader",
            **named,
            "html": control.label,
            "css": ".html { position: absolute; z-index: 1; width: 100%; text-align: center; font-size: 70%; }",
            "design": "compact",
            "horizontal": control.horizontal,
            "doubleTap": True,
            "range": {"min": control.low, "max": control.high},
            "origin": 0 if control.low < 0 < control.high else "auto",
            "default": control.value,
            "decimals": 4,
            "typeTags": "f",
        }
    if control.kind == "switch":
        on = {"on": 1, "off": 0, "mode": "toggle", "default": int(control.value), "typeTags": "i"}
        return {"type": "button", **named, "label": control.label, **on}
    return {"type": "button", **named, "label": control.label, "mode": "momentary", "typeTags": _tags(control)}


def _tags(control: Control) -> str:
    return "".join("s" if isinstance(argument, str) else "f" for argument in control.arguments)
