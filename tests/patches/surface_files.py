"""Reads the touch surfaces: what each control of them can send."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

FOLDER = Path(__file__).parents[2] / "patches" / "touchosc"
SESSION, LAYOUT = FOLDER / "voice.json", FOLDER / "voice.tosc"


def widgets(session: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every widget of an Open Stage Control session, containers before what they hold."""
    waiting = [session["content"]]
    while waiting:
        widget = waiting.pop()
        yield widget
        waiting += widget.get("widgets", [])


def sent_by_open_stage_control() -> Iterator[tuple[str, list[object]]]:
    """Address and arguments of each control at either end of its range."""
    for widget in widgets(json.loads(SESSION.read_text())):
        if widget.get("bypass"):
            continue
        before = widget["preArgs"] or []
        ends: list[list[object]] = [[]]
        if widget["type"] == "fader":
            ends = [[widget["range"]["min"]], [widget["range"]["max"]]]
        elif widget["mode"] == "toggle":
            ends = [[widget["on"]], [widget["off"]]]
        for end in ends:
            yield widget["address"], [*before, *end]


def layout() -> ElementTree.Element:
    return ElementTree.fromstring(zlib.decompress(LAYOUT.read_bytes()))


def sent_by_touchosc() -> Iterator[tuple[str, list[object]]]:
    """Address and arguments of each control at either end of its range."""
    for osc in layout().iter("osc"):
        (path,) = osc.findall("path/partial")
        for end in ("scaleMin", "scaleMax"):
            arguments: list[object] = []
            for partial in osc.findall("arguments/partial"):
                constant = partial.findtext("type") == "CONSTANT"
                text = partial.findtext("value" if constant else end, "")
                arguments.append(float(text) if partial.findtext("conversion") == "FLOAT" else text)
            yield path.findtext("value", ""), arguments
