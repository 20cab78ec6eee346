"""A Max patch as boxes and lines, written as the JSON that Max reads; enough for the patches of the package beside it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from itertools import pairwise

BOX_HEIGHT = 22.0
OBJECTS: dict[str, tuple[int, list[str]]] = {
    "*~": (2, ["signal"]),
    "+~": (2, ["signal"]),
    "adc~": (1, ["signal"]),
    "atodb": (1, [""]),
    "change": (1, ["", "int", "int"]),
    "clip": (3, [""]),
    "counter": (5, ["int", "", "", "int"]),
    "cycle~": (2, ["signal"]),
    "delay": (2, ["bang"]),
    "ftom": (1, [""]),
    "fzero~": (1, ["float", "float", ""]),
    "gate": (2, [""]),
    "js": (1, [""]),
    "latentone": (2, ["", "int"]),
    "loadbang": (1, ["bang"]),
    "loadmess": (1, [""]),
    "metro": (2, ["bang"]),
    "mtof~": (1, ["signal"]),
    "patcherargs": (1, ["", ""]),
    "peakamp~": (2, ["float"]),
    "pcontrol": (1, [""]),
    "print": (1, []),
    "r": (0, [""]),
    "s": (1, []),
    "scale": (6, [""]),
    "udpreceive": (1, [""]),
    "udpsend": (1, []),
    "zl.lookup": (2, ["", ""]),
}
"""Inlets and the types of the outlets, as Max 8 writes them, where they do not depend on the arguments."""

CONTROLS: dict[str, tuple[int, list[str], tuple[float, float]]] = {
    "comment": (1, [], (150.0, 20.0)),
    "flonum": (1, ["", "bang"], (60.0, 22.0)),
    "inlet": (0, [""], (30.0, 30.0)),
    "message": (2, [""], (0.0, BOX_HEIGHT)),
    "outlet": (1, [], (30.0, 30.0)),
    "slider": (1, [""], (24.0, 140.0)),
    "toggle": (1, ["int"], (24.0, 24.0)),
}
"""Inlets, types of outlets and width and height of the boxes that are no `newobj`."""


def ports(text: str) -> tuple[int, list[str]]:
    """Inlets and types of the outlets of the object that `text` makes."""
    name, *arguments = text.split()
    if name == "route":
        return len(arguments) + 1, [""] * (len(arguments) + 1)
    if name == "sel":
        return len(arguments) + 1, ["bang"] * len(arguments) + [""]
    if name == "unpack":
        return 1, [{"i": "int", "f": "float", "s": ""}[argument] for argument in arguments]
    if name == "t":
        kinds = {"b": "bang", "i": "int", "f": "float"}
        return 1, ["int" if argument.isdigit() else kinds.get(argument, "") for argument in arguments]
    return OBJECTS[name]


@dataclass
class Patcher:
    """Boxes are added from top to bottom; each method gives the box's id, for `connect`."""

    width: float = 800.0
    height: float = 600.0
    boxes: list[dict[str, object]] = field(default_factory=list)
    lines: list[dict[str, object]] = field(default_factory=list)

    def object(self, text: str, x: float, y: float) -> str:
        inlets, outlets = ports(text)
        return self._add("newobj", x, y, _width(text), BOX_HEIGHT, inlets, outlets, text=text)

    def message(self, text: str, x: float, y: float) -> str:
        return self.control("message", x, y, width=_width(text), text=text)

    def comment(self, text: str, x: float, y: float, width: float = 0.0) -> str:
        width = width or _width(text)
        lines = math.ceil(_width(text) / width)
        return self.control("comment", x, y, width=width, height=6.0 + 14.0 * lines, text=text)

    def control(
        self, maxclass: str, x: float, y: float, width: float = 0.0, height: float = 0.0, **more: object
    ) -> str:
        inlets, outlets, size = CONTROLS[maxclass]
        return self._add(maxclass, x, y, width or size[0], height or size[1], inlets, outlets, **more)

    def subpatcher(self, name: str, inside: Patcher, x: float, y: float) -> str:
        inlets, outlets = (
            sum(box["box"]["maxclass"] == kind for box in inside.boxes)  # type: ignore[index]
            for kind in ("inlet", "outlet")
        )
        text = f"p {name}"
        return self._add(
            "newobj", x, y, _width(text), BOX_HEIGHT, inlets, [""] * outlets, text=text, patcher=inside._content()
        )

    def connect(self, *chain: str | tuple[str, int]) -> None:
        """From box to box; an id alone is its first outlet or inlet, `(id, n)` the n-th, counted from 0."""
        ends = [(end, 0) if isinstance(end, str) else end for end in chain]
        for source, destination in pairwise(ends):
            self.lines.append({"patchline": {"destination": list(destination), "source": list(source)}})

    def to_json(self) -> str:
        return json.dumps({"patcher": self._content()}, indent="\t") + "\n"

    def _add(
        self,
        maxclass: str,
        x: float,
        y: float,
        width: float,
        height: float,
        inlets: int,
        outlets: list[str],
        **more: object,
    ) -> str:
        box: dict[str, object] = {"id": f"obj-{len(self.boxes) + 1}", "maxclass": maxclass}
        box |= {"numinlets": inlets, "numoutlets": len(outlets), "patching_rect": [x, y, width, height], **more}
        if outlets:
            box["outlettype"] = outlets
        self.boxes.append({"box": dict(sorted(box.items()))})
        return str(box["id"])

    def _content(self) -> dict[str, object]:
        return {
            "fileversion": 1,
            "appversion": {"major": 8, "minor": 6, "revision": 0, "architecture": "x64", "modernui": 1},
            "classnamespace": "box",
            "rect": [60.0, 100.0, self.width, self.height],
            "bglocked": 0,
            "openinpresentation": 0,
            "default_fontsize": 12.0,
            "default_fontface": 0,
            "default_fontname": "Arial",
            "gridonopen": 1,
            "gridsize": [15.0, 15.0],
            "boxes": self.boxes,
            "lines": self.lines,
        }


def _width(text: str) -> float:
    """Enough for `text` in 12 points."""
    return 20.0 + 6.5 * len(text)
