"""What playing and rendering share: settings become a decoder, targets and an engine that runs in its own thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import numpy as np
from rich.console import Console

from ..export.manifest import Manifest
from ..export.runtime import Decoder
from . import priority
from .audio import Sink
from .blend import Blend
from .config import Config
from .engine import Engine
from .events import EventQueue, Value
from .levels import Levels
from .mapping import Mapping
from .motion import IdleMotion

if TYPE_CHECKING:
    from ..export.runtime.choose import Choice


def choose_decoder(config: Config, console: Console) -> Choice:
    """The model that the settings name, to be played live: in the runtime that they ask for or the one measured to be fastest.

    Warm: its first block is made as fast as the others. Raises LatentoneError if it cannot be had.
    """
    # Here, because it loads ONNX Runtime, which `--help` and a wrong setting need not wait for.
    from ..export.runtime.choose import choose_decoder

    runtime, voices = config.runtime, config.model.voices
    with making_ready(console):
        choice = choose_decoder(
            config.model_file(),
            runtime.name,
            runtime.provider,
            runtime.threads,
            voices,
            config.audio.block_samples,
            sample_rate_hz=config.model.sample_rate_hz,
        )
        warm_up(choice.decoder, voices, config.audio.block_samples)
    return choice


def open_decoder(config: Config, console: Console) -> Decoder:
    """The model that the settings name, warm, to be rendered: in the same runtime every time, whatever else goes on.

    Raises LatentoneError if it cannot be had.
    """
    from ..export.runtime.load import load_decoder

    runtime = config.runtime
    with making_ready(console):
        decoder = load_decoder(
            config.model_file(), runtime.name, runtime.provider, runtime.threads, config.model.sample_rate_hz
        )
        warm_up(decoder, config.model.voices, config.audio.block_samples)
    return decoder


@contextmanager
def making_ready(console: Console) -> Iterator[None]:
    """A spinner; should the kernel have to be compiled, it says so, and without a terminal a line does."""
    from ..export.runtime.compiling import COMPILING, announced

    with console.status("loading the model") as status:

        def say() -> None:
            if console.is_terminal:
                status.update(COMPILING)
            else:
                console.print(COMPILING, highlight=False)

        with announced(say):
            yield


def new_mapping(config: Config, manifest: Manifest) -> Mapping:
    """Every knob at home, the rest as set."""
    temperature = config.audio.temperature
    return Mapping(
        [latent.home for latent in manifest.latents],
        temperature=manifest.temperature if temperature is None else temperature,
        glide_s=config.mapping.glide_s,
        voices=config.model.voices,
        blend=lambda at_home: Blend(
            at_home, config.input.scale, config.input.offset, config.input.mix, config.input.mode
        ),
    )


def new_levels(config: Config) -> Levels:
    """The loudness as set, and voice 0 open."""
    return Levels(config.audio.gain_db, config.model.voices)


def new_engine(config: Config, decoder: Decoder, sink: Sink, queue: EventQueue, idle: IdleMotion | None) -> Engine:
    """An engine for the open `sink`, with everything where the settings say."""
    return Engine(
        decoder, sink, new_mapping(config, decoder.manifest), new_levels(config), queue,
        name=config.model.name, block_samples=config.audio.block_samples, seed=config.model.seed, idle=idle,
    )  # fmt: skip


def warm_up(decoder: Decoder, voices: int, block_samples: int) -> None:
    """Make a block of all voices and throw it away, so that the first one heard is not slow; before the sink opens."""
    manifest = decoder.manifest
    block_frames = math.ceil(block_samples / manifest.hop_samples)
    decoder.stream(voices).advance(
        np.zeros((voices, len(manifest.latents), block_frames), np.float32),
        np.zeros((voices, block_frames * manifest.noise_per_frame), np.float32),
        np.zeros(voices, np.float32),
        np.ones(voices, dtype=bool),
        np.zeros((voices, manifest.channels, block_frames * manifest.hop_samples), np.float32),
    )


def notes_of(decoder: Decoder) -> list[str]:
    """What a person should know of a model before it plays, a line each."""
    return getattr(decoder, "notes", [])


def session_facts(config: Config, engine: Engine) -> dict[str, Value]:
    """What a score says of the model that plays; the rest of a `Session` is the recorder's."""
    layer = engine.layer
    return {"model": layer.name, "runtime": layer.runtime_name, "voices": config.model.voices}


class Running:
    """An engine at work in a thread of its own, from `start` to leaving; the sink is already open.

    `stop` asks it to end with a fade, `done` is set when it has. Leaving waits for both, and raises what ended the
    engine if something did. `in_real_time` is for a sink that makes the engine wait.
    """

    def __init__(
        self, engine: Engine, seconds: float | None, *, in_real_time: bool = False, fading_out: bool = True
    ) -> None:
        self.stop = threading.Event()
        self.done = threading.Event()
        self._engine = engine
        self._seconds = seconds
        self._in_real_time = in_real_time
        self._fading_out = fading_out
        self._begun = threading.Event()
        self.priority = ""
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def __enter__(self) -> Self:
        return self

    def start(self) -> None:
        """Begin. Not done by entering, so that an interrupt here still comes to the leaving."""
        self._thread.start()
        self._begun.wait()

    def yield_priority(self) -> None:
        """Play on as an ordinary thread."""
        priority.give_up(self._thread)

    def __exit__(self, exc_type: object, *exc: object) -> None:
        self.stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._error is not None and exc_type is None:
            raise self._error

    def _run(self) -> None:
        try:
            if self._in_real_time:
                self.priority = priority.ask()
            self._begun.set()
            self._engine.run(self.stop, self._seconds, fading_out=self._fading_out)
        except Exception as error:  # carried over to the thread that leaves
            self._error = error
        finally:
            self._begun.set()
            self.done.set()
