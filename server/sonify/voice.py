"""The instrument that passages are played on: the offline engine, in whichever process or machine it is wanted."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import soundfile
from rich.console import Console

from ...export.errors import LatentoneError
from ...export.manifest import Manifest
from ...export.runtime import Decoder
from ..audio.file import FileSink
from ..config import Config
from ..engine import Engine
from ..events import EventQueue
from ..instrument import making_ready, new_engine, warm_up
from ..mixer import output_channels
from .maker import maker_of
from .passage import Passage

BLOCK_SAMPLES = 1024
"""Fixed, and long: nobody waits for a control here."""
_MARK = "latentone sonify "


class Stopped(Exception):
    """Somebody asked for the end while a passage was being played."""


@dataclass(frozen=True)
class Voice:
    """With what passages are played; it can be sent to another process. The settings' model is a file."""

    config: Config
    decoder_sha256: str
    sample_rate_hz: int = 0
    channels: int = 0
    maker: str = ""
    """What computes the samples, see `maker_of`; empty until that is known."""

    def record(self) -> dict[str, Any]:
        """All of it that can be heard, as JSON."""
        audio, runtime = self.config.audio, self.config.runtime
        return {
            "decoder_sha256": self.decoder_sha256,
            "maker": self.maker,
            "runtime": runtime.name,
            "provider": runtime.provider,
            "temperature": audio.temperature,
            "gain_db": audio.gain_db,
            "sample_rate_hz": self.sample_rate_hz,
            "channels": self.channels,
        }

    def moved(self, file: Path) -> Voice:
        """The same voice where its decoder lies elsewhere."""
        return replace(self, config=self.config.with_model(str(file)))


def open_voice(config: Config, console: Console) -> tuple[Voice, Manifest]:
    """The voice of `config`, warm in this process, and its decoder's manifest. Raises LatentoneError if it cannot be had."""
    file = config.model_file().absolute()
    audio = config.audio.model_copy(update={"block_samples": BLOCK_SAMPLES})
    model = config.model.model_copy(update={"name": str(file), "voices": 1})
    settings = config.model_copy(update={"audio": audio, "model": model})
    voice = Voice(settings, file_sha256(file))
    with making_ready(console):
        decoder = _decoder(voice)
        # Here once: other processes find the compiled kernel then.
        warm_up(decoder, 1, BLOCK_SAMPLES)
    manifest = decoder.manifest
    rate_hz = audio.sample_rate_hz or manifest.sample_rate_hz
    channels = audio.channels or output_channels(manifest.channels, 1)
    return replace(voice, sample_rate_hz=rate_hz, channels=channels, maker=maker_of(decoder)), manifest


def play_into(voice: Voice, passage: Passage, output: Path, stop: threading.Event | None = None) -> None:
    """Write the sound of `passage`, from the decoder's initial state, to a WAV file that holds its digest as a comment.

    The sound rises from silence and falls to it within 4 ms, as every stream of the engine does. Raises LatentoneError when
    the decoder fails or the file cannot be written, and Stopped when `stop` is set before the end; then there is no file.
    """
    decoder = _decoder(voice)
    seeded = voice.config.model.model_copy(update={"seed": passage.seed})
    comment = _MARK + passage.digest(voice.record())
    with FileSink(output, voice.sample_rate_hz, voice.channels, comment=comment) as sink:
        engine = new_engine(voice.config.model_copy(update={"model": seeded}), decoder, sink, EventQueue(), None)
        _run(engine, passage, voice.sample_rate_hz, stop or threading.Event())


def _run(engine: Engine, passage: Passage, sample_rate_hz: int, stop: threading.Event) -> None:
    engine.schedule(passage.events(sample_rate_hz))
    engine.run(stop, passage.seconds)
    if stop.is_set():
        raise Stopped
    status = engine.status()
    if status.faults:
        raise LatentoneError(f"the decoder failed ({status.faults} ×): {status.first_fault}")


def is_there(voice: Voice, passage: Passage, file: Path) -> bool:
    """Whether `file` holds the whole sound of exactly this passage on this voice."""
    wanted = _MARK + passage.digest(voice.record())
    return said_by(file) == (wanted, round(passage.seconds * voice.sample_rate_hz))


def is_ours(file: Path) -> bool:
    """Whether `play_into` wrote `file`, of whatever passage and voice."""
    return said_by(file)[0].startswith(_MARK)


def said_by(file: Path) -> tuple[str, int]:
    """The comment in a sound file, and its length in samples; nothing and 0 where there is none that can be read."""
    try:
        with soundfile.SoundFile(file) as sound:
            return sound.comment, sound.frames
    except (OSError, soundfile.LibsndfileError):
        return "", 0


def file_sha256(file: Path) -> str:
    """Of its bytes. Raises LatentoneError when it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise LatentoneError(f"{file}: cannot be read: {error.strerror}") from None


def _decoder(voice: Voice) -> Decoder:
    """Raises LatentoneError where it cannot be loaded, or would not sound as it does where the voice was opened."""
    runtime = voice.config.runtime
    decoder = _loaded(
        voice.config.model.name, voice.decoder_sha256, runtime.name, runtime.provider, voice.config.model.sample_rate_hz
    )
    if voice.maker not in ("", maker_of(decoder)):
        raise LatentoneError(
            f"this machine would play with {maker_of(decoder)}, which may sound otherwise than {voice.maker}: "
            "take machines of one kind, with one version of Latentone"
        )
    return decoder


@lru_cache(maxsize=2)
def _loaded(file: str, _sha256: str, runtime: str, provider: str, sample_rate_hz: int | None) -> Decoder:
    """Loaded once a process; on one thread, whatever the settings say, as the cores have a row each."""
    from ...export.runtime.load import load_decoder

    return cast(Decoder, load_decoder(Path(file), runtime, provider, 1, sample_rate_hz))
