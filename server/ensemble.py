"""What stands between people and a playing engine, joined: desk, maps, presets, models, recorder and sources."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from ..export.runtime import Decoder
from .addresses import Namespace
from .all_sources import AllSources
from .audio import Sink
from .config import Config
from .datasets.opened import OpenedSources
from .desk import Desk
from .doors import Fact, WaysIn, new_maps, open_doors
from .engine import Engine
from .events import EventQueue, Value
from .hearing.ear import Ear
from .hearing.joining import hear_anew
from .instrument import notes_of, open_decoder, session_facts
from .live import Live
from .midi.files import player_of_files
from .presets import Presets
from .recorder import Recorder
from .scores import SHIPPED_SCORES, Score, read_score
from .shelf import Shelf


class Ensemble:
    """Made before any port is open; `open` opens them. It answers from then on until the stack that it was given closes."""

    def __init__(
        self,
        stack: ExitStack,
        config: Config,
        *,
        engine: Engine,
        queue: EventQueue,
        sink: Sink,
        opened: OpenedSources,
        ear: Ear | None,
        latency_s: Callable[[], float],
        end: Callable[[], None],
        say: Callable[[str], None],
        console: Console,
        own_settings: Path | None,
    ) -> None:
        """end: ends the server. say: one line for the screen. console: where a model that is loaded says how far it is.

        own_settings: where maps that are learned are saved to.
        """
        self._config, self._engine, self._sink, self._ear = config, engine, sink, ear
        self._say, self._console = say, console
        live = Live(engine, latency_s)
        self.sources = AllSources(
            [*config.paths.scores, SHIPPED_SCORES],
            opened,
            queue,
            live,
            sink.sample_rate_hz,
            read=self._read_score,
            tell=self._tell,
            say=say,
        )
        names = engine.layer.manifest.latent_names
        self._namespace = Namespace(names, config.model.voices, self.sources.names())
        shelf = Shelf(config, engine, self._model_changed, self._open_other)
        self._recorder = Recorder(
            engine, config.paths.recordings, sink, lambda: session_facts(config, engine), self._recording_ended
        )
        presets = Presets(config.presets.file, shelf.info)
        maps = stack.enter_context(new_maps(config, self._namespace, queue, live, own_settings))
        self._desk = Desk(
            namespace=self._namespace,
            queue=queue,
            engine=live,
            end=end,
            presets=presets,
            models=shelf,
            maps=maps,
            recorder=self._recorder,
            sources=self.sources,
            ear=ear,
        )
        self._ways_in = WaysIn(self._namespace, queue, live, self._desk, maps, presets)

    def open(self, stack: ExitStack) -> list[Fact]:
        """Open the ports, and begin to answer; returns the rows of the screen that say how to reach them.

        Raises LatentoneError when a port cannot be had.
        """
        facts = open_doors(stack, self._config, self._ways_in)
        stack.enter_context(self._desk)
        stack.enter_context(self.sources)
        if self._ear is not None:
            stack.enter_context(self._ear)
        stack.callback(self._recorder.close)
        return facts

    def _tell(self, address: str, *values: Value) -> None:
        self._desk.notify_all(address, *values)

    def _model_changed(self, name: str, knobs: list[str]) -> None:
        self.sources.model_changed(self._config.with_model(self._engine.layer.name).model_file)
        self._namespace.use(knobs)
        self._ways_in.namespace_changed()
        self._say(f"{name} plays")
        if self._ear is not None:
            hear_anew(self._ear, self._config, self._engine, self._say)

    def _recording_ended(self, file: Path, why: str) -> None:
        self._say(f"the recording {file.name} ended: {why}")
        self._tell("/record/stopped", str(file), why)

    def _open_other(self, other: Config) -> Decoder:
        found = open_decoder(other, self._console)
        for note in notes_of(found):
            self._say(note)
        return found

    def _read_score(self, file: Path) -> Score:
        """A score for the model that plays."""
        names, voices = self._engine.layer.manifest.latent_names, self._config.model.voices
        commands = player_of_files(self._config, Namespace(names, voices)).commands
        return read_score(file, self._sink.sample_rate_hz, names, commands, voices)
