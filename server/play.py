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

from ..export.manifest import Manifest
from .addresses import StatusReply, address_safe
from .audio import Sink
from .audio.device import AudioUnavailable, DeviceSink
from .audio.null import NullSink
from .audio.timed_file import TimedFileSink
from .config import Config, load_config
from .controllers.midi import MidiController, MidiMap
from .controllers.osc import OscController, ServerActions
from .engine import Engine
from .events import EventQueue
from .instrument import Running, choose_decoder, new_engine
from .mixer import output_channels
from .motion import IdleMotion
from .presets import Presets
from .process import sigterm_like_ctrl_c, undisturbed
from .screen import Latency, Screen, too_slow, troubles
from .status import Status

SCREEN_PERIOD_S = 0.25
SETTLED_S = 2.0
"""Before so long, a load says little: the first blocks fill the output's buffer in a hurry."""
NULL_RATE_HZ, NULL_CHANNELS = 48000, 2


def play(
    model: Annotated[str | None, typer.Argument(help="A shipped model's name, or a model file.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings that go over config.yaml.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="End by itself after so long.")] = None,
    device: Annotated[str | None, typer.Option(help="A part of its name, or its index in `latentone devices`.")] = None,
    sink: Annotated[str | None, typer.Option(help="auto, device, null (no sound, real time) or file.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Play into this .wav or .flac file.")] = None,
    sample_rate: Annotated[int | None, typer.Option(help="Of the output, in Hz.")] = None,
    block: Annotated[int | None, typer.Option(help="Samples of the model's stream made at a time.")] = None,
    latency_ms: Annotated[float | None, typer.Option(help="Sound kept ready in advance.")] = None,
    osc_host: Annotated[str | None, typer.Option(help="Where to listen; 0.0.0.0 lets the network in.")] = None,
    osc_port: Annotated[int | None, typer.Option(help="UDP port to listen on; 0 takes a free one.")] = None,
    midi: Annotated[bool | None, typer.Option("--midi/--no-midi", help="Listen to MIDI inputs.")] = None,
    runtime: Annotated[str | None, typer.Option(help="auto, fused or onnx.")] = None,
    provider: Annotated[str | None, typer.Option(help="auto, cpu, cuda, tensorrt, coreml or directml.")] = None,
    voices: Annotated[
        int | None, typer.Option(help="How many play at once, 1 to 8: /voice/1/gate i 1 starts one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and same controls: same sound.")] = None,
    gain_db: Annotated[float | None, typer.Option(help="Loudness of the output.")] = None,
) -> None:
    """Play a model: it sounds at once, and moves by itself until the first knob is turned.

    \b
      latentone play                            the shipped model
      latentone play my.onnx --latency-ms 20    your own, quicker to answer
      latentone play --sink null --seconds 10   without a sound card
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
        "osc.host": osc_host,
        "osc.port": osc_port,
        "midi.enabled": midi,
    }
    settings = load_config(config, flags)
    with sigterm_like_ctrl_c():
        try:
            play_with(settings, seconds, Console())
        except KeyboardInterrupt:
            return  # before there was anything to close


def play_with(config: Config, seconds: float | None, console: Console) -> None:
    """Play as `config` says for `seconds`, or until it is told to end."""
    with ExitStack() as stack:
        choice = choose_decoder(config, console)
        decoder, manifest = choice.decoder, choice.decoder.manifest
        as_it_likes = config.runtime.name == config.runtime.provider == "auto"
        if advice := too_slow(choice.times_real_time, config.model.voices, as_it_likes):
            console.print(Text(advice, style="yellow"), highlight=False, soft_wrap=True)
        sink, missing = _open_sink(stack, config, manifest)
        queue = EventQueue()
        engine = new_engine(config, decoder, sink, queue, IdleMotion(len(manifest.latents)))
        running = Running(engine, seconds, in_real_time=True)

        latency = Latency(
            block_s=config.audio.block_samples / sink.sample_rate_hz,
            sink_s=sink.latency_s,
            resampler_s=engine.layer.delay_s,
            model_s=manifest.latency_samples / manifest.sample_rate_hz,
        )
        facts = [
            ("model", f"{manifest.name}, {len(manifest.latents)} knobs, {manifest.sample_rate_hz} Hz"),
            ("runtime", decoder.runtime),
            ("output", sink.describe()),
            ("latency", str(latency)),
        ]
        actions = ServerActions(
            status=lambda: _status_reply(manifest, engine.status(), latency),
            targets=engine.targets,
            sample_at=engine.sample_at,
            quit=running.stop.set,
            presets=Presets(config.presets.file),
        )
        if config.model.voices > 1:
            facts.append(("voices", f"{config.model.voices}: 0 sounds, /voice/1/gate 1 lets the next one sound"))
        screen = Screen(console, facts, config.model.voices)
        stack.enter_context(_log_to(screen))
        try:
            facts += _open_controllers(stack, config, manifest, queue, actions)
            stack.enter_context(screen)
            if missing:
                screen.say(missing)
            stack.enter_context(undisturbed())
            with running:
                running.start()
                if running.priority:
                    screen.say(running.priority)
                _watch(running, engine, screen, config.audio.latency_ms)
        except KeyboardInterrupt:
            # The usual end. As soon as a port is open somebody may ask for it, and then all below closes as after any
            # other: a file that is played into is kept.
            pass
        screen.farewell(engine.status())


def _open_sink(stack: ExitStack, config: Config, manifest: Manifest) -> tuple[Sink, str]:
    """The open sink, and what a person should know about it."""
    audio = config.audio
    latency_s = audio.latency_ms / 1000
    channels = output_channels(manifest.channels, config.model.voices)

    if audio.sink == "file" and audio.file is not None:
        rate_hz = audio.sample_rate_hz or manifest.sample_rate_hz
        file = TimedFileSink(audio.file, rate_hz, audio.channels or channels, latency_s)
        return stack.enter_context(file), ""
    missing = ""
    if audio.sink != "null":
        try:
            device = (audio.device, audio.sample_rate_hz, audio.channels, latency_s, audio.host_api, audio.exclusive)
            return stack.enter_context(DeviceSink(*device)), ""
        except AudioUnavailable as error:
            if audio.sink == "device":
                raise
            missing = f"no sound: {error}; playing on without, as --sink null does"
    null = NullSink(audio.sample_rate_hz or NULL_RATE_HZ, audio.channels or NULL_CHANNELS, latency_s)
    return stack.enter_context(null), missing


def _open_controllers(
    stack: ExitStack, config: Config, manifest: Manifest, queue: EventQueue, actions: ServerActions
) -> list[tuple[str, str]]:
    """Open the ports; returns the rows of the screen that say how to reach them."""
    facts = []
    names, voices = manifest.latent_names, config.model.voices
    if config.osc.enabled:
        port = OscController(config.osc.host, config.osc.port, config.osc.reply_port, queue, names, actions, voices)
        facts.append(_fact(stack.enter_context(port).describe()))
        host = "localhost" if port.host in ("127.0.0.1", "0.0.0.0", "::1", "::") else port.host
        knobs = " ".join(f"/latent/{address_safe(name)}" for name in names[:6])
        facts.append(("knobs", f"/latent/0 to /latent/{len(names) - 1}, or by name: {knobs}{' …' * (len(names) > 6)}"))
        facts.append(("try", f"oscsend {host} {port.port} /latent/0 f 0.8"))
    if config.midi.enabled:
        controller = MidiController(config.midi.inputs, MidiMap(config.mapping.midi, names, voices), queue)
        facts.append(_fact(stack.enter_context(controller).describe()))
    end = "Ctrl-C, or the OSC message /quit" if config.osc.enabled else "Ctrl-C"
    return [*facts, ("end", end)]


def _fact(description: str) -> tuple[str, str]:
    kind, _, rest = description.partition(" ")
    return kind, rest.strip()


def _status_reply(manifest: Manifest, status: Status, latency: Latency) -> StatusReply:
    return StatusReply(
        model=manifest.name,
        latents=len(manifest.latents),
        underruns=status.underruns,
        load=status.load,
        load_peak=status.load_peak,
        latency_ms=latency.total_s * 1000,
        sample_rate_hz=manifest.sample_rate_hz,
        events_dropped=status.events_dropped,
        events_late=status.events_late,
        voices=status.voices,
    )


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
