"""What can be set: one record a section of config.yaml, which holds the defaults; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from ..export.errors import LatentoneError
from ..export.runtime.load import ENCODER_SUFFIX, SHIPPED_MODELS
from .addresses import GAIN_DB, GLIDE_S, TEMPERATURE, find_row
from .arguments import AddressError, Argument


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
    host_api: str | None
    exclusive: bool
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


class MidiDefaults(_Section):
    channel: Annotated[int, Field(ge=1, le=16)] | None
    range: list[float] = Field(min_length=2, max_length=2)
    curve: Literal["linear", "exponential", "s"]
    invert: bool


class MidiBinding(MidiDefaults):
    """One control that moves one address."""

    cc: int = Field(ge=0, le=127)
    target: str

    @field_validator("target")
    @classmethod
    def _takes_one_number(cls, target: str, info: ValidationInfo) -> str:
        try:
            row = find_row(target)
        except AddressError as error:
            raise ValueError(error.why) from None
        if row.answered_by != "engine" or len(row.arguments) != 1 or row.arguments[0].repeated:
            raise ValueError("an address that takes one number, such as /latent/0")
        argument = row.arguments[0]
        if any(not argument.low <= end <= argument.high for end in info.data.get("range", [])):
            raise ValueError(f"its range {info.data['range']} goes beyond {argument.usage()}")
        return target


class MappingSettings(_Section):
    glide_s: Annotated[float, _within(GLIDE_S)]
    midi_defaults: MidiDefaults
    midi: list[MidiBinding]


class PresetSettings(_Section):
    file: _File


class PathSettings(_Section):
    models: list[_File]
    recordings: _File


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

    def model_names(self) -> list[str]:
        """The models in the folders, by name, sorted."""
        files = [file for folder in [*self.paths.models, SHIPPED_MODELS] for file in folder.glob("*.onnx")]
        return sorted({file.stem for file in files if not file.name.endswith(ENCODER_SUFFIX)})

    def model_file(self) -> Path:
        """The file that `model.name` means. Raises LatentoneError when there is none."""
        folders = [*self.paths.models, SHIPPED_MODELS]
        name = Path(self.model.name).expanduser()
        for candidate in [name, *(folder / f"{self.model.name}.onnx" for folder in folders)]:
            if candidate.is_file():
                return candidate
        shipped = ", ".join(self.model_names()) or "none found"
        raise LatentoneError(f"model {self.model.name!r} is neither a file nor the name of a model ({shipped})")
