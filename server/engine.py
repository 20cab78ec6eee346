"""The engine: once a block, events turn knobs, knobs glide, the decoder sounds, the sink takes it and sets the pace."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..export.runtime import Decoder
from .audio import Sink
from .events import ControlEvent, EventQueue
from .mapping import Mapping
from .mixer import Mixer
from .motion import IdleMotion
from .schedule import Schedule
from .voices import Voices

EVENTS_A_BLOCK = 1024
"""Most events taken from the queue in one block: a flood of messages may wait, the sound may not."""
WAITING_EVENTS = 65536
"""Most events that may wait for their sample; more than that are dropped and counted."""
LOAD_MEAN_S = 1.0


@dataclass(frozen=True, slots=True)
class Status:
    """How the engine is doing, at one moment; made on the reader's thread."""

    seconds: float
    """Sound made so far."""
    load: float
    """Time that making it takes for each second of sound, averaged over about a second; above 1 it cannot keep up."""
    load_peak: float
    """The same for the worst single block so far."""
    peak: float
    """Largest magnitude handed to the sink so far; above 1 it clips."""
    underruns: int
    events_late: int
    """Events whose sample had already been played; they took effect at once."""
    events_dropped: int
    """Events lost because too many were waiting."""
    faults: int
    """Blocks that the decoder failed to make; each was heard as a short fade to silence."""
    first_fault: str
    idle: bool
    """True until somebody touches a knob."""
    voices: int
    """How many of them sound."""


class Engine:
    """Joins a queue of events to a sink through mapping, voices and mixer. One thread calls `run`.

    Knobs move once a frame of the decoder (`hop_samples`). An event with `at_sample` takes effect on that sample, rounded
    down to a multiple of the decoder's `control_samples`: the block is made in pieces there. Any other takes effect with
    the next block. Gains never step: they begin a straight line at the event. The sound starts from silence and ends in
    it. None of it depends on how long the blocks are.

    A block that the decoder fails to make (an exception, or numbers that are not finite) is replaced by a fade to
    silence, and the decoder goes on from its initial state: what led to the failure may live in the state.
    """

    def __init__(
        self,
        decoder: Decoder,
        sink: Sink,
        mapping: Mapping,
        queue: EventQueue,
        *,
        block_frames: int,
        seed: int = 0,
        idle: IdleMotion | None = None,
    ) -> None:
        manifest = decoder.manifest
        hop = manifest.hop_samples
        self._sink, self._mapping, self._queue = sink, mapping, queue
        self._block_frames, self._hop, self._sample_rate_hz = block_frames, hop, manifest.sample_rate_hz
        self._mixer = Mixer(mapping, manifest.channels, hop, manifest.sample_rate_hz, block_frames * hop)
        self._voices = Voices(decoder, mapping, self._mixer.active, block_frames, seed, idle)
        self._schedule = Schedule(decoder.control_samples)

        self._sample = 0
        self._out = np.zeros((self._mixer.channels, block_frames * hop), np.float32)
        self._nothing = np.zeros((len(mapping.voices), manifest.channels, 1), np.float32)
        self._last = np.zeros((self._mixer.channels, 1), np.float32)
        self._fall = np.arange(hop, 0, -1, dtype=np.float32) / np.float32(hop)

        self._anchor = (0, time.time())
        self._blocks = 0
        self._load = self._load_peak = self._peak = 0.0
        self._late = self._dropped = self._faults = 0
        self._first_fault = ""

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Take events that are known beforehand, such as a score's, however many; before `run`."""
        for event in events:
            self._schedule.put(event)

    def run(self, stop: threading.Event, seconds: float | None = None) -> None:
        """Play until `stop` is set or `seconds` (rounded up to a frame) have been written to the open sink."""
        frames = math.inf if seconds is None else math.ceil(round(seconds * self._sample_rate_hz / self._hop, 6))
        end, block = frames * self._hop, self._block_frames * self._hop
        while self._sample < end:
            closing = stop.is_set() or self._sample + block >= end
            self._play_block(int(min(block, end - self._sample)), closing)
            if closing:
                return

    def status(self) -> Status:
        """A snapshot, from any thread."""
        return Status(
            seconds=self._sample / self._sample_rate_hz,
            load=self._load,
            load_peak=self._load_peak,
            peak=self._peak,
            underruns=self._sink.underruns,
            events_late=self._late,
            events_dropped=self._dropped + self._queue.dropped,
            faults=self._faults,
            first_fault=self._first_fault,
            idle=self._voices.idling,
            voices=int(np.count_nonzero(self._mixer.active)),
        )

    def sample_at(self, unix_time_s: float) -> int:
        """The sample of the model's stream that is heard at a time of the wall clock, from any thread.

        Tied together anew after each block, so it follows the drift of both clocks; it is as exact as the sink's
        latency is known and its `write` returns on time: within about one block.
        """
        sample, written_at_s = self._anchor
        return sample + round((unix_time_s - written_at_s - self._sink.latency_s) * self._sample_rate_hz)

    def targets(self) -> list[float]:
        """Where the first voice's knobs are meant to be, (dim,): the place that drifts until one is touched.

        From any thread.
        """
        return self._voices.targets()

    def _play_block(self, samples: int, closing: bool) -> None:
        self._take_events()
        out = self._out[:, :samples]
        began_s = time.perf_counter()
        self._sound(out, closing)
        self._measure(time.perf_counter() - began_s, samples)
        self._sink.write(out)
        self._last[:] = out[:, -1:]
        self._sample += samples
        self._anchor = (self._sample, time.time())

    def _take_events(self) -> None:
        """Empty the queue: what is for now is applied, what is for later waits in order."""
        for _ in range(EVENTS_A_BLOCK):
            event = self._queue.take()
            if event is None:
                return
            if event.at_sample is None:
                self._mapping.apply(event)
            elif len(self._schedule) < WAITING_EVENTS:
                self._late += event.at_sample < self._sample
                self._schedule.put(event)
            else:
                self._dropped += 1

    def _sound(self, out: np.ndarray, closing: bool) -> None:
        """Fill `out` (channels, samples), in pieces between the events that fall into it."""
        fault = None
        first, end = self._sample, self._sample + out.shape[1]
        fade = end - self._hop if closing else end
        at = first
        while at < end:
            while (event := self._schedule.take(at)) is not None:
                self._mapping.apply(event)
            self._mixer.follow(closing=at >= fade, at_start=at == 0)
            self._voices.follow(at)
            until = self._schedule.next_due(fade if at < fade else end)
            until = at + self._mixer.until_shut(until - at)
            try:
                audio = self._voices.play(at, until - at)
            except Exception as error:  # whatever a runtime throws, the instrument stays alive
                fault, audio = fault or error, self._nothing
            self._mixer.mix(audio, out[:, at - first : until - first])
            at = until
        peak = max(float(out.max()), -float(out.min()))  # NaN anywhere comes through both, with no temporary array
        if fault is None and not math.isfinite(peak):
            fault = ArithmeticError("the decoder made numbers that are not finite")
        if fault is None:
            self._peak = max(self._peak, peak)
        else:
            self._recover(fault, out)

    def _recover(self, fault: Exception, out: np.ndarray) -> None:
        """From the last sample heard to silence within a frame; the next block then rises from silence."""
        self._faults += 1
        self._first_fault = self._first_fault or f"{type(fault).__name__}: {fault}"
        out.fill(0.0)
        np.multiply(self._last, self._fall, out=out[:, : self._hop])
        self._mixer.rise()
        # Where even this fails the next block will too, and is faded in its turn.
        with contextlib.suppress(Exception):
            self._voices.reset()

    def _measure(self, took_s: float, samples: int) -> None:
        block_s = samples / self._sample_rate_hz
        self._blocks += 1
        load = took_s / block_s
        self._load += (load - self._load) * max(block_s / LOAD_MEAN_S, 1.0 / self._blocks)
        self._load_peak = max(self._load_peak, load)
