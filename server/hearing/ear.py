"""The ear: live sound, encoded by the model that plays on a thread of its own, becomes frames that the engine takes."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import Protocol, Self

import numpy as np

from ...export.manifest import Manifest
from ..contracts import Hearing
from .feed import LatentFeed
from .sounds import Sound

_log = logging.getLogger(__name__)

SHORTEST_BLOCK_S = 0.01
"""Encoders with shorter frames are given several at a time."""
SILENCE_DB = -120.0
LEVEL_S = 0.3
CLOSING_S = 2.0


class LiveEncoder(Protocol):
    """Audio to knobs, block by block."""

    manifest: Manifest

    def rest(self) -> None: ...

    def hear(self, audio: np.ndarray) -> np.ndarray:
        """The next audio (samples,), whole frames, to knobs (dim, frames)."""
        ...


class Ear:
    """Hears `sound` by an encoder, and puts knobs into a feed. A context manager: entering starts the thread.

    `follow` gives it the encoder of another model; until then it rests. Any thread may call.
    """

    def __init__(self, sound: Sound, gain_db: float) -> None:
        self._sound, self.gain_db = sound, gain_db
        self._next: tuple[LiveEncoder, LatentFeed] | None = None
        self._encoder: LiveEncoder | None = None
        self._feed: LatentFeed | None = None
        self._level = self._took_s = self._heard_s = 0.0
        self._changed, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._changed.set()
        self._thread.join(CLOSING_S)

    def follow(self, encoder: LiveEncoder) -> LatentFeed:
        """Hear by `encoder` from now on; returns the feed that it fills."""
        manifest = encoder.manifest
        frame_s, at_once = (
            manifest.hop_samples / manifest.sample_rate_hz,
            _block_samples(manifest) // manifest.hop_samples,
        )
        feed = LatentFeed(len(manifest.latents), frame_s, at_once)
        self._next = encoder, feed
        self._changed.set()
        return feed

    def rest(self) -> None:
        """Hear nothing, as with a model that has no encoder."""
        self._next = self._encoder = self._feed = None
        self._changed.set()

    def describe(self) -> str:
        return self._sound.describe()

    def hearing(self) -> Hearing:
        """A snapshot."""
        encoder, feed = self._encoder, self._feed
        level_db = 20 * math.log10(self._level) if self._level > 1e-6 else SILENCE_DB
        return Hearing(
            source=self._sound.describe(),
            model=encoder.manifest.name if encoder is not None else "",
            level_db=round(level_db, 1),
            latency_ms=1e3 * self.latency_s(encoder) if encoder is not None else 0.0,
            load=self._took_s / self._heard_s if self._heard_s else 0.0,
            frames=feed.written if feed is not None else 0,
            starved=feed.starved if feed is not None else 0,
            skipped=feed.skipped if feed is not None else 0,
        )

    def latency_s(self, encoder: LiveEncoder) -> float:
        """From a sound to the knobs that it moves: until a block of it is there, and what the encoder looks ahead."""
        manifest = encoder.manifest
        return self._sound.latency_s + (_block_samples(manifest) + manifest.latency_samples) / manifest.sample_rate_hz

    def _run(self) -> None:
        block = 0
        while not self._closing.is_set():
            if self._changed.is_set():
                self._changed.clear()
                block = self._take_up()
            encoder, feed = self._encoder, self._feed
            if encoder is None or feed is None:
                self._changed.wait()
                continue
            audio = self._sound.read(block)
            if audio is not None:
                self._hear(encoder, feed, audio)

    def _take_up(self) -> int:
        """Begin with the encoder that was given; returns how many samples it is to hear at a time."""
        following = self._next
        if following is None:
            return 0
        encoder, feed = following
        encoder.rest()
        self._sound.use_rate(encoder.manifest.sample_rate_hz)
        self._took_s = self._heard_s = 0.0
        self._encoder, self._feed = encoder, feed
        return _block_samples(encoder.manifest)

    def _hear(self, encoder: LiveEncoder, feed: LatentFeed, audio: np.ndarray) -> None:
        loud = audio * np.float32(10 ** (self.gain_db / 20))
        seconds = len(audio) / encoder.manifest.sample_rate_hz
        kept = math.exp(-seconds / LEVEL_S)
        self._level = math.sqrt(kept * self._level**2 + (1 - kept) * float(np.mean(np.square(loud))))
        began_s = time.perf_counter()
        try:
            feed.put(encoder.hear(loud))
        except Exception as error:  # whatever a runtime throws, the instrument plays on
            _log.warning("the input is not heard any more: %s", error)
            self._encoder = self._feed = None
        self._took_s = 0.9 * self._took_s + time.perf_counter() - began_s
        self._heard_s = 0.9 * self._heard_s + seconds


def _block_samples(manifest: Manifest) -> int:
    frames = max(1, math.ceil(SHORTEST_BLOCK_S * manifest.sample_rate_hz / manifest.hop_samples))
    return frames * manifest.hop_samples
