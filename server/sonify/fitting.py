"""The couplings that a run asks for: read from files, or fitted on the rows that the report does not speak of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from ...export.coupling import FITTING_VERSION, NAMES, Coupling, fit, load_coupling
from ...export.errors import LatentoneError
from ...export.manifest import DataManifest, Manifest
from . import folder as files
from .pieces import Piece, repeated

ALL = "all"
LEARNING = ("learned",)
"""Couplings that keep classes apart, where rows have any."""
MOST_FRAMES = 20_000
"""Of movement that a coupling is fitted on, drawn from all: more say nothing new."""


@dataclass(frozen=True)
class Wanted:
    """A coupling by what it is called here, and its file where it is one that is fitted already."""

    name: str
    file: Path | None = None


@dataclass(frozen=True)
class Grounds:
    """All that a fit depends on, besides its name."""

    latents: np.ndarray
    """Float32 (rows, dim of the data)."""
    labels: Sequence[str]
    encoder: DataManifest
    decoder: Manifest
    decoder_file: Path
    decoder_sha256: str
    seed: int

    def digest(self, name: str) -> str:
        """Of the fit of `name` by this version, by which one that is kept is known again."""
        facts = [
            name,
            str(FITTING_VERSION),
            *self.labels,
            self.encoder.weights_sha256,
            self.decoder_sha256,
            str(self.seed),
        ]
        sha = hashlib.sha256("\n".join(facts).encode())
        sha.update(np.ascontiguousarray(self.latents, dtype="<f4").tobytes())
        return sha.hexdigest()


def wanted(names: str) -> list[Wanted]:
    """`quantile`, `quantile,transport`, `mine.npz` or `all`. Raises LatentoneError for what is neither a name nor a file."""
    found: list[Wanted] = []
    for name in NAMES if names == ALL else [part.strip() for part in names.split(",") if part.strip()]:
        if name in NAMES:
            found.append(Wanted(name))
        elif Path(name).is_file():
            found.append(Wanted(Path(name).name.partition(".")[0], Path(name)))
        else:
            raise LatentoneError(f"--coupling {name}: is no file, and none of {', '.join(NAMES)}, {ALL}")
    twice = next(repeated([each.name for each in found]), None)
    if twice is not None or not found:
        raise LatentoneError(f"--coupling {names!r}: " + (f"{twice} is there twice" if found else "names none"))
    return found


def grounds(
    pieces: Sequence[Piece],
    encoder: DataManifest,
    decoder: Manifest,
    decoder_file: Path,
    decoder_sha256: str,
    seed: int,
) -> Grounds:
    """What couplings are fitted on: every frame of `pieces`, or as many as MOST_FRAMES of them, drawn by `seed`."""
    latents = np.concatenate([piece.latents for piece in pieces], axis=1).T
    labels = [piece.label for piece in pieces for _ in range(piece.latents.shape[1])]
    if len(latents) > MOST_FRAMES:
        drawn = np.sort(np.random.default_rng(seed).choice(len(latents), MOST_FRAMES, replace=False))
        latents, labels = latents[drawn], [labels[index] for index in drawn.tolist()]
    return Grounds(latents.astype(np.float32), labels, encoder, decoder, decoder_file, decoder_sha256, seed)


def coupling_in(folder: Path, want: Wanted, on: Grounds, console: Console) -> Coupling:
    """The coupling that `want` names, kept as a file in `folder`; one that was fitted there on the same grounds is read again.

    Raises LatentoneError for a file of other models, and for data that nothing can be fitted to.
    """
    kept = folder / files.COUPLING
    if want.file is not None:
        coupling = load_coupling(want.file, on.encoder, on.decoder)
        coupling.save(kept)
        return coupling
    digest = on.digest(want.name)
    if kept.is_file() and files.read_record(folder).get(files.FIT_DIGEST) == digest:
        try:
            return load_coupling(kept, on.encoder, on.decoder)
        except LatentoneError:
            console.print(f"{kept}: cannot be read: it is fitted anew", highlight=False, markup=False, soft_wrap=True)
    with console.status(f"fitting {want.name}"):
        coupling = fit(
            want.name, on.latents, on.decoder_file, encoder=on.encoder, labels=on.labels, seed=on.seed
        )  # fmt: skip
    coupling.save(kept)
    # At once, so that an interruption of what follows does not make it be fitted again.
    files.write_record(folder, files.read_record(folder) | {files.FIT_DIGEST: digest})
    for note in coupling.header.notes:
        console.print(f"{want.name}: {note}", highlight=False, markup=False, soft_wrap=True)
    return coupling
