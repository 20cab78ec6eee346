"""Where the sound goes: the sink that the settings ask for, or what there is instead."""

from __future__ import annotations

from contextlib import ExitStack

from ..export.manifest import Manifest
from .audio import Sink
from .audio.device import AudioUnavailable, DeviceSink
from .audio.null import NullSink
from .audio.timed_file import TimedFileSink
from .config import Config
from .mixer import output_channels

NULL_RATE_HZ, NULL_CHANNELS = 48000, 2


def open_sink(stack: ExitStack, config: Config, manifest: Manifest) -> tuple[Sink, str]:
    """The open sink, and what a person should know about it. Raises LatentoneError when the one that is asked for does not open."""
    audio = config.audio
    latency_s = audio.latency_ms / 1000
    if audio.sink == "file" and audio.file is not None:
        channels = audio.channels or output_channels(manifest.channels, config.model.voices)
        rate_hz = audio.sample_rate_hz or manifest.sample_rate_hz
        return stack.enter_context(TimedFileSink(audio.file, rate_hz, channels, latency_s)), ""
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
