"""Writes the patches of the Max package `Latentone` beside it: `python patches/max/build.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from abstraction import abstraction
from demos import follow, knobs, pattern
from help_patch import extras, help_patch
from patcher import Patcher

PACKAGE = Path(__file__).parent / "Latentone"
PATCHES: dict[str, Callable[[], Patcher]] = {
    "patchers/latentone.maxpat": abstraction,
    "help/latentone.maxhelp": help_patch,
    "examples/latentone.knobs.maxpat": knobs,
    "examples/latentone.pattern.maxpat": pattern,
    "examples/latentone.follow.maxpat": follow,
    "extras/Latentone.maxpat": extras,
}


def package_info() -> str:
    names = [name.partition("/") for name in (*PATCHES, "javascript/latentone.words.js")]
    files = {folder: [file for of, _, file in names if of == folder] for folder, _, _ in names}
    system = {"min_version": "none", "platform": ["x64", "aarch64"]}
    info = {
        "name": "Latentone",
        "displayname": "Latentone",
        "version": "0.1.0",
        "author": "Latentone",
        "description": "Plays the latent space of trained decoders on a Latentone server, over OSC.",
        "tags": ["osc", "synthesis", "machine learning", "vae"],
        "website": "",
        "homepatcher": "Latentone.maxpat",
        "max_version_min": "8.0",
        "max_version_max": "none",
        "os": {"macintosh": system, "windows": {**system, "platform": ["x64"]}},
        "filelist": files,
    }
    return json.dumps(info, indent="\t") + "\n"


def main() -> None:
    for name, make in PATCHES.items():
        (PACKAGE / name).parent.mkdir(parents=True, exist_ok=True)
        (PACKAGE / name).write_text(make().to_json())
    (PACKAGE / "package-info.json").write_text(package_info())


if __name__ == "__main__":
    main()
