"""Settings are layered and checked: config.yaml holds every default, a person's file goes over it, flags over both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from platformdirs import user_config_path
from pydantic import BaseModel, ValidationError

from ..export.errors import LatentoneError
from .settings import Config

DEFAULTS = Path(__file__).parent.parent / "config.yaml"

_PATHS = (
    ("audio", "file"),
    ("input", "file"),
    ("presets", "file"),
    ("paths", "models"),
    ("paths", "scores"),
    ("paths", "recordings"),
)
_LISTS = ("include", "midi", "osc")
_Key = tuple[str | int, ...]


class Layer(NamedTuple):
    """What one place says: a file, or the command line."""

    where: str
    data: dict[str, Any]


def load_config(user_file: Path | None, overrides: dict[str, Any]) -> Config:
    """The settings: config.yaml, then `user_file`, then `overrides` (dotted keys; None is a flag not given).

    Raises LatentoneError naming file, key, value and what is allowed, for the first thing that is wrong.
    """
    layers = [read_layer(DEFAULTS)]
    if user_file is not None:
        layers.append(read_layer(user_file))
    layers.append(Layer("command line", _absolute(_nested(overrides), Path.cwd())))
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _over(merged, layer.data)
    _complete_lists(merged)
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        raise LatentoneError(explain(error.errors(include_url=False)[0], layers)) from None
    if config.audio.sink == "file" and config.audio.file is None:
        raise LatentoneError(f"{_origin(layers, ('audio', 'sink'))}: audio.sink: file needs a path in audio.file")
    if config.input.source == "file" and config.input.file is None:
        raise LatentoneError(f"{_origin(layers, ('input', 'source'))}: input.source: file needs a path in input.file")
    if config.osc.reply_port is not None and config.osc.reply_port == config.osc.port:
        raise LatentoneError(
            f"{_origin(layers, ('osc', 'reply_port'))}: osc.reply_port: {config.osc.port} is osc.port, "
            "so the server would answer itself"
        )
    return config


def settings_file(given: Path | None) -> Path:
    """The file that holds a person's own settings, and that maps are saved to: the one that --config names, or else that of
    this machine's user, which need not exist."""
    return given if given is not None else user_config_path("latentone", appauthor=False) / "config.yaml"


def load_settings(given: Path | None, overrides: dict[str, Any]) -> Config:
    """`load_config` of `settings_file(given)`, which must exist only if it was named."""
    file = settings_file(given)
    return load_config(file if given is not None or file.exists() else None, overrides)


def read_layer(file: Path) -> Layer:
    """The sections of a YAML file of settings. Raises LatentoneError when it cannot be read, or is none."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8; save it as that"
        raise LatentoneError(f"{file}: cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise LatentoneError(f"{file}:{line} not YAML: {problem}") from None
    if data is not None and not isinstance(data, dict):
        raise LatentoneError(f"{file}: settings are sections such as `audio:` with keys below, see config.yaml")
    # A section whose keys are all commented out is None, and changes nothing.
    sections = {str(key): {} if value is None else value for key, value in (data or {}).items()}
    if sections.get("sources") == {}:
        sections["sources"] = []
    if isinstance(mapping := sections.get("mapping"), dict):
        # Nor does a list whose lines are.
        sections["mapping"] = {key: [] if value is None and key in _LISTS else value for key, value in mapping.items()}
    return Layer(str(file), _absolute(sections, file.absolute().parent))


def _absolute(data: dict[str, Any], base: Path) -> dict[str, Any]:
    """`data` with its paths made absolute from `base`; whatever is no text is left for the check to refuse."""

    def absolute(value: object) -> object:
        if isinstance(value, list):
            return [absolute(each) for each in value]
        return str(base / Path(value).expanduser()) if isinstance(value, str | Path) else value

    for section, key in _PATHS:
        if isinstance(data.get(section), dict) and key in data[section]:
            data[section][key] = absolute(data[section][key])
    # A model, or a ready-made map, is a path, not a name, when it looks like one.
    model, mapping = data.get("model"), data.get("mapping")
    if isinstance(model, dict) and _looks_like_path(name := model.get("name")):
        model["name"] = absolute(name)
    if isinstance(mapping, dict) and isinstance(names := mapping.get("include"), list):
        mapping["include"] = [absolute(name) if _looks_like_path(name) else name for name in names]
    sources = data.get("sources")
    for source in [data.get("source_defaults"), *(sources if isinstance(sources, list) else ())]:
        if isinstance(source, dict):
            if _looks_like_path(name := source.get("model")):
                source["model"] = absolute(name)
            # These may be names of other things, too: a data set's, a column's, a way to couple.
            source |= {key: _found(base, source[key]) for key in ("data", "labels", "coupling") if key in source}
    return data


def _found(base: Path, text: object) -> object:
    """`text` made absolute from `base` if it is a path to something there, maybe with a column behind it."""
    if not isinstance(text, str):
        return text
    path, column = Path(text).expanduser(), ""
    if not (base / path).exists() and ":" in text:
        file, _, column = text.rpartition(":")
        path = Path(file).expanduser()
    there = text and (base / path).exists()
    return str(base / path) + (f":{column}" if column else "") if there else text


def _looks_like_path(name: object) -> bool:
    return isinstance(name, str) and bool(Path(name).suffix or Path(name).name != name)


def _nested(dotted: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in dotted.items():
        if value is not None:
            section, _, name = key.partition(".")
            if name:
                nested.setdefault(section, {})[name] = value
            else:
                nested[section] = value
    return nested


def _over(lower: Any, upper: Any) -> Any:
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return deepcopy(upper)
    return lower | {key: _over(lower.get(key), value) for key, value in upper.items()}


def _complete_lists(merged: dict[str, Any]) -> None:
    """Give each entry of the lists what it does not say itself."""
    mapping = merged.get("mapping")
    for section, key, defaults in (
        (mapping, "midi", "midi_defaults"),
        (mapping, "osc", "midi_defaults"),
        (merged, "sources", "source_defaults"),
    ):
        found = section if isinstance(section, dict) else {}
        if isinstance(usual := found.get(defaults), dict) and isinstance(rows := found.get(key), list):
            found[key] = [usual | row if isinstance(row, dict) else row for row in rows]


def explain(error: Any, layers: Sequence[Layer], model: type[BaseModel] = Config) -> str:
    """What pydantic found wrong in `layers`, in one line: file, key, value and what is allowed."""
    key: _Key = error["loc"]
    at = f"{_origin(layers, key)}: {_dotted(key)}"
    schema = model.model_json_schema()
    if error["type"] == "extra_forbidden":
        known = _schema_at(schema, key[:-1]).get("properties", {})
        close = get_close_matches(str(key[-1]), known, n=1)
        return f"{at}: unknown key (" + (f"did you mean {close[0]}?)" if close else f"allowed: {', '.join(known)})")
    allowed = str(error["ctx"]["error"]) if error["type"] == "value_error" else _describe(_schema_at(schema, key))
    if error["type"] == "missing":
        return f"{at}: is missing ({allowed})"
    return f"{at}: {json.dumps(error['input'], default=str, ensure_ascii=False)[:60]} is not allowed ({allowed})"


def _origin(layers: Sequence[Layer], key: _Key) -> str:
    """The last layer that says anything about `key`, or else about what holds it."""
    # Lists are taken over whole, so the layer that gave the list gave all that is in it.
    whole = next((place for place, part in enumerate(key) if isinstance(part, int)), len(key))
    for length in range(whole, 0, -1):
        for layer in reversed(layers):
            if _has(layer.data, key[:length]):
                return layer.where
    return layers[0].where


def _has(data: Any, key: _Key) -> bool:
    for part in key:
        if not isinstance(data, dict) or part not in data:
            return False
        data = data[part]
    return True


def _dotted(key: _Key) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


def _schema_at(schema: dict[str, Any], key: _Key) -> dict[str, Any]:
    """The part of the JSON schema that describes `key`; empty where there is none."""
    node = schema
    for part in (None, *key):
        if part is not None:
            node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _describe(node: dict[str, Any]) -> str:
    """What a JSON schema allows, in words: `an integer from 16 to 16384 or null`."""
    if "anyOf" in node:
        return " or ".join(map(_describe, node["anyOf"]))
    if "enum" in node:
        return "one of " + ", ".join(node["enum"])
    if "properties" in node:
        return "a section with the keys " + ", ".join(node["properties"])
    if node.get("type") == "array":
        count = f" of {node['minItems']}" if "minItems" in node else ""
        return f"a list{count}"
    words = {"integer": "an integer", "number": "a number", "boolean": "true or false", "null": "null"}
    word = words.get(node.get("type", ""), "a path" if node.get("format") == "path" else "text")
    return word + (f" from {node['minimum']:g} to {node['maximum']:g}" if "minimum" in node else "")
