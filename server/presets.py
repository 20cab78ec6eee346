"""Presets: places in the latent space under names, in a YAML file that a person can read, edit and share."""

from __future__ import annotations

import math
import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import yaml

from ..export.errors import LatentoneError

_HEADER = "# Latentone presets: a name, then the values of knob 0, 1, 2 …\n"


class Presets:
    """Reads and writes one file. Any controller's thread may call, never the engine's: this waits for the disk.

    The file is read anew each time, so a hand edit counts at once. It need not exist before the first `store`.
    Every method raises LatentoneError when the file cannot be read or written, or is not a file of presets.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._load())

    def recall(self, name: str) -> list[float]:
        """The knob values of `name`. Raises LatentoneError when there is no such preset."""
        presets = self._load()
        self._must_have(presets, name)
        return presets[name]

    def store(self, name: str, values: Sequence[float]) -> None:
        """Keep `values` under `name`, in place of what was there."""
        if not name.isprintable() or not 0 < len(name) <= 64:
            raise LatentoneError(f"preset name {name[:64]!r} is not allowed (1 to 64 printable characters)")
        with self._lock:
            presets = self._load()
            presets[name] = [round(float(value), 6) for value in values]
            self._save(presets)

    def delete(self, name: str) -> None:
        """Forget `name`. Raises LatentoneError when there is no such preset."""
        with self._lock:
            presets = self._load()
            self._must_have(presets, name)
            del presets[name]
            self._save(presets)

    def _must_have(self, presets: dict[str, list[float]], name: str) -> None:
        if name not in presets:
            known = ", ".join(sorted(presets)[:8]) or "none is stored"
            raise LatentoneError(f"there is no preset {name[:64]!r} ({known})")

    def _load(self) -> dict[str, list[float]]:
        try:
            content = yaml.safe_load(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise LatentoneError(f"{self._path}: cannot read presets: {error}") from None
        except yaml.YAMLError as error:
            raise LatentoneError(f"{self._path}: not YAML: {' '.join(str(error).split())}") from None
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise LatentoneError(f"{self._path}: presets are lines of `name: [value, …]`")
        return {str(name): self._values(name, values) for name, values in content.items()}

    def _values(self, name: object, values: object) -> list[float]:
        if not isinstance(values, list) or not values:
            raise LatentoneError(f"{self._path}: {name}: must be a list of knob values")
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise LatentoneError(f"{self._path}: {name}: {value!r} is not a number")
        return [float(value) for value in values]

    def _save(self, presets: dict[str, list[float]]) -> None:
        text = _HEADER + yaml.safe_dump(presets, default_flow_style=None, allow_unicode=True, width=10_000)
        temporary = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Beside the target, so that the replacement is one step and a crash leaves the old file whole.
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, self._path)
        except OSError as error:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)
            raise LatentoneError(f"{self._path}: cannot write presets: {error}") from None
