"""What can be set: one record a section of config.yaml, which holds the defaults; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..export.errors import LatentoneError
from ..export.runtime.load import ENCODER_SUFFIX, SHIPPED_MODELS
from .addresses import GAIN_DB, GLIDE_S, TEMPERATURE
from .arguments import Argument
from .maps.bindings import Binding, Shape


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _named_null(value: object) -> object:
    return "null" if value is None else value


def _within(argument: Argument) -> Any:
    return Field(ge=argument.low, le=argument.high)


_Port = Annotated[int, Field(ge=1, le=65535)]
_File = Annotated[Path, Field(strict=False)]


class ModelSettings(_Section):
    name: str
    voices: int = Field(ge=1, le=8)
    seed: int = Field(ge=0, le=2**32 - 1)


class RuntimeSettings(_Section):
    name: Literal["auto", "fused", "onnx"]
    provider: Literal["auto", "cpu", "cuda", "tensorrt", "coreml", "directml"]
    threads: int = Field(ge=1, le=64)


class AudioSettings(_Section):
    # An unquoted null is YAML's None, and means the sink of that name here.
    sink: Annotated[Literal["auto", "device", "null", "file"], BeforeValidator(_named_null)]
    device: str | int | None
    file: _File | None
    sample_rate_hz: Annotated[int, Field(ge=8000, le=384000)] | None
    channels: Annotated[int, Field(ge=1, le=64)] | None
    block_samples: int = Field(ge=16, le=16384)
    latency_ms: float = Field(ge=1, le=5000)
    gain_db: Annotated[float, _within(GAIN_DB)]
    temperature: Annotated[float, _within(TEMPERATURE)] | None


class OscSettings(_Section):
    enabled: bool
    host: str
    port: int = Field(ge=0, le=65535)
    reply_port: _Port | None


class MidiSettings(_Section):
    enabled: bool
    inputs: list[str]
    backend: Literal["alsa", "jack", "coremidi", "winmm"] | None
    virtual: bool
    notes: bool
    programs: list[str]
    mpe_lower: int = Field(ge=0, le=15)
    mpe_upper: int = Field(ge=0, le=15)


class MappingSettings(_Section):
    glide_s: Annotated[float, _within(GLIDE_S)]
    include: list[str]
    midi_defaults: Shape
    midi: list[Binding]
    osc: list[Binding]


class PresetSettings(_Section):
    file: _File


class PathSettings(_Section):
    models: list[_File]


class Config(_Section):
    """All settings, complete and checked; config.yaml says what each means."""

    model: ModelSettings
    runtime: RuntimeSettings
    audio: AudioSettings
    osc: OscSettings
    midi: MidiSettings
    mapping: MappingSettings
    presets: PresetSettings
    paths: PathSettings

    def model_file(self) -> Path:
        """The file that `model.name` means. Raises LatentoneError when there is none."""
        folders = [*self.paths.models, SHIPPED_MODELS]
        name = Path(self.model.name).expanduser()
        for candidate in [name, *(folder / f"{self.model.name}.onnx" for folder in folders)]:
            if candidate.is_file():
                return candidate
        files = [file for folder in folders for file in folder.glob("*.onnx")]
        shipped = ", ".join(sorted({f.stem for f in files if not f.name.endswith(ENCODER_SUFFIX)})) or "none found"
        raise LatentoneError(f"model {self.model.name!r} is neither a file nor the name of a model ({shipped})")
