"""`latentone play`: controllers, engine and sink joined until somebody ends it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from .addresses import Namespace
from .all_sources import AllSources
from .config import Config, load_settings, settings_file
from .datasets.opened import flags_of_data, open_sources
from .desk import Desk
from .doors import WaysIn, new_maps, open_doors
from .engine import Engine
from .events import EventQueue
from .instrument import Running, choose_decoder, new_engine, open_decoder, session_facts
from .live import Live
from .midi.files import player_of_files
from .motion import IdleMotion
from .output import open_sink
from .presets import Presets
from .process import sigterm_like_ctrl_c, undisturbed
from .recorder import Recorder
from .scores import SHIPPED_SCORES, Score, read_score
from .screen import Latency, Screen, too_slow, troubles
from .shelf import Shelf

SCREEN_PERIOD_S = 0.25
SETTLED_S = 2.0
"""Before so long, a load says little: the first blocks fill the output's buffer in a hurry."""
EVERYWHERE = "0.0.0.0"


def play(
    model: Annotated[str | None, typer.Argument(help="A shipped model's name, or a model file.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings that go over config.yaml.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="End by itself after so long.")] = None,
    device: Annotated[str | None, typer.Option(help="A part of its name, or its index in `latentone devices`.")] = None,
    sink: Annotated[str | None, typer.Option(help="auto, device, null (no sound, real time) or file.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Play into this .wav or .flac file.")] = None,
    sample_rate: Annotated[int | None, typer.Option(help="Of the output, in Hz.")] = None,
    block: Annotated[int | None, typer.Option(help="Samples of the output made at a time.")] = None,
    latency_ms: Annotated[float | None, typer.Option(help="Sound kept ready in advance.")] = None,
    listen: Annotated[
        bool,
        typer.Option("--listen", help="Let the private network in, or those whom osc.allow of the settings names."),
    ] = False,
    osc_host: Annotated[str | None, typer.Option(help="Where to listen; 127.0.0.1 is this machine only.")] = None,
    osc_port: Annotated[int | None, typer.Option(help="UDP and TCP port to listen on; 0 takes a free one.")] = None,
    midi: Annotated[bool | None, typer.Option("--midi/--no-midi", help="Listen to MIDI inputs.")] = None,
    midi_map: Annotated[
        list[str] | None, typer.Option(help="A ready-made map for a controller: launchkey, mpe …; means --midi.")
    ] = None,
    runtime: Annotated[str | None, typer.Option(help="auto, fused, onnx or torchscript.")] = None,
    provider: Annotated[str | None, typer.Option(help="auto, cpu, cuda, tensorrt, coreml or directml.")] = None,
    voices: Annotated[
        int | None, typer.Option(help="How many play at once, 1 to 8: /voice/1/gate i 1 starts one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and same controls: same sound.")] = None,
    gain_db: Annotated[float | None, typer.Option(help="Loudness of the output.")] = None,
    data: Annotated[
        str | None, typer.Option(help="A data set to be heard: a table, a movement, or digits, wine …")
    ] = None,
    data_model: Annotated[str | None, typer.Option(help="What encodes it: digits, genes, motion, or a file.")] = None,
    labels: Annotated[
        str | None, typer.Option(help="Its classes: a column, or a file, as in labels.tsv:column.")
    ] = None,
    coupling: Annotated[str | None, typer.Option(help="How its latents turn the knobs: direct, quantile …")] = None,
) -> None:
    """Play a model: it sounds at once, and moves by itself until the first knob is turned.

    \b
      latentone play                            the shipped model
      latentone play my.onnx --latency-ms 20    your own, quicker to answer
      latentone play --sink null --seconds 10   without a sound card
      latentone play --data digits              a data set, row after row; /source/digits/… is for it
      oscsend localhost 9001 /latent/0 f 0.8    turn the first knob

    Ctrl-C, SIGTERM or the OSC message /quit end it.
    """
    flags = {
        "model.name": model,
        "model.voices": voices,
        "model.seed": seed,
        "runtime.name": runtime,
        "runtime.provider": provider,
        "audio.sink": "file" if output is not None and sink is None else sink,
        "audio.device": device,
        "audio.file": output,
        "audio.sample_rate_hz": sample_rate,
        "audio.block_samples": block,
        "audio.latency_ms": latency_ms,
        "audio.gain_db": gain_db,
        "osc.host": EVERYWHERE if listen and osc_host is None else osc_host,
        "osc.port": osc_port,
        "midi.enabled": True if midi is None and midi_map else midi,
        "mapping.include": midi_map or None,
        "sources": flags_of_data(data, data_model, labels, coupling),
    }
    settings = load_settings(config, flags)
    with sigterm_like_ctrl_c():
        try:
            play_with(settings, seconds, Console(), settings_file(config))
        except KeyboardInterrupt:
            return  # before there was anything to close


def play_with(config: Config, seconds: float | None, console: Console, own_settings: Path | None = None) -> None:
    """Play as `config` says for `seconds`, or until it is told to end; maps that are learned are saved to `own_settings`."""
    with ExitStack() as stack:
        opened = open_sources(config, lambda line: console.print(line, highlight=False, soft_wrap=True))
        choice = choose_decoder(config, console)
        decoder, manifest = choice.decoder, choice.decoder.manifest
        as_it_likes = config.runtime.name == config.runtime.provider == "auto"
        if advice := too_slow(choice.times_real_time, config.model.voices, as_it_likes):
            console.print(Text(advice, style="yellow"), highlight=False, soft_wrap=True)
        sink, missing = open_sink(stack, config, manifest)
        queue = EventQueue()
        engine = new_engine(config, decoder, sink, queue, IdleMotion(len(manifest.latents)))
        engine.layer.warm_up()
        running = Running(engine, seconds, in_real_time=True)

        def latency() -> Latency:
            layer = engine.layer
            return Latency(
                block_s=config.audio.block_samples / sink.sample_rate_hz,
                sink_s=sink.latency_s,
                resampler_s=layer.delay_s,
                model_s=layer.manifest.latency_samples / layer.manifest.sample_rate_hz,
            )

        facts = [
            ("model", f"{manifest.name}, {len(manifest.latents)} knobs, {manifest.sample_rate_hz} Hz"),
            ("runtime", decoder.runtime),
            ("output", sink.describe()),
            ("latency", str(latency())),
        ]
        if config.model.voices > 1:
            facts.append(("voices", f"{config.model.voices}: 0 sounds, /voice/1/gate 1 lets the next one sound"))
        screen = Screen(console, facts, config.model.voices)
        stack.enter_context(_log_to(screen))
        live = Live(engine, lambda: latency().total_s)
        sources = AllSources(
            [*config.paths.scores, SHIPPED_SCORES],
            opened,
            queue,
            live,
            sink.sample_rate_hz,
            read=lambda file: _read_live(file, config, sink.sample_rate_hz, engine.layer.manifest.latent_names),
            tell=lambda address, *values: desk.notify_all(address, *values),
            say=screen.say,
        )
        namespace = Namespace(manifest.latent_names, config.model.voices, sources.names())

        def changed(name: str, knobs: list[str]) -> None:
            sources.model_changed(config.with_model(engine.layer.name).model_file)
            namespace.use(knobs)
            ways_in.namespace_changed()
            screen.say(f"{name} plays")

        def stopped(file: Path, why: str) -> None:
            screen.say(f"the recording {file.name} ended: {why}")
            desk.notify_all("/record/stopped", str(file), why)

        shelf = Shelf(config, engine, changed, lambda other: open_decoder(other, console))
        recorder = Recorder(engine, config.paths.recordings, sink, lambda: session_facts(config, engine), stopped)
        presets = Presets(config.presets.file, shelf.info)
        maps = stack.enter_context(new_maps(config, namespace, queue, live, own_settings))
        desk = Desk(
            namespace=namespace,
            queue=queue,
            engine=live,
            end=running.stop.set,
            presets=presets,
            models=shelf,
            maps=maps,
            recorder=recorder,
            sources=sources,
        )
        ways_in = WaysIn(namespace, queue, live, desk, maps, presets)
        try:
            facts += open_doors(stack, config, ways_in)
            stack.enter_context(desk)
            stack.enter_context(sources)
            stack.callback(recorder.close)
            stack.enter_context(screen)
            if missing:
                screen.say(missing)
            stack.enter_context(undisturbed())
            with running:
                running.start()
                sources.begin()
                if running.priority:
                    screen.say(running.priority)
                _watch(running, engine, screen, config.audio.latency_ms)
        except KeyboardInterrupt:
            # The usual end. As soon as a port is open somebody may ask for it, and then all below closes as after any
            # other: a file that is played into is kept.
            pass
        screen.farewell(engine.status())


def _read_live(file: Path, config: Config, sample_rate_hz: int, names: list[str]) -> Score:
    """A score for the model that plays."""
    voices = config.model.voices
    commands = player_of_files(config, Namespace(names, voices)).commands
    return read_score(file, sample_rate_hz, names, commands, voices)


def _watch(running: Running, engine: Engine, screen: Screen, latency_ms: float) -> None:
    """Keep the screen alive until the engine is done; each trouble is said once."""
    said: set[str] = set()
    began_s = time.monotonic()
    while not running.done.wait(SCREEN_PERIOD_S):
        status = engine.status()
        screen.update(status)
        settled = time.monotonic() - began_s >= SETTLED_S
        for kind, advice in troubles(status, latency_ms, settled):
            if kind not in said:
                said.add(kind)
                screen.say(advice)
                if kind == "slow":
                    running.yield_priority()


@contextmanager
def _log_to(screen: Screen) -> Iterator[None]:
    """Controllers' warnings appear above the screen, not across it."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            screen.say(record.getMessage())

    logger, handler = logging.getLogger(__package__), Handler(logging.WARNING)
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
