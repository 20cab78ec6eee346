"""Presets: places in the latent space under names, for whatever model plays; the file is `preset_file`'s."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from ..export.errors import LatentoneError
from . import preset_file
from .contracts import ModelInfo
from .preset_file import Preset

DIGITS = 4
"""Of a knob's value: finer than can be heard, and short enough to read."""
LONGEST_NAME = 64


class Presets:
    """A PresetBook in one file. Any controller's thread may call, never the engine's: this waits for the disk.

    A hand edit counts at once: the file is read anew when it has changed. It need not exist before the first `store`.
    Every method raises LatentoneError when the file cannot be read or written, or is not a file of presets.
    """

    def __init__(self, path: Path, plays: Callable[[], ModelInfo]) -> None:
        """plays: the model of the moment."""
        self._path, self._plays = path, plays
        self._lock = threading.Lock()
        self._read: tuple[object, str, dict[str, Preset]] = (None, "", {})

    def names(self) -> list[str]:
        """All names, in the order of the file: so a person decides it, and what is stored anew comes last."""
        return list(self._load()[1])

    def recall(self, name: str) -> list[float]:
        """The values of knob 0, 1, 2 … in `name`. Knobs that it does not name are at rest.

        Raises LatentoneError when there is no such preset, or this model has none of its knobs. Of a preset that was made
        for another model the knobs of the same names are taken.
        """
        preset = self._find(self._load()[1], name)
        if not isinstance(preset.knobs, Mapping):
            return list(preset.knobs)
        model = self._plays()
        places = {knob: index for index, (knob, _) in enumerate(model.latents)}
        places |= {str(index): index for index in range(len(model.latents))}
        unknown = [knob for knob in preset.knobs if knob not in places]
        if unknown and (preset.model in ("", model.name) or len(unknown) == len(preset.knobs)):
            raise LatentoneError(f"preset {name!r}: {_misfit(preset, unknown[0], model)}")
        values = [home for _, home in model.latents]
        for knob, value in preset.knobs.items():
            if knob in places:
                values[places[knob]] = value
        return values

    def store(self, name: str, values: Sequence[float]) -> None:
        """Keep `values` of knob 0, 1, 2 … under `name`, in place of what was there."""
        if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
            allowed = f"1 to {LONGEST_NAME} printable characters"
            raise LatentoneError(f"preset name {name[:LONGEST_NAME]!r} is not allowed ({allowed})")
        rounded = [round(float(value), DIGITS) + 0.0 for value in values]
        model = self._plays()
        knobs = [knob for knob, _ in model.latents]
        by_name = len(set(knobs)) == len(knobs) == len(rounded)
        preset = Preset(dict(zip(knobs, rounded, strict=True)) if by_name else rounded, model.name)
        with self._lock:
            text, _ = self._load()
            preset_file.write(self._path, preset_file.put(self._path, text, name, preset))

    def delete(self, name: str) -> None:
        """Forget `name`. Raises LatentoneError when there is no such preset."""
        with self._lock:
            text, presets = self._load()
            self._find(presets, name)
            preset_file.write(self._path, preset_file.remove(self._path, text, name))

    def _find(self, presets: dict[str, Preset], name: str) -> Preset:
        if name not in presets:
            known = ", ".join(get_close_matches(name, presets, n=3) or list(presets)[:8]) or "none is stored"
            raise LatentoneError(f"there is no preset {name[:LONGEST_NAME]!r} ({known})")
        return presets[name]

    def _load(self) -> tuple[str, dict[str, Preset]]:
        """Text and presets of the file, read only if it is another than before: morphing asks many times a second."""
        try:
            stat = self._path.stat()
            version: object = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            version = None
        known, text, presets = self._read
        if version is None or version != known:
            text, presets = preset_file.read(self._path)
            self._read = (version, text, presets)
        return text, presets


def _misfit(preset: Preset, knob: str, model: ModelInfo) -> str:
    if preset.model not in ("", model.name):
        return f"it was made for the model {preset.model}, and {model.name} has none of its knobs"
    names = [name for name, _ in model.latents]
    close = ", ".join(get_close_matches(knob, names, n=1) or names[:8])
    return f"{model.name} has no knob {knob!r} ({close})"
