"""An engine with everything around it, for tests that read back what was heard."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from fakes import FakeDecoder, ListSink
from latentone.export.runtime import Decoder
from latentone.server.engine import Engine
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping
from latentone.server.mixer import output_channels

RATE_HZ = 16000
HOP = 64


class Rig:
    """`play` runs the engine and returns the first channel of what was heard; `sink.both` has all."""

    def __init__(self, decoder: Decoder | None = None, glide_s: float = 0.0, voices: int = 1, **options: Any) -> None:
        self.decoder = decoder or FakeDecoder()
        manifest = self.decoder.manifest
        home = [0.0] * len(manifest.latents)
        self.mapping = Mapping(home, temperature=0.0, glide_s=glide_s, voices=voices)
        self.levels = Levels(voices=voices)
        self.queue = EventQueue()
        self.sink = ListSink(output_channels(manifest.channels, voices))
        options = {"block_samples": 5 * HOP, **options}
        self.engine = Engine(self.decoder, self.sink, self.mapping, self.levels, self.queue, **options)

    def send(self, address: str, *values: float, at_sample: int | None = None) -> None:
        assert self.queue.put(ControlEvent(address, values, at_sample))

    def play(self, seconds: float) -> np.ndarray:
        self.engine.run(threading.Event(), seconds)
        return self.sink.audio
