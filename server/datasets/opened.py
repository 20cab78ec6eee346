"""The data sets that the settings name, read, encoded and coupled before any sound: what they need is loaded for them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ...export.errors import LatentoneError
from ...export.manifest import DataManifest
from ..addresses import address_safe
from ..settings import SourceSettings
from .read import dataset_name, read_dataset
from .source import Coupling, DataSource

Say = Callable[[str], None]
COUPLING_SUFFIX = ".npz"


class DecoderFile:
    """The decoder that plays, as couplings are fitted to it."""

    def __init__(self, path: Path) -> None:
        self.path = path


def open_sources(wanted: Sequence[SourceSettings], decoder: DecoderFile, say: Say) -> list[DataSource]:
    """Each data set, ready to be played. say: hears, in a line each, what is being done and what was left out.

    Raises LatentoneError, one line, for the first that cannot be.
    """
    names = [_name(source) for source in wanted]
    for name, times in Counter(map(address_safe, names)).items():
        if times > 1:
            raise LatentoneError(f"sources: {times} are called {name}: give them a name each, as in name: {name}_2")
    return [_open(source, name, decoder, say) for source, name in zip(wanted, names, strict=True)]


def _name(source: SourceSettings) -> str:
    return source.name or dataset_name(source.data)


def _open(source: SourceSettings, name: str, decoder: DecoderFile, say: Say) -> DataSource:
    from ...export.runtime.load import load_data_encoder, shipped_data_encoder

    say(f"data: reading {source.data}")
    encoder = load_data_encoder(shipped_data_encoder(source.model))
    data = read_dataset(source.data, encoder.manifest, source.labels, say)
    manifest = encoder.manifest

    def couple(coupling: str, training: np.ndarray, labels: list[str]) -> Coupling:
        return _coupled(coupling, training, labels, manifest, decoder.path, say)

    opened = DataSource(
        name, data, encoder, couple,
        coupling=source.coupling, order=source.order, dwell_s=source.dwell_s, glide_s=source.glide_s,
    )  # fmt: skip
    say(f"data: {opened.describe()}")
    return opened


def _coupled(
    coupling: str, training: np.ndarray, labels: list[str], encoder: DataManifest, decoder: Path, say: Say
) -> Coupling:
    """The coupling in a file, or one fitted by its name."""
    from ...export.coupling import NAMES, fit, load_coupling  # scipy and more, which playing a model alone does not need
    from ...export.coupling.target import Target

    target = Target.of(decoder)
    if coupling in NAMES:
        say(f"data: fitting the coupling {coupling} of {encoder.name} to {target.manifest.name}")
        return fit(coupling, training, target, encoder=encoder, labels=labels, say=say)
    if not coupling.endswith(COUPLING_SUFFIX):
        raise LatentoneError(f"coupling {coupling[:64]}: is neither one of {', '.join(NAMES)} nor a {COUPLING_SUFFIX} file")
    return load_coupling(Path(coupling), encoder, target.manifest)
