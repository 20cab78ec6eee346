"""The engine: once a block, events turn knobs, knobs glide, the decoder sounds, the sink takes it and sets the pace."""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import numpy as np

from ..export.runtime import Decoder, State
from .audio import Sink
from .events import ControlEvent, EventQueue
from .idle import IdleMotion
from .mapping import Mapping
from .trajectory import Trajectory

VOICES = 1
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
    """Time that decoding takes for each second of sound, averaged over about a second; above 1 it cannot keep up."""
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


class Engine:
    """Joins a queue of events to a sink through mapping, trajectory and decoder. One thread calls `run`.

    The control quantum is one frame of the decoder (`hop_samples`): an event with `at_sample` takes effect at the frame
    that contains the sample, any other with the next block. Gain moves in a straight line within a frame, so it never
    steps. The sound starts from silence and ends in it. A block in which the temperature changes is decoded in pieces,
    one for each temperature.

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
        dim, hop, channels = len(manifest.latents), manifest.hop_samples, manifest.channels
        self._decoder, self._sink, self._mapping, self._queue, self._idle = decoder, sink, mapping, queue, idle
        self._block_frames, self._hop = block_frames, hop
        self._noise_per_frame = manifest.noise_per_frame
        self._sample_rate_hz = manifest.sample_rate_hz
        self._trajectory = Trajectory(dim, manifest.sample_rate_hz / hop, mapping.latents)
        # One stream a voice, keyed by seed and voice. Frames draw in turn, so a block's size changes nothing.
        self._random = np.random.Generator(np.random.Philox(key=np.array([seed, 0], dtype=np.uint64)))
        self._state = decoder.initial_state(VOICES)

        self._frame = 0
        self._waiting: list[tuple[int, int, ControlEvent]] = []
        self._order = count()

        self._targets = mapping.latents.copy()
        self._latents = np.zeros((VOICES, dim, block_frames), np.float32)
        self._noise = np.zeros((VOICES, block_frames * manifest.noise_per_frame), np.float32)
        self._temperatures = np.zeros(block_frames, np.float32)  # of each frame
        self._temperature = np.zeros(VOICES, np.float32)
        self._gains = np.zeros(block_frames + 1, np.float32)  # amplitude after each frame; first, of the last block
        self._steps = np.zeros(block_frames, np.float32)
        self._rise = np.arange(1, hop + 1, dtype=np.float32) / np.float32(hop)
        self._gain = np.zeros((block_frames, hop), np.float32)
        self._out = np.zeros((channels, block_frames * hop), np.float32)
        self._last = np.zeros((channels, 1), np.float32)

        self._anchor = (0, time.time())
        self._blocks = 0
        self._load = self._load_peak = self._peak = 0.0
        self._late = self._dropped = self._faults = 0
        self._first_fault = ""

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Take events that are known beforehand, such as a score's, however many; before `run`."""
        for event in events:
            self._wait_for(event)

    def run(self, stop: threading.Event, seconds: float | None = None) -> None:
        """Play until `stop` is set or `seconds` (rounded up to a frame) have been written to the open sink."""
        end = math.inf if seconds is None else math.ceil(round(seconds * self._sample_rate_hz / self._hop, 6))
        while self._frame < end:
            closing = stop.is_set() or self._frame + self._block_frames >= end
            self._play_block(int(min(self._block_frames, end - self._frame)), closing)
            if closing:
                return

    def status(self) -> Status:
        """A snapshot, from any thread."""
        return Status(
            seconds=self._frame * self._hop / self._sample_rate_hz,
            load=self._load,
            load_peak=self._load_peak,
            peak=self._peak,
            underruns=self._sink.underruns,
            events_late=self._late,
            events_dropped=self._dropped + self._queue.dropped,
            faults=self._faults,
            first_fault=self._first_fault,
            idle=self._idling,
        )

    def sample_at(self, unix_time_s: float) -> int:
        """The sample of the model's stream that is heard at a time of the wall clock, from any thread.

        Tied together anew after each block, so it follows the drift of both clocks; it is as exact as the sink's
        latency is known and its `write` returns on time: within about one block.
        """
        sample, written_at_s = self._anchor
        return sample + round((unix_time_s - written_at_s - self._sink.latency_s) * self._sample_rate_hz)

    def targets(self) -> list[float]:
        """Where the knobs are meant to be, (dim,): the place that drifts until one is touched. From any thread."""
        return (self._targets if self._idling else self._mapping.latents).tolist()

    @property
    def _idling(self) -> bool:
        return self._idle is not None and not self._mapping.touched

    def _play_block(self, frames: int, closing: bool) -> None:
        self._take_events()
        self._move(frames)
        if closing:
            self._gains[frames] = 0.0
        out = self._out[:, : frames * self._hop]
        began_s = time.perf_counter()
        self._sound(frames, out)
        self._measure(time.perf_counter() - began_s, frames)
        self._sink.write(out)
        self._last[:] = out[:, -1:]
        self._frame += frames
        self._anchor = (self._frame * self._hop, time.time())

    def _take_events(self) -> None:
        """Empty the queue: what is for now is applied, what is for later waits in order."""
        for _ in range(EVENTS_A_BLOCK):
            event = self._queue.take()
            if event is None:
                return
            if event.at_sample is None:
                self._mapping.apply(event)
            elif len(self._waiting) < WAITING_EVENTS:
                self._late += event.at_sample < self._frame * self._hop
                self._wait_for(event)
            else:
                self._dropped += 1

    def _wait_for(self, event: ControlEvent) -> None:
        heapq.heappush(self._waiting, ((event.at_sample or 0) // self._hop, next(self._order), event))

    def _move(self, frames: int) -> None:
        """Fill latents, gains and temperatures of the block, in stretches between the events that fall into it."""
        done = 0
        while done < frames:
            while self._waiting and self._waiting[0][0] <= self._frame + done:
                self._mapping.apply(heapq.heappop(self._waiting)[2])
            until = min(frames, self._waiting[0][0] - self._frame) if self._waiting else frames
            if self._idling:
                until = done + 1  # idle targets are new in each frame
            self._trajectory.fill(self._target(done), self._mapping.glide_s, self._latents[0, :, done:until])
            self._gains[1 + done : 1 + until] = 10.0 ** (self._mapping.gain_db / 20.0)
            self._temperatures[done:until] = self._mapping.temperature
            done = until

    def _target(self, done: int) -> np.ndarray:
        if self._idle is None or self._mapping.touched:
            return self._mapping.latents
        self._idle.fill(self._frame + done, self._targets)
        return self._targets

    def _sound(self, frames: int, out: np.ndarray) -> None:
        """Decode the block into `out` (channels, samples) and keep the state."""
        self._random.random(out=self._noise[:, : frames * self._noise_per_frame], dtype=np.float32)
        gain = self._gain_ramp(frames)
        state, start = self._state, 0
        try:
            while start < frames:
                end = start + 1
                while end < frames and self._temperatures[end] == self._temperatures[start]:
                    end += 1
                audio, state = self._decode(start, end, state)
                samples = slice(start * self._hop, end * self._hop)
                np.multiply(audio[0], gain[samples], out=out[:, samples])
                start = end
            peak = max(float(out.max()), -float(out.min()))  # NaN anywhere comes through both, with no temporary array
            if not math.isfinite(peak):
                raise ArithmeticError("the decoder made numbers that are not finite")
        except Exception as error:  # whatever a runtime throws, the instrument stays alive
            self._faults += 1
            self._first_fault = self._first_fault or f"{type(error).__name__}: {error}"
            self._state = self._decoder.initial_state(VOICES)
            self._fade_out(out)
            return
        self._state = state
        self._peak = max(self._peak, peak)

    def _decode(self, start: int, end: int, state: State) -> tuple[np.ndarray, State]:
        """Audio (1, channels, samples) of some of the block's frames, and the state after them."""
        latents = np.ascontiguousarray(self._latents[:, :, start:end])  # copies only what is not a whole block
        noise = self._noise[:, start * self._noise_per_frame : end * self._noise_per_frame]
        self._temperature[:] = self._temperatures[start]
        return self._decoder.decode(latents, noise, self._temperature, state)

    def _gain_ramp(self, frames: int) -> np.ndarray:
        """Amplitude of each sample (samples,): a straight line across each frame, from the gain before to its own."""
        before, after = self._gains[:frames], self._gains[1 : frames + 1]
        ramp = self._gain[:frames]
        np.multiply(np.subtract(after, before, out=self._steps[:frames])[:, None], self._rise, out=ramp)
        ramp += before[:, None]
        self._gains[0] = self._gains[frames]
        return ramp.reshape(-1)

    def _fade_out(self, out: np.ndarray) -> None:
        """From the last sample heard to silence within a frame; the next block then rises from silence."""
        out.fill(0.0)
        np.multiply(self._last, self._rise[::-1], out=out[:, : self._hop])
        self._gains[0] = 0.0

    def _measure(self, took_s: float, frames: int) -> None:
        block_s = frames * self._hop / self._sample_rate_hz
        self._blocks += 1
        load = took_s / block_s
        self._load += (load - self._load) * max(block_s / LOAD_MEAN_S, 1.0 / self._blocks)
        self._load_peak = max(self._load_peak, load)
