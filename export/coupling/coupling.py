"""One coupling: fitted for one encoder of data and one decoder of audio, applied row by row, kept in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from ..manifest import DataManifest, Manifest
from . import file
from .file import SCHEMA_VERSION, Header, Party
from .methods import METHODS, NAMES
from .options import Arrays, Options, Sound
from .target import Target


@dataclass(frozen=True)
class Coupling:
    """A pure function from latents to knobs, and whose they are."""

    header: Header
    arrays: Arrays
    """What its method's `apply` needs, and the knobs' limits: `low` and `high`, float32 (dim,)."""

    @property
    def name(self) -> str:
        return self.header.method

    def apply(self, latents: np.ndarray) -> np.ndarray:
        """Finite latents (rows, data dim) to knobs, float32 (rows, dim), within the limits. Each row stands for itself."""
        return np.clip(self.unlimited(latents), self.arrays["low"], self.arrays["high"])

    def unlimited(self, latents: np.ndarray) -> np.ndarray:
        """As `apply`, before the limits."""
        rows = latents.astype(np.float32, copy=False)
        return METHODS[self.name].apply(rows, self.arrays).astype(np.float32, copy=False)

    def save(self, path: Path) -> None:
        """Write one file; the same coupling gives the same bytes. Raises LatentoneError where it cannot be written."""
        file.write(path, self.header, self.arrays)


def fit(
    name: str,
    data: np.ndarray,
    decoder: Path | Manifest | Target,
    *,
    encoder: DataManifest | None = None,
    labels: Sequence[str] | None = None,
    seed: int = 0,
    sound: Sound | None = None,
    weights: Sequence[float] | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Coupling:
    """Fit the coupling `name` of NAMES to the latents of data, (rows, data dim): frames of movements, one below the other.

    decoder: its file, or its manifest where the coupling does not need its sound. encoder: whose latents these are; a
    coupling that is fitted without has to be used without. labels, sound, say, progress: see Options. weights: how much a unit
    of each dimension counts in the data, (data dim,); else as the encoder's manifest says, or all alike. Deterministic in
    `seed`. Raises LatentoneError, one line, for data that nothing can be fitted to, or weights that are none.
    """
    if name not in METHODS:
        raise LatentoneError(f"coupling {name}: is not one of {', '.join(NAMES)}")
    method, target = METHODS[name], Target.of(decoder)
    rows = np.asarray(data, dtype=np.float64)
    if rows.ndim != 2 or not rows.shape[1]:
        raise LatentoneError(f"coupling {name}: latents of shape (rows, dimensions) are needed, not {rows.shape}")
    if encoder is not None and rows.shape[1] != len(encoder.latents):
        raise LatentoneError(f"coupling {name}: {encoder.name} has {len(encoder.latents)} latents, not {rows.shape[1]}")
    if len(rows) < method.rows_needed:
        raise LatentoneError(f"coupling {name}: needs at least {method.rows_needed} rows to be fitted; got {len(rows)}")
    if not np.isfinite(rows).all():
        bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise LatentoneError(f"coupling {name}: row {bad} of the latents holds a number that is not finite")
    if labels is not None and len(labels) != len(rows):
        raise LatentoneError(f"coupling {name}: {len(labels)} labels for {len(rows)} rows")
    counts = _weights(
        name, weights if weights is not None or encoder is None else encoder.latent_weights, rows.shape[1]
    )
    fitted = method.fit(rows, target, Options(seed, labels, sound, counts, say, progress))
    low, high = (limit.astype(np.float32) for limit in target.limits())
    header = Header(
        schema_version=SCHEMA_VERSION,
        method=name,
        encoder=Party.of(encoder) if encoder is not None else Party(name="", latents=rows.shape[1]),
        decoder=Party.of(target.manifest),
        rows=len(rows),
        seed=seed,
        notes=fitted.notes,
    )
    return Coupling(header, {**fitted.arrays, "low": low, "high": high})


def _weights(name: str, weights: Sequence[float] | None, dim: int) -> np.ndarray | None:
    if weights is None:
        return None
    counts = np.asarray(weights, dtype=np.float64)
    if counts.shape != (dim,) or not (np.isfinite(counts) & (counts >= 0)).all() or not counts.any():
        raise LatentoneError(f"coupling {name}: weights must be {dim} numbers from 0 on, one of them above it")
    return counts


def load_coupling(path: Path, encoder: DataManifest | None = None, decoder: Manifest | None = None) -> Coupling:
    """The coupling in a file. With `encoder` and `decoder`: only if it was fitted for these, by name and weights.

    Raises LatentoneError, one line, for a file that is missing, broken, newer than this program, or fitted for others.
    """
    header, arrays = file.read(path)
    if header.method not in METHODS:
        raise LatentoneError(f"{path}: coupling {header.method}: is not one of {', '.join(NAMES)}; update latentone")
    file.check_parties(path, header, encoder, decoder)
    coupling = Coupling(header, arrays)
    try:
        tried = coupling.apply(np.zeros((1, header.encoder.latents), np.float32))
    except (KeyError, ValueError, IndexError, TypeError):
        tried = np.empty(0)
    if tried.shape != (1, header.decoder.latents) or not np.isfinite(tried).all():
        raise LatentoneError(f"{path}: a broken coupling: its numbers do not fit together; fit it again")
    return coupling
