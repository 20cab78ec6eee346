"""The data sets that the settings name, read, encoded and coupled before any sound: what they need is loaded for them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...export.errors import LatentoneError
from ...export.manifest import DataManifest
from ...export.runtime.load import ENCODER_SUFFIX, SHIPPED_MODELS, shipped_data_encoder
from ..addresses import address_safe
from ..settings import Config, SourceSettings
from .read import dataset_name, live_frames, read_dataset
from .source import Coupling, DataSource

Say = Callable[[str], None]
COUPLING_SUFFIX = ".npz"


class Fitter:
    """Couples data to the decoder that plays, which by and by is another."""

    def __init__(self, decoder: Callable[[], Path], say: Say) -> None:
        """decoder: where it lies. say: hears each stage of what may take seconds."""
        self.decoder, self.say = decoder, say

    def couple(self, coupling: str, training: np.ndarray, labels: list[str], encoder: DataManifest) -> Coupling:
        """The coupling in a file, or one fitted by its name to latents (n, data dim). Raises LatentoneError."""
        from ...export.coupling import NAMES, fit, load_coupling  # scipy and more, which playing alone does not need
        from ...export.coupling.target import Target

        target = Target.of(self.decoder())
        if coupling in NAMES:
            self.say(f"data: fitting the coupling {coupling} of {encoder.name} to {target.manifest.name}")
            return fit(coupling, training, target, encoder=encoder, labels=labels, say=self.say)
        if not coupling.endswith(COUPLING_SUFFIX):
            raise LatentoneError(
                f"coupling {coupling[:64]}: is neither one of {', '.join(NAMES)} nor a {COUPLING_SUFFIX} file"
            )
        return load_coupling(Path(coupling), encoder, target.manifest)


@dataclass(frozen=True)
class OpenedSources:
    """Data sets, what the settings say of each, and what couples them."""

    sources: list[DataSource]
    settings: Sequence[SourceSettings]
    fitter: Fitter


def open_sources(config: Config, say: Say) -> OpenedSources:
    """The data sets of the settings, ready to be played on the model of the settings.

    say: hears, in a line each, what is being done and what was left out. Raises LatentoneError, one line, for the first
    that cannot be had.
    """
    fitter = Fitter(config.model_file, say)
    names = [_name(source) for source in config.sources]
    for name, times in Counter(names).items():
        if times > 1:
            raise LatentoneError(f"sources: {times} are called {name}: give them a name each, as in name: {name}_2")
    sources = [_open(source, name, fitter) for source, name in zip(config.sources, names, strict=True)]
    return OpenedSources(sources, config.sources, fitter)


def flags_of_data(
    data: str | None, model: str | None, labels: str | None, coupling: str | None
) -> list[dict[str, Any]] | None:
    """The flags for one data set as the settings' list `sources`: it plays from the start. None where there is none.

    Without a model the shipped one of its name encodes it. Raises LatentoneError where there is none, or no data.
    """
    if data is None:
        if model or labels or coupling:
            raise LatentoneError(
                "--data-model, --labels and --coupling say how to play what --data names, which is missing"
            )
        return None
    if model is None:
        model = dataset_name(data)
        if not (SHIPPED_MODELS / f"{model}{ENCODER_SUFFIX}").is_file():
            raise LatentoneError(
                f"--data {data}: --data-model must say what encodes it: a file, or a shipped encoder's name"
            )
    said = {"data": data, "model": model, "labels": labels, "coupling": coupling, "autoplay": True}
    return [{key: value for key, value in said.items() if value is not None}]


def _name(source: SourceSettings) -> str:
    """As it stands in addresses, so that what is listed and told can be sent back."""
    return address_safe(source.name or dataset_name(source.data))


def _open(source: SourceSettings, name: str, fitter: Fitter) -> DataSource:
    from ...export.runtime.data_encoder import DataEncoder  # ONNX Runtime, which a wrong setting need not wait for

    fitter.say(f"data: reading {source.data}")
    encoder = DataEncoder(shipped_data_encoder(source.model))
    data = read_dataset(source.data, encoder.manifest, source.labels, fitter.say)
    opened = DataSource(
        name, data, encoder, partial(fitter.couple, encoder=encoder.manifest),
        coupling=source.coupling, order=source.order, dwell_s=source.dwell_s, glide_s=source.glide_s,
        frames=live_frames(source.data, encoder.manifest, source.frames_hz),
    )  # fmt: skip
    fitter.say(f"data: {opened.describe()}")
    return opened
