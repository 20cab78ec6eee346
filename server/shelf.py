"""The models that can be played: found by name, loaded and warmed aside, faded over to, and left alone if anything is wrong."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Sequence

from ..export.errors import LatentoneError
from ..export.runtime import Decoder
from .config import Config
from .contracts import ModelInfo
from .engine import Engine
from .events import Value
from .instrument import new_mapping

SWAP_DEADLINE_S = 10.0
POLL_S = 0.01


class Shelf:
    """Loads models for a playing engine (see `contracts.ModelShelf`); one at a time.

    `changed` is called with the new model's knobs as soon as it begins to be heard. A model is played in the runtime that the
    settings name; for `auto`, in the same one every time, as a measurement would take what the one that plays needs.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        changed: Callable[[str, list[str]], object],
        open_decoder: Callable[[Config], Decoder],
    ) -> None:
        self._config, self._engine, self._changed, self._open = config, engine, changed, open_decoder
        self._loading = threading.Lock()

    def names(self) -> list[str]:
        """Those in the model folders, and those that ship."""
        return self._config.model_names()

    def info(self) -> ModelInfo:
        """Of the model that plays."""
        layer = self._engine.layer
        manifest = layer.manifest
        knobs = [(latent.name, latent.home) for latent in manifest.latents]
        rate_hz, channels = manifest.sample_rate_hz, manifest.channels
        return ModelInfo(manifest.name, rate_hz, knobs, channels, self._config.model.voices, layer.runtime)

    def attributes(self) -> dict[str, tuple[list[str], list[Value]]]:
        """Of each attribute of the model that plays the kinds of its values, and what they are."""
        return self._engine.ask(lambda: self._engine.layer.attributes())

    def set_attribute(self, name: str, values: Sequence[Value]) -> None:
        """On the thread that plays, between two blocks. Raises LatentoneError for what the model does not have or take."""
        self._engine.ask(lambda: self._engine.layer.set_attribute(name, list(values)))

    def load(self, name: str, runtime: str | None = None) -> None:
        """Return when the model has been faded over to. Raises LatentoneError, and all plays on as it was, when it cannot be."""
        if not self._loading.acquire(blocking=False):
            raise LatentoneError(f"{name} is not loaded: another model is being loaded")
        try:
            if name not in self.names():
                raise LatentoneError(f"there is no model {name[:64]!r} ({', '.join(self.names()) or 'none was found'})")
            try:
                decoder = self._open(self._config.with_model(name, runtime))
                layer = self._engine.new_layer(decoder, new_mapping(self._config, decoder.manifest), name)
                layer.warm_up()
            except LatentoneError:
                raise
            except Exception as error:  # whatever a runtime throws at a file that is not what it says
                raise LatentoneError(f"{name} cannot be played: {type(error).__name__}: {error}") from None
            self._engine.layers.swap(layer)
            self._wait(lambda: self._engine.layer is layer)
            self._changed(decoder.manifest.name, decoder.manifest.latent_names)
            self._wait(lambda: not self._engine.layers.swapping)
        finally:
            self._engine.layers.free_retired()
            # Here rather than on the engine's thread; the program itself is out of its sight, so it is quick.
            gc.collect()
            self._loading.release()

    def _wait(self, done: Callable[[], bool]) -> None:
        until_s = time.monotonic() + SWAP_DEADLINE_S
        while not done():
            if time.monotonic() > until_s:
                raise LatentoneError("the model is loaded, but the engine does not answer")
            time.sleep(POLL_S)
