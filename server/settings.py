"""What can be set: one record a section of config.yaml, which holds the defaults; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from ..export.errors import LatentoneError
from ..export.runtime.load import ENCODER_SUFFIX, SCRIPT_SUFFIX, SHIPPED_MODELS
from .addresses import DWELL_S, GAIN_DB, GLIDE_S, OFFSET, SCALE, TEMPERATURE
from .allowed import Allowed, allowed_by_default
from .arguments import Argument
from .maps.bindings import Binding, Shape


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _named_null(value: object) -> object:
    return "null" if value is None else value


def _within(argument: Argument) -> Any:
    return Field(ge=argument.low, le=argument.high)


_Port = Annotated[int, Field(ge=1, le=65535)]
_LONGEST_SERVICE_NAME_BYTES = 60
"""Of zeroconf's 63; the rest is for a number that tells two of one name apart."""
_File = Annotated[Path, Field(strict=False)]


MODEL_SUFFIXES = (".onnx", SCRIPT_SUFFIX)
"""Of two files of one name in a folder, the first is taken."""


class ModelSettings(_Section):
    name: str
    voices: int = Field(ge=1, le=8)
    seed: int = Field(ge=0, le=2**32 - 1)
    sample_rate_hz: Annotated[int, Field(ge=8000, le=384000)] | None


class RuntimeSettings(_Section):
    name: Literal["auto", "fused", "onnx", "torchscript"]
    provider: Literal["auto", "cpu", "cuda", "tensorrt", "coreml", "directml", "mps"]
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


class InputSettings(_Section):
    source: Literal["none", "device", "file"]
    file: _File | None
    device: str | int | None
    loop: bool
    gain_db: Annotated[float, _within(GAIN_DB)]
    mix: Annotated[float, Field(ge=0, le=1)]
    scale: Annotated[float, _within(SCALE)]
    offset: Annotated[float, _within(OFFSET)]
    mode: Literal["add", "replace", "off"]


class OscSettings(_Section):
    enabled: bool
    host: str
    port: int = Field(ge=0, le=65535)
    tcp: bool
    reply_port: _Port | None
    allow: list[str] | None

    @field_validator("allow")
    @classmethod
    def _are_networks(cls, allow: list[str] | None) -> list[str] | None:
        for entry in allow or ():
            try:
                Allowed([entry])
            except ValueError:
                raise ValueError(f"{entry!r} is neither an address nor a network such as 192.168.1.0/24") from None
        return allow

    def allowed(self) -> Allowed:
        """Who may send."""
        return Allowed(allowed_by_default(self.host) if self.allow is None else self.allow)


class OscQuerySettings(_Section):
    enabled: bool
    port: int = Field(ge=0, le=65535)
    advertise: bool
    name: str

    @field_validator("name")
    @classmethod
    def _fits_a_service_name(cls, name: str) -> str:
        if not name.isprintable() or not 0 < len(name.encode()) <= _LONGEST_SERVICE_NAME_BYTES:
            raise ValueError(f"text of 1 to {_LONGEST_SERVICE_NAME_BYTES} bytes, without line breaks and the like")
        return name


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


class SourceShape(_Section):
    """How a data set is played."""

    labels: str | None
    coupling: str
    order: str
    dwell_s: Annotated[float, _within(DWELL_S)]
    glide_s: Annotated[float, _within(GLIDE_S)]
    loop: bool
    autoplay: bool
    frames_hz: Annotated[float, Field(gt=0, le=1000)] | None


class SourceSettings(SourceShape):
    """One data set, and the encoder that reads it."""

    data: str
    model: str
    name: str | None = None


class PathSettings(_Section):
    models: list[_File]
    scores: list[_File]
    recordings: _File


class Config(_Section):
    """All settings, complete and checked; config.yaml says what each means."""

    model: ModelSettings
    runtime: RuntimeSettings
    audio: AudioSettings
    input: InputSettings
    osc: OscSettings
    oscquery: OscQuerySettings
    midi: MidiSettings
    mapping: MappingSettings
    presets: PresetSettings
    source_defaults: SourceShape
    sources: list[SourceSettings]
    paths: PathSettings

    def with_model(self, name: str, runtime: str | None = None) -> Self:
        """The same settings for another model, in another runtime if one is named."""
        model = self.model.model_copy(update={"name": name})
        changed = {"name": runtime} if runtime is not None else {}
        return self.model_copy(update={"model": model, "runtime": self.runtime.model_copy(update=changed)})

    def model_names(self) -> list[str]:
        """The models in the folders, by name, sorted."""
        files = [file for folder in [*self.paths.models, SHIPPED_MODELS] for file in folder.glob("*")]
        playable = [file for file in files if file.suffix in MODEL_SUFFIXES and not file.name.endswith(ENCODER_SUFFIX)]
        return sorted({file.stem for file in playable})

    def model_file(self) -> Path:
        """The file that `model.name` means. Raises LatentoneError when there is none."""
        folders = [*self.paths.models, SHIPPED_MODELS]
        name = Path(self.model.name).expanduser()
        named = (folder / f"{self.model.name}{suffix}" for folder in folders for suffix in MODEL_SUFFIXES)
        for candidate in [name, *named]:
            if candidate.is_file():
                return candidate
        if any((folder / f"{self.model.name}{ENCODER_SUFFIX}").is_file() for folder in folders):
            raise LatentoneError(
                f"model {self.model.name!r} encodes data and has no sound of its own: "
                f"latentone play --data DATA --data-model {self.model.name}"
            )
        shipped = ", ".join(self.model_names()) or "none found"
        raise LatentoneError(f"model {self.model.name!r} is neither a file nor the name of a model ({shipped})")
