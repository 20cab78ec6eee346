"""A YAML file of presets that a person may edit: what is written into it leaves their comments and order as they are."""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from ..export.errors import LatentoneError

HEADER = "# Latentone presets: share this file, edit it, or put a single preset into another one.\n"
FORMS = "{model: NAME, knobs: {KNOB: value, …}}, {KNOB: value, …} or [value of knob 0, of knob 1, …]"
LINE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Preset:
    """Values of some knobs, by name or in order, and the model that they are meant for if the file says."""

    knobs: Mapping[str, float] | Sequence[float]
    model: str = ""


def read(path: Path) -> tuple[str, dict[str, Preset]]:
    """The text of the file, and its presets in its order; nothing where there is no file.

    Raises LatentoneError when it cannot be read or is not a file of presets.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return "", {}
    except (OSError, UnicodeDecodeError) as error:
        raise LatentoneError(f"{path}: cannot read presets: {error}") from None
    content = _parse(path, text)
    if content is None:
        return text, {}
    if not isinstance(content, dict):
        raise LatentoneError(f"{path}: presets are lines of `name: {FORMS}`")
    return text, {str(name): _preset(f"{path}: {name}", said) for name, said in content.items()}


def put(path: Path, text: str, name: str, preset: Preset) -> str:
    """`text` with `preset` under `name`: in the place of the one that was there, or at the end."""
    content = _parse(path, text)
    said = _said(preset)
    if content is None:
        content = CommentedMap({name: said})
        return (text.rstrip() + "\n\n" if text.strip() else HEADER) + _dump(content)
    key = _key(content, name)
    before = content.get(key)
    if isinstance(before, dict) and isinstance(said, dict) and _is_long(before):
        before.update(said)  # in place: comments between its lines, and behind it, hang on it
    else:
        content[key] = said
    content.fa.set_block_style()
    return _dump(content)


def remove(path: Path, text: str, name: str) -> str:
    """`text` without the preset `name`."""
    content = _parse(path, text)
    key = _key(content, name)
    lines, begins = text.splitlines(keepends=True), sorted(content.lc.key(each)[0] for each in content)
    if content.fa.flow_style() or len(set(begins)) < len(begins):
        del content[key]
        return _dump(content)
    # By lines, because the YAML library hangs what is said about the next preset on the one before it.
    begin = content.lc.key(key)[0]
    end = min((other for other in begins if other > begin), default=len(lines))
    while end > begin + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith(("#", "..."))):
        end -= 1
    return "".join(lines[:begin] + lines[end:])


def write(path: Path, text: str) -> None:
    """Replace the file in one step, so that a crash leaves the old one whole. Raises LatentoneError if it cannot be."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise LatentoneError(f"{path}: cannot write presets: {error}") from None


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    yaml.width = LINE_WIDTH
    return yaml


def _parse(path: Path, text: str) -> Any:
    try:
        return _yaml().load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        why = getattr(error, "problem", None) or " ".join(str(error).split())
        raise LatentoneError(f"{path}: {line}not YAML: {why}") from None


def _dump(content: CommentedMap) -> str:
    out = io.StringIO()
    _yaml().dump(content, out)
    return out.getvalue()


def _key(content: CommentedMap, name: str) -> Any:
    """The key that a name stands under: in YAML, 3 is a number."""
    return next((key for key in content if str(key) == name), name)


def _is_long(said: Mapping[Any, Any]) -> bool:
    return isinstance(said.get("knobs"), dict | list)


def _preset(where: str, said: object) -> Preset:
    model = ""
    if isinstance(said, dict) and _is_long(said):
        if unknown := said.keys() - {"model", "knobs"}:
            raise LatentoneError(f"{where}: unknown key {unknown.pop()!r}; a preset is {FORMS}")
        model, said = str(said.get("model") or ""), said["knobs"]
    if isinstance(said, dict) and said:
        return Preset({str(knob): _value(where, value) for knob, value in said.items()}, model)
    if isinstance(said, list) and said:
        return Preset([_value(where, value) for value in said], model)
    raise LatentoneError(f"{where}: a preset is {FORMS}")


def _value(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise LatentoneError(f"{where}: {value!r} is not a number")
    return float(value)


def _said(preset: Preset) -> CommentedMap | CommentedSeq:
    """A preset as it is written: short where nothing is known of the model."""
    values = CommentedMap(preset.knobs) if isinstance(preset.knobs, Mapping) else CommentedSeq(preset.knobs)
    values.fa.set_flow_style()
    return CommentedMap({"model": preset.model, "knobs": values}) if preset.model else values
