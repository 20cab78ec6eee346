"""Reads Max patches: every box and line of a patch and of the patches inside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2] / "patches" / "max" / "Latentone"
PATCHES = sorted([*PACKAGE.rglob("*.maxpat"), *PACKAGE.rglob("*.maxhelp")])


def patchers(file: Path) -> Iterator[dict[str, Any]]:
    """The patch in `file`, and those inside its boxes."""
    waiting = [json.loads(file.read_text())["patcher"]]
    while waiting:
        patcher = waiting.pop()
        yield patcher
        waiting += [box["box"]["patcher"] for box in patcher["boxes"] if "patcher" in box["box"]]


def boxes(patcher: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The boxes of one patch by their ids."""
    return {box["box"]["id"]: box["box"] for box in patcher["boxes"]}


def message_boxes(file: Path) -> list[str]:
    """The messages in the message boxes of `file`, one by one."""
    return [
        message.strip()
        for patcher in patchers(file)
        for box in boxes(patcher).values()
        if box["maxclass"] == "message"
        for message in box["text"].split(",")
    ]
