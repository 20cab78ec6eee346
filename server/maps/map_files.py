"""Maps in files: ready-made ones are read, and one's own are written into one's settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...export.errors import LatentoneError
from ..config import explain, read_layer
from ..settings import MidiSettings
from .bindings import Binding, Shape
from .yaml_edit import with_list

READY_MADE = Path(__file__).parent.parent.parent / "patches" / "midi"

Members = Annotated[int, Field(ge=0, le=15)]


class _MapFile(BaseModel):
    """What a ready-made map may say; `mpe_lower` and `mpe_upper` as in the section `midi` of the settings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    mpe_lower: Members = 0
    mpe_upper: Members = 0
    midi: list[Binding] = []
    osc: list[Binding] = []


class ReadyMade(NamedTuple):
    """A map that somebody made for a kind of controller."""

    name: str
    bindings: tuple[Binding, ...]
    mpe_lower: int = 0
    """Member channels of the lower MPE zone; 0 is no zone."""
    mpe_upper: int = 0


def ready_made_names() -> list[str]:
    """The maps that ship, sorted."""
    return sorted(file.stem for file in READY_MADE.glob("*.yaml"))


def read_ready_made(names: Sequence[str], defaults: Shape) -> list[ReadyMade]:
    """Read maps by the names of shipped ones or by their paths. Raises LatentoneError for one that is not there or not valid."""
    return [_read(name, defaults) for name in dict.fromkeys(names)]


def mpe_zones(midi: MidiSettings, ready_made: Sequence[ReadyMade]) -> tuple[int, int]:
    """Member channels of the lower and of the upper MPE zone, by the settings or by a ready-made map."""
    lower = max([midi.mpe_lower, *(file.mpe_lower for file in ready_made)])
    return lower, max([midi.mpe_upper, *(file.mpe_upper for file in ready_made)])


def write_maps(settings: Path, own: Sequence[Binding], include: Sequence[str] | None, defaults: Shape) -> None:
    """Write `own` into the lists `mapping.midi` and `mapping.osc` of a settings file, and `include` if it is given.

    All else in the file stays as it is. Raises LatentoneError when it cannot be written.
    """

    def same(one: Any, other: Any) -> bool:
        return one == other or _read_row(one, defaults) == _read_row(other, defaults) is not None

    osc = [binding.row(defaults) for binding in own if binding.control().address]
    midi = [binding.row(defaults) for binding in own if not binding.control().address]
    try:
        text = settings.read_text(encoding="utf-8") if settings.exists() else ""
        for key, items in (("include", include), ("midi", midi), ("osc", osc)):
            there = ((yaml.safe_load(text) or {}).get("mapping") or {}).get(key)
            if items is not None and list(items) != there and (items or there or key == "include"):
                text = with_list(text, "mapping", key, items, same)
        _replace(settings, text)
    except (OSError, UnicodeDecodeError) as error:
        raise LatentoneError(
            f"{settings}: cannot write the maps: {getattr(error, 'strerror', None) or error}"
        ) from None
    except (yaml.YAMLError, AttributeError):
        raise LatentoneError(f"{settings}: is no longer a settings file: maps are not written") from None
    except LatentoneError as error:
        raise LatentoneError(f"{settings}: {error}") from None


def _read(name: str, defaults: Shape) -> ReadyMade:
    shipped = READY_MADE / f"{name}.yaml"
    file = shipped if Path(name).name == name and shipped.is_file() else Path(name)
    if not file.is_file():
        known = ", ".join(ready_made_names())
        raise LatentoneError(f"there is no ready-made map {name!r} (there are: {known}; or give the path of one)")
    layer = read_layer(file)
    data = {
        key: [defaults.model_dump() | row if isinstance(row, dict) else row for row in value]
        if key in ("midi", "osc") and isinstance(value, list)
        else value
        for key, value in layer.data.items()
    }
    try:
        read = _MapFile.model_validate(data)
    except ValidationError as error:
        raise LatentoneError(explain(error.errors(include_url=False)[0], [layer], _MapFile)) from None
    return ReadyMade(name, (*read.midi, *read.osc), read.mpe_lower, read.mpe_upper)


def _read_row(row: Any, defaults: Shape) -> Binding | None:
    try:
        return Binding.model_validate(defaults.model_dump() | row)
    except (ValidationError, TypeError):
        return None


def _replace(file: Path, text: str) -> None:
    """Write `file` in one step, so that a crash leaves the old one whole."""
    file = file.resolve()  # a link stays one
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(text)
        if file.exists():
            os.chmod(temporary, file.stat().st_mode)
        else:
            os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
