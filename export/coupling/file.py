"""A coupling's file: a zip of arrays as NumPy writes them, and a header in JSON; nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import LatentoneError
from ..manifest import DataManifest, Manifest

SUFFIX = ".coupling.npz"
SCHEMA_VERSION = 1
HEADER = "header"


class Party(BaseModel):
    """One of the two models that a coupling joins."""

    model_config = ConfigDict(extra="allow")
    name: str
    """Empty for a coupling that was fitted to latents of nobody's."""
    latents: int = Field(gt=0)
    weights_sha256: str = ""
    ranges_sha256: str = ""
    """Of what its latents' ranges are: the same weights, exported along other axes, make other latents."""

    @classmethod
    def of(cls, manifest: DataManifest | Manifest) -> Self:
        ranges = json.dumps(
            [(latent.mean, latent.std, latent.quantiles) for latent in manifest.latents], sort_keys=True
        )
        return cls(
            name=manifest.name,
            latents=len(manifest.latents),
            weights_sha256=manifest.weights_sha256,
            ranges_sha256=hashlib.sha256(ranges.encode()).hexdigest(),
        )

    def __str__(self) -> str:
        digests = [digest[:8] for digest in (self.weights_sha256, self.ranges_sha256) if digest]
        return (self.name or "of no name") + (f" ({' '.join(digests)})" if digests else "")

    def is_like(self, other: Party) -> bool:
        """The same model, exported to the same latents, as far as both say."""
        if (self.name, self.latents) != (other.name, other.latents):
            return False
        digests = ((self.weights_sha256, other.weights_sha256), (self.ranges_sha256, other.ranges_sha256))
        return all(mine == theirs for mine, theirs in digests if mine and theirs)


class Header(BaseModel):
    """What a coupling is. Unknown fields are kept; a missing required one is an error that names it."""

    model_config = ConfigDict(extra="allow")
    schema_version: int
    method: str
    encoder: Party
    decoder: Party
    rows: int = 0
    """Of data that it was fitted to."""
    seed: int = 0
    notes: list[str] = Field(default_factory=list)
    """For people: what is dropped, what rests, how well it fits."""


def write(path: Path, header: Header, arrays: Mapping[str, np.ndarray]) -> None:
    """One file, whole or not at all; the same contents give the same bytes. Raises LatentoneError."""
    everything = {HEADER: np.array(header.model_dump_json()), **arrays}
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in everything.items():
                # An entry of this kind has a date of its own, where NumPy's writer would put the time of day.
                entry = zipfile.ZipInfo(f"{name}.npy")
                entry.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(entry, "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, np.asanyarray(array), allow_pickle=False)
        partial.replace(path)
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be written ({error.strerror})") from None


def read(path: Path) -> tuple[Header, dict[str, np.ndarray]]:
    """Raises LatentoneError, one line, for a file that is missing, broken or newer than this program."""
    if not path.is_file():
        raise LatentoneError(f"{path}: no such coupling file; write one with `latentone couple`")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header_text = str(arrays.pop(HEADER))
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be read ({error.strerror or 'not a coupling file'})") from None
    except (
        ValueError,
        TypeError,
        KeyError,
        EOFError,
        AttributeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ):
        raise LatentoneError(f"{path}: not a coupling file, or a broken one; fit it again") from None
    try:
        header = Header.model_validate_json(header_text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(top level)"
        raise LatentoneError(f"{path}: header field {field}: {first['msg'].lower()}") from None
    if header.schema_version > SCHEMA_VERSION:
        raise LatentoneError(
            f"{path}: schema {header.schema_version} is newer than this Latentone reads ({SCHEMA_VERSION}); update latentone"
        )
    return header, arrays


def check_parties(path: Path, header: Header, encoder: DataManifest | None, decoder: Manifest | None) -> None:
    """Raises LatentoneError, which names both sides, when the coupling was fitted for other models than are here."""
    for kind, fitted, manifest in (("encoder", header.encoder, encoder), ("decoder", header.decoder, decoder)):
        if manifest is None:
            continue
        here = Party.of(manifest)
        if not fitted.is_like(here):
            raise LatentoneError(
                f"{path}: was fitted for the {kind} {fitted}, not for {here}; fit it again with `latentone couple`"
            )
