"""The manifest: one JSON record inside an artefact that says everything a player has to know about it."""

from __future__ import annotations

import json
from math import sqrt
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import LatentoneError

SCHEMA_VERSION = 1
METADATA_KEY = "latentone.manifest"


class _Record(BaseModel):
    model_config = ConfigDict(extra="allow")


class LatentRecord(_Record):
    """One knob: what its values mean and what it is heard to do. Values are calibrated: [-1, 1] is the middle 95 %."""

    name: str
    mean: float
    std: float
    quantiles: dict[str, float]
    """`{"0.025": …, "0.5": …, "0.975": …}` of the training data, in knob units."""
    home: float = 0.0
    """Where the knob rests when nobody has moved it: a point that sounds."""
    heard: dict[str, float] = Field(default_factory=dict)
    """Spearman's correlation of the knob with each audio descriptor over a sweep, for example `{"rms": 0.98}`."""
    share: float = 0.0
    """Of an encoder of data: what part of the variance that its model rebuilds goes along this latent; 0 where nobody said."""


class StateRecord(_Record):
    """One state tensor: goes in under `name`, comes out under `next_<name>`, zero at the start."""

    name: str
    shape: list[int]
    """Shape without the leading batch axis."""
    dtype: Literal["float32", "int64"] = "float32"


class _Artefact(_Record):
    """What every artefact says of itself. Unknown fields are kept; a missing required one is an error that names it."""

    schema_version: int
    family: str
    """Which network it is: `wavenet_vae`, `tybalt`, `mocap`."""
    name: str
    latents: list[LatentRecord]
    state: list[StateRecord] = Field(default_factory=list)
    network: dict[str, Any] = Field(default_factory=dict)
    """Hyperparameters of the family, enough for a runtime to recognise the graph."""
    weights_sha256: str = ""
    """Of the checkpoint that it was exported from."""
    weights: dict[str, Any] = Field(default_factory=dict)
    """How they are kept where they are not the checkpoint's own: `kind`, and what was measured of the difference."""
    trained_on: dict[str, Any] = Field(default_factory=dict)
    """Training data and its licence: `name`, `licence`, `credit`, and how much: `seconds` of audio, `rows` of a table."""
    tools: dict[str, str] = Field(default_factory=dict)
    """Versions of what wrote the file."""

    @classmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Parse a manifest found in `where`; raises LatentoneError naming the first field that is missing or wrong."""
        try:
            manifest = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            if first["loc"] == ("kind",):
                raise LatentoneError(
                    f"{where}: is a {first['input']}: that is another kind of model than is needed here"
                ) from None
            field = ".".join(str(part) for part in first["loc"]) or "(top level)"
            raise LatentoneError(f"{where}: manifest field {field}: {first['msg'].lower()}") from None
        if manifest.schema_version > SCHEMA_VERSION:
            raise LatentoneError(
                f"{where}: manifest schema {manifest.schema_version} is newer than this Latentone reads "
                f"({SCHEMA_VERSION}); update latentone"
            )
        return manifest

    @property
    def latent_names(self) -> list[str]:
        return [latent.name for latent in self.latents]


class DataManifest(_Artefact):
    """What an encoder of a data set is: rows of a table, or frames of a movement, to latents.

    Its graph takes `values` (batch, inputs, frames) in the data's own units, as `inputs` names them, and its state, and
    gives `latents` (batch, dim, frames): posterior means, calibrated as LatentRecord says, those that rebuild most of the
    data first. What the data has to be scaled
    by is inside the graph.
    """

    kind: Literal["data_encoder"]
    inputs: list[str]
    """The columns of a table, or the channels of a pose, in order."""
    frame_rate_hz: float | None = Field(default=None, gt=0)
    """Of the frames of a stream, which depend on those before; None where each row stands for itself."""
    latency_frames: int = Field(default=0, ge=0)
    """Frames from a change going in to the middle of its effect coming out."""
    held_out: list[str] = Field(default_factory=list)
    """Names of the rows, or clips, of the training data that the weights never saw."""

    @property
    def latent_weights(self) -> list[float] | None:
        """How far apart two rows are in the rebuilt data for a unit of each latent between them, up to a common factor.

        √share over the latent's deviation; None for a file of an older version, which tells no shares.
        """
        if not any(latent.share > 0 for latent in self.latents):
            return None
        return [sqrt(max(0.0, latent.share)) / max(latent.std, 1e-6) for latent in self.latents]


class Manifest(_Artefact):
    """What a decoder of audio, or its encoder, is."""

    kind: Literal["decoder", "encoder"]
    sample_rate_hz: int = Field(gt=0)
    hop_samples: int = Field(gt=0)
    """Audio samples for one latent frame."""
    channels: int = Field(gt=0)
    latency_samples: int = Field(ge=0)
    """Samples from a latent frame going in to the middle of its effect coming out."""
    noise_per_frame: int = Field(default=0, ge=0)
    """Uniform numbers that one latent frame consumes; 0 for a deterministic model."""
    temperature: float = 1.0
    """The sampling temperature at which it sounded best."""


def any_manifest(text: str, where: str) -> Manifest | DataManifest:
    """Parse a manifest of either sort; raises LatentoneError as `from_json` does."""
    try:
        kind = json.loads(text).get("kind")
    except (ValueError, AttributeError):
        kind = None
    return (DataManifest if kind == "data_encoder" else Manifest).from_json(text, where)
