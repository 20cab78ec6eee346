"""The knobs of a model of others, beside its file: how far its latents reach, and what each is heard to do."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import LatentoneError
from .manifest import LatentRecord

KNOBS_SUFFIX = ".latentone.json"
KNOBS_SCHEMA = 1


class KnobFile(BaseModel):
    """What `latentone calibrate` writes: raw latents = matrix @ knobs + offset, and the account of each knob."""

    model_config = ConfigDict(extra="allow")

    schema_version: int = KNOBS_SCHEMA
    model_sha256: str
    """Of the file that it was measured on."""
    axes: Literal["principal", "own"]
    """`principal`: knobs are the principal axes of the recordings' latents; `own`: a knob is a latent of the model."""
    matrix: list[list[float]]
    offset: list[float]
    latents: list[LatentRecord]
    calibrated_on: dict[str, Any] = Field(default_factory=dict)
    tools: dict[str, str] = Field(default_factory=dict)

    @property
    def raw(self) -> tuple[np.ndarray, np.ndarray]:
        """matrix (dim, dim) and offset (dim,), float32: knobs to raw latents."""
        return np.array(self.matrix, np.float32), np.array(self.offset, np.float32)


def knob_file_of(model: Path) -> Path:
    """Where the knobs of `rave.ts` lie: `rave.ts.latentone.json`."""
    return model.with_name(model.name + KNOBS_SUFFIX)


def model_digest(model: Path) -> str:
    with model.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_knobs(model: Path, dim: int) -> KnobFile | None:
    """The knobs beside `model`, which has `dim` latents; None where there are none.

    Raises LatentoneError, one line, for a file that is damaged or was measured on another model.
    """
    path = knob_file_of(model)
    if not path.is_file():
        return None
    try:
        knobs = KnobFile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        field = ".".join(map(str, first["loc"])) or "(top level)"
        raise LatentoneError(f"{path}: {field}: {first['msg'].lower()}") from None
    matrix, offset = knobs.raw
    if matrix.shape != (dim, dim) or offset.shape != (dim,) or len(knobs.latents) != dim:
        raise LatentoneError(f"{path}: is for {len(knobs.latents)} latents, and {model.name} has {dim}")
    if not (np.isfinite(matrix).all() and np.isfinite(offset).all()):
        raise LatentoneError(f"{path}: matrix or offset has numbers that are not finite")
    if knobs.model_sha256 != model_digest(model):
        raise LatentoneError(
            f"{path}: was measured on another {model.name}; run `latentone calibrate` again, or delete it"
        )
    return knobs
