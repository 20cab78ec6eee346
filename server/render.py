"""`latentone render` and `latentone resynth`: the engine of `play`, with a file in place of a device and its clock."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..export.errors import LatentoneError, need_matplotlib
from ..export.runtime import Decoder
from ..models import audio_files
from .addresses import KNOB, Namespace
from .audio.file import FileSink
from .config import Config, load_settings
from .events import ControlEvent, EventQueue, Value
from .instrument import Running, new_engine, new_mapping, open_decoder
from .midi.files import player_of_files
from .mixer import output_channels
from .picture import draw
from .scores import LOAD, read_score
from .session import Session, read_session
from .snapshot import read_snapshot

PROGRESS_PERIOD_S = 0.1

_Output = Annotated[Path, typer.Option("-o", "--output", help="A .wav or .flac file.")]
_Model = Annotated[str | None, typer.Option(help="A shipped model's name, or a model file.")]
_Settings = Annotated[Path | None, typer.Option(help="Settings that go over config.yaml.")]
_Seed = Annotated[int | None, typer.Option(help="Same seed, score and model: same bytes.")]
_Rate = Annotated[int | None, typer.Option(help="Of the file, in Hz; the model's own if not given.")]


def render(
    score: Annotated[Path, typer.Argument(help="YAML, a SuperCollider score (binary OSC) or a MIDI file.")],
    output: _Output,
    model: _Model = None,
    config: _Settings = None,
    seed: _Seed = None,
    voices: Annotated[int | None, typer.Option(help="How many the score may play, 1 to 8.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="Length; the score's own if not given.")] = None,
    sample_rate: _Rate = None,
    picture: Annotated[Path | None, typer.Option(help="Also draw knobs and spectrogram into this PNG.")] = None,
) -> None:
    """Play a score into a file, as fast as the machine can; the same score, model and seed give the same bytes.

    \b
      latentone render sweep.yaml -o sweep.wav
      latentone render piece.osc -o piece.flac --model my.onnx --seed 7 --sample-rate 48000

    A score in YAML lists events, each a time, an address and its values, or a sweep:

    \b
      - [0.0, /latent, 0.1, -0.3]
      - {from_s: 1, to_s: 5, address: /latent/0, from: -1, to: 1}
    """
    if picture is not None:
        need_matplotlib("--picture")
    session = read_session(score)
    flags = {"model.name": model, "model.voices": voices, "model.seed": seed, "audio.sample_rate_hz": sample_rate}
    if session is not None:
        flags |= _flags_of(session, score, flags)
    settings = load_settings(config, flags)
    console = Console()
    decoder = open_decoder(settings, console)
    names, voices = decoder.manifest.latent_names, settings.model.voices
    commands = player_of_files(settings, Namespace(names, voices)).commands
    rate_hz = settings.audio.sample_rate_hz or decoder.manifest.sample_rate_hz
    others: dict[tuple[Value, ...], Decoder] = {}

    def knobs_of(name: str, runtime: str | None = None) -> list[str]:
        values = (name,) if runtime is None else (name, runtime)
        if values not in others:
            others[values] = open_decoder(settings.with_model(*values), console)
        return others[values].manifest.latent_names

    played = read_score(score, rate_hz, names, commands, voices, knobs_of)
    performance = Performance(played.events, seconds or played.seconds, others, session)
    render_events(settings, decoder, performance, output, console)
    if picture is not None:
        draw(output, played.events, rate_hz, names, picture)


def _flags_of(session: Session, score: Path, given: dict[str, Any]) -> dict[str, Any]:
    """The settings that a recorded session was played with; a flag that says otherwise is an error, as it would not be the same."""
    flags = {
        "model.name": session.model,
        "model.voices": session.voices,
        "runtime.name": session.runtime,
        "audio.sample_rate_hz": session.sample_rate_hz,
        "audio.channels": session.channels,
    }
    for key, value in flags.items():
        if given.get(key) not in (None, value):
            raise LatentoneError(f"{score}: was recorded with {key} {value}, and cannot be rendered with {given[key]}")
    return flags


def resynth(
    recording: Annotated[Path, typer.Argument(help="Any audio file: its latents become the score.")],
    output: _Output,
    model: _Model = None,
    config: _Settings = None,
    seed: _Seed = None,
    sample_rate: _Rate = None,
) -> None:
    """Encode a recording and decode it again: what the model keeps of it.

    \b
      latentone resynth voice.wav -o again.wav
    """
    from ..export.runtime.load import load_encoder_of

    settings = load_settings(config, {"model.name": model, "model.seed": seed, "audio.sample_rate_hz": sample_rate})
    decoder_file = settings.model_file()
    encoder = load_encoder_of(decoder_file, settings.model.sample_rate_hz)
    console = Console()
    decoder = open_decoder(settings, console)
    # As loud as the recordings that the model was trained on: it knows no others.
    audio = audio_files.load(recording, encoder.manifest.sample_rate_hz)[None]
    seconds = audio.shape[1] / encoder.manifest.sample_rate_hz
    late = encoder.manifest.latency_samples
    latents = encoder.encode(np.pad(audio, ((0, 0), (0, late))))[0]  # (dim, frames)
    if latents.shape[0] != len(decoder.manifest.latents):
        raise LatentoneError(
            f"the encoder of {decoder_file.name} makes {latents.shape[0]} latents and its decoder takes "
            f"{len(decoder.manifest.latents)}: they are not of one model"
        )
    frame_s = encoder.manifest.hop_samples / encoder.manifest.sample_rate_hz
    rate_hz = settings.audio.sample_rate_hz or decoder.manifest.sample_rate_hz
    events = latent_events(latents, frame_s * rate_hz, recording.name)
    performance = Performance(events, seconds, skip_samples=late + decoder.manifest.latency_samples)
    render_events(settings, decoder, performance, output, console)


def latent_events(latents: np.ndarray, samples_a_frame: float, source: str) -> list[ControlEvent]:
    """Latents (dim, frames) as a score: each frame held, without glide, for `samples_a_frame` of the output."""
    held = np.clip(latents, KNOB.low, KNOB.high).T.tolist()
    return [
        ControlEvent("/glide_s", (0.0,), 0, source),
        *(
            ControlEvent("/latent", tuple(values), round(index * samples_a_frame), source)
            for index, values in enumerate(held)
        ),
    ]


@dataclass(frozen=True)
class Performance:
    """What is played into a file."""

    events: Sequence[ControlEvent]
    seconds: float
    others: Mapping[tuple[Value, ...], Decoder] = field(default_factory=dict)
    """The models that the events load, by what they say: name, and runtime if any."""
    session: Session | None = None
    """A recorded one, which goes on from its snapshot and is cut where it ended, without a fade."""
    skip_samples: int = 0
    """Of the model's rate, left out at the beginning."""


def render_events(config: Config, decoder: Decoder, performance: Performance, output: Path, console: Console) -> None:
    """Play into the file `output`. Raises LatentoneError, and leaves no file, when it cannot be written or the decoder fails."""
    manifest, session = decoder.manifest, performance.session
    audio = config.audio
    channels = output_channels(manifest.channels, config.model.voices)
    file = FileSink(output, audio.sample_rate_hz or manifest.sample_rate_hz, audio.channels or channels)
    skip_s = performance.skip_samples / manifest.sample_rate_hz
    seconds = performance.seconds + skip_s
    with _Trimmed(file, round(skip_s * file.sample_rate_hz)) as sink:
        engine = new_engine(config, decoder, sink, EventQueue(), None)
        if session is not None:
            engine.load(read_snapshot(session.start))
        engine.schedule(event for event in performance.events if event.address != LOAD)
        for event in performance.events:
            if event.address == LOAD:
                name, other = str(event.values[0]), performance.others[event.values]
                layer = engine.new_layer(other, new_mapping(config, other.manifest), name)
                engine.layers.swap(layer, event.at_sample or 0)
        began_s = time.monotonic()
        with Running(engine, seconds, fading_out=session is None) as running, _progress(console) as progress:
            task = progress.add_task(output.name, total=seconds)
            running.start()
            while not running.done.wait(PROGRESS_PERIOD_S):
                progress.update(task, completed=engine.status().seconds)
        status = engine.status()
        if status.faults:
            raise LatentoneError(f"{output}: not written: the decoder failed ({status.faults} ×): {status.first_fault}")
    took_s = max(time.monotonic() - began_s, 1e-9)
    level = f"peak {20 * math.log10(status.peak):.1f} dB" if status.peak > 0 else "silent"
    clipped = "; it clips: render with a lower /gain_db" if status.peak > 1 else ""
    speed = f"{status.seconds:.1f} s in {took_s:.1f} s ({status.seconds / took_s:.2f} × real time)"
    console.print(f"{output}: {speed}, {level}{clipped}", highlight=False, markup=False, soft_wrap=True)


class _Trimmed:
    """A sink without the first `skip_samples`: a resynthesis then lies beside its recording, the model's delay taken out."""

    def __init__(self, sink: FileSink, skip_samples: int) -> None:
        self._sink = sink
        self._skip_samples = skip_samples
        self.sample_rate_hz, self.channels = sink.sample_rate_hz, sink.channels

    def __enter__(self) -> Self:
        self._sink.__enter__()
        return self

    def __exit__(self, exc_type: object, *exc: object) -> None:
        self._sink.__exit__(exc_type, *exc)

    def write(self, audio: np.ndarray) -> None:
        skipped = min(self._skip_samples, audio.shape[1])
        self._skip_samples -= skipped
        self._sink.write(audio[:, skipped:])

    @property
    def latency_s(self) -> float:
        return self._sink.latency_s

    @property
    def underruns(self) -> int:
        return self._sink.underruns

    def describe(self) -> str:
        return self._sink.describe()


def _progress(console: Console) -> Progress:
    name, percentage = TextColumn("{task.description}"), TextColumn("{task.percentage:.0f} %")
    columns = (name, BarColumn(), percentage, TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
