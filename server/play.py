"""`latentone play`: controllers, engine and sink joined until somebody ends it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from ..export.runtime import Decoder
from .audio import Sink
from .config import Config, load_settings, settings_file
from .datasets.opened import flags_of_data, open_sources
from .doors import Fact
from .engine import Engine
from .ensemble import Ensemble
from .events import EventQueue
from .hearing.ear import Ear
from .hearing.joining import encoder_for, input_flags, open_ear
from .instrument import Running, choose_decoder, new_engine, notes_of
from .motion import IdleMotion
from .output import open_sink
from .process import sigterm_like_ctrl_c, undisturbed
from .screen import Latency, Screen, in_lumps, too_slow, troubles

if TYPE_CHECKING:
    from ..export.runtime.choose import Choice

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
    block: Annotated[int | None, typer.Option(help="Samples of the output made at a time; 128 by default.")] = None,
    latency_ms: Annotated[
        float | None, typer.Option(help="Milliseconds of sound kept ready in advance; 20 by default.")
    ] = None,
    listen: Annotated[
        bool,
        typer.Option("--listen", help="Let the private network in, or those whom osc.allow of the settings names."),
    ] = False,
    osc_host: Annotated[str | None, typer.Option(help="Where to listen; 127.0.0.1 is this machine only.")] = None,
    osc_port: Annotated[int | None, typer.Option(help="UDP and TCP port, 9001 by default; 0 takes a free one.")] = None,
    midi: Annotated[bool | None, typer.Option("--midi/--no-midi", help="Listen to MIDI inputs.")] = None,
    midi_map: Annotated[
        list[str] | None, typer.Option(help="A ready-made map for a controller: launchkey, mpe …; means --midi.")
    ] = None,
    runtime: Annotated[str | None, typer.Option(help="auto, fused, onnx or torchscript.")] = None,
    provider: Annotated[str | None, typer.Option(help="auto, cpu, cuda, tensorrt, coreml or directml.")] = None,
    voices: Annotated[
        int | None, typer.Option(help="How many play at once, 1 to 8: /voice/1/gate i 1 starts one.")
    ] = None,
    input: Annotated[
        str | None,
        typer.Option(help="Live sound that moves the knobs through the model's encoder: device, or a sound file."),
    ] = None,
    input_device: Annotated[str | None, typer.Option(help="Which input: as --device; means --input device.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and same controls: same sound.")] = None,
    gain_db: Annotated[float | None, typer.Option(help="Loudness of the output, in dB; 0 by default.")] = None,
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
      latentone play rave.ts --input guitar.wav a recording, live, plays the knobs; --input device is a microphone
      latentone play --sink null --seconds 10   without a sound card
      latentone play --data digits              a data set, row after row; /source/digits/… is for it
      oscsend localhost 9001 /latent/0 f 0.8    turn the first knob

    What no flag says is as in your settings, else as in config.yaml. Ctrl-C, SIGTERM or the OSC message /quit end it.
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
        **input_flags(input, input_device),
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
        ear = open_ear(stack, config)
        choice = choose_decoder(config, console)
        decoder, manifest = choice.decoder, choice.decoder.manifest
        _advise(choice, config, console)
        sink, missing = open_sink(stack, config, manifest)
        queue = EventQueue()
        # What is heard moves the knobs, so they do not drift by themselves.
        engine = new_engine(config, decoder, sink, queue, None if ear else IdleMotion(len(manifest.latents)))
        engine.layer.warm_up()
        running = Running(engine, seconds, in_real_time=True)
        facts = _facts(decoder, sink, latency_of(engine, sink, config))
        if ear is not None:
            facts.append(_listen(ear, config, engine))
        for note in notes_of(decoder):
            console.print(Text(note, style="yellow"), highlight=False, soft_wrap=True)
        if config.model.voices > 1:
            facts.append(("voices", f"{config.model.voices}: 0 sounds, /voice/1/gate 1 lets the next one sound"))
        screen = Screen(console, facts, config.model.voices)
        stack.enter_context(_log_to(screen))
        ensemble = Ensemble(
            stack,
            config,
            engine=engine,
            queue=queue,
            sink=sink,
            opened=opened,
            ear=ear,
            latency_s=lambda: latency_of(engine, sink, config).total_s,
            end=running.stop.set,
            say=screen.say,
            console=console,
            own_settings=own_settings,
        )
        try:
            facts += ensemble.open(stack)
            stack.enter_context(screen)
            if missing:
                screen.say(missing)
            stack.enter_context(undisturbed())
            with running:
                running.start()
                ensemble.sources.begin()
                if running.priority:
                    screen.say(running.priority)
                _watch(running, engine, screen, config.audio.latency_ms)
        except KeyboardInterrupt:
            # The usual end. As soon as a port is open somebody may ask for it, and then all below closes as after any
            # other: a file that is played into is kept.
            pass
        screen.farewell(engine.status())


def latency_of(engine: Engine, sink: Sink, config: Config) -> Latency:
    """From a control to its sound, with the model that plays at this moment."""
    layer = engine.layer
    block_s = config.audio.block_samples / sink.sample_rate_hz
    return Latency(
        block_s=block_s,
        frame_s=max(0.0, layer.step_s - block_s),
        sink_s=sink.latency_s,
        resampler_s=layer.delay_s,
        model_s=layer.manifest.latency_samples / layer.manifest.sample_rate_hz,
    )


def _advise(choice: Choice, config: Config, console: Console) -> None:
    """Say before it begins what will not go well on this machine."""
    as_it_likes = config.runtime.name == config.runtime.provider == "auto"
    decoder, speed = choice.decoder, choice.times_real_time
    step_s = decoder.control_samples / decoder.manifest.sample_rate_hz
    advice = too_slow(speed, config.model.voices, as_it_likes) or in_lumps(step_s, speed, config.audio.latency_ms)
    if advice:
        console.print(Text(advice, style="yellow"), highlight=False, soft_wrap=True)


def _facts(decoder: Decoder, sink: Sink, latency: Latency) -> list[Fact]:
    """The first rows of the screen."""
    manifest = decoder.manifest
    return [
        ("model", f"{manifest.name}, {len(manifest.latents)} knobs, {manifest.sample_rate_hz} Hz"),
        ("runtime", decoder.runtime),
        ("output", sink.describe()),
        ("latency", str(latency)),
    ]


def _listen(ear: Ear, config: Config, engine: Engine) -> Fact:
    """Let the ear move the knobs; returns the row of the screen that says so."""
    encoder = encoder_for(config, engine.layer)
    engine.layer.listen(ear.follow(encoder))
    return "input", f"{ear.describe()}: its knobs come {1e3 * ear.latency_s(encoder):.0f} ms after the sound"


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
