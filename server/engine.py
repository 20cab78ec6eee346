"""The engine: once a block, events move targets, the model sounds, the mixer adds up, the sink takes it and sets the pace."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..export.runtime import Decoder
from .agenda import Agenda
from .audio import Sink
from .clock import StreamClock
from .events import ControlEvent, EventQueue
from .layer import Layer
from .layers import Layers
from .levels import Levels
from .mapping import Mapping
from .mixer import Mixer
from .motion import IdleMotion
from .status import Meter, Status
from .tap import Deaf, Tap

EVENTS_A_BLOCK = 1024
"""Most events taken from the queue in one block: a flood of messages may wait, the sound may not."""
ANSWER_DEADLINE_S = 5.0


class Engine:
    """Joins a queue of events to a sink through the layer that plays, and the mixer. One thread calls `run`.

    The stream is counted in samples of the sink. Gains, gates and places move on the sample that an event names, or with
    the next block; latents on the decoder's step there (see `Layer`). Nothing that is heard depends on how long the blocks are.
    The sound starts from silence and ends in it.

    A block that the decoder fails to make (an exception, or numbers that are not finite) is replaced by a fade to
    silence, and the decoder goes on from its initial state: what led to the failure may live in the state.
    """

    def __init__(
        self,
        decoder: Decoder,
        sink: Sink,
        mapping: Mapping,
        levels: Levels,
        queue: EventQueue,
        *,
        block_samples: int,
        name: str = "",
        seed: int = 0,
        idle: IdleMotion | None = None,
    ) -> None:
        """block_samples: of the sink, made at a time. `sink` is open: its rate and channels are those of the stream.

        name: by which the model can be found again.
        """
        self._sink, self._queue, self.levels = sink, queue, levels
        self._block, self._rate_hz, self._seed = block_samples, sink.sample_rate_hz, seed
        self._mixer = Mixer(levels, sink.channels, self._rate_hz, block_samples)
        self.layers = Layers(self.new_layer(decoder, mapping, name, idle), self._rate_hz)
        self._agenda = Agenda(levels, self.layers, lambda event, sample: self.tap.event(event, sample))
        self._calls: deque[Callable[[], object]] = deque()
        self.tap: Tap = Deaf()

        self._sample = 0
        self._begun = False
        self._fade_at = math.inf
        self._out = np.zeros((sink.channels, block_samples), np.float32)
        self._last = np.zeros((sink.channels, 1), np.float32)

        self._clock = StreamClock(self._rate_hz, time.time(), sink.latency_s)
        self._meter, self._peak = Meter(), 0.0
        self._faults = 0
        self._first_fault = ""

    # What other threads may call -------------------------------------------------------------------------------------

    def new_layer(self, decoder: Decoder, mapping: Mapping, name: str = "", idle: IdleMotion | None = None) -> Layer:
        """A layer for `Layers.swap`, at rest; made on any thread."""
        return Layer(
            decoder, mapping, name, self._mixer.active, self._rate_hz, self._block, seed=self._seed, idle=idle
        )  # fmt: skip

    def ask(self, function: Callable[[], Any]) -> Any:
        """Run `function` on the engine's thread before the next block, and return what it gives or raise what it raises.

        Raises TimeoutError when the engine does not come to it.
        """
        answer: list[Any] = []
        answered = threading.Event()

        def run() -> None:
            try:
                answer.extend((function(), None))
            except Exception as error:  # for the one who asked
                answer.extend((None, error))
            answered.set()

        self._calls.append(run)
        if not answered.wait(ANSWER_DEADLINE_S):
            raise TimeoutError("the engine does not answer")
        if answer[1] is not None:
            raise answer[1]
        return answer[0]

    def clear_scheduled(self) -> None:
        """Forget every event that waits for its sample, but for those of the next milliseconds."""
        self._calls.append(self._agenda.clear)

    def status(self) -> Status:
        """A snapshot."""
        return Status(
            seconds=self._sample / self._rate_hz,
            load=self._meter.load,
            load_peak=self._meter.peak,
            peak=self._peak,
            underruns=self._sink.underruns,
            events_late=self._agenda.late,
            events_dropped=self._agenda.dropped + self._queue.dropped,
            faults=self._faults,
            first_fault=self._first_fault,
            idle=self.layer.idling,
            voices=int(np.count_nonzero(self._mixer.active)),
        )

    def sample_at(self, unix_time_s: float) -> int:
        """The sample of the stream that is heard at a time of the wall clock; see `StreamClock`."""
        return self._clock.sample_at(unix_time_s)

    def targets(self) -> list[float]:
        """Where the first voice's knobs are meant to be, (dim,): the place that drifts until one is touched."""
        return self.layer.targets()

    @property
    def layer(self) -> Layer:
        """The one that plays, or that the sound is fading over to."""
        return self.layers.playing

    @property
    def sample(self) -> int:
        """How many samples of the stream have been made."""
        return self._sample

    # What the thread that plays does ---------------------------------------------------------------------------------

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Take events that are known beforehand, such as a score's, however many; before `run`."""
        for event in events:
            self._agenda.put(event, self._sample, bounded=False)

    def run(self, stop: threading.Event, seconds: float | None = None, *, fading_out: bool = True) -> None:
        """Play until `stop` is set or `seconds` have been written to the open sink; the end fades out, or is cut."""
        fade_samples = self._mixer.gain_samples
        end = math.inf if seconds is None else round(seconds * self._rate_hz)
        self._fade_at = end - fade_samples if fading_out else math.inf
        while self._sample < end:
            if stop.is_set() and self._fade_at > self._sample:
                if not fading_out:
                    return
                self._fade_at, end = self._sample, min(end, self._sample + fade_samples)
            samples = int(min(self._block, end - self._sample))
            if (layer := self.layers.begin_swap(self._sample)) is not None:
                self.tap.event(ControlEvent("/model/load", (layer.name, layer.runtime_name)), self._sample)
            self._play_block(self.layers.next_turn(self._sample + samples) - self._sample)

    def save(self) -> dict[str, Any]:
        """All that the next samples depend on, but for events that the tap is still to hear of; asked for between two swaps."""
        return {
            "sample": self._sample,
            "levels": self.levels.save(),
            "mixer": self._mixer.save(),
            "layer": self.layer.save(),
            "settled": self._agenda.save(self._sample),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Before `run`: go on from what `save` of an engine with the same model, voices and sink gave, at sample 0."""
        self.levels.load(state["levels"])
        self._mixer.load(state["mixer"])
        self.layer.load(state["layer"], origin_shift=int(state["sample"]))
        self._agenda.load(state["settled"])
        self._begun = True

    def _play_block(self, samples: int) -> None:
        while self._calls:
            self._calls.popleft()()
        reached = self.layer.reaches(self._sample + samples)
        self._agenda.settle(reached)
        self._take_events()
        self._agenda.settle(reached)
        out = self._out[:, :samples]
        began_s = time.perf_counter()
        self._sound(out)
        self._meter.add(time.perf_counter() - began_s, samples / self._rate_hz)
        self.tap.sound(out)
        self._sink.write(out)
        self._last[:] = out[:, -1:]
        self._sample += samples
        self._clock.written(self._sample, time.time(), self._sink.latency_s)

    def _take_events(self) -> None:
        """Empty the queue: what is for now is applied, what is for later waits in order."""
        for _ in range(EVENTS_A_BLOCK):
            event = self._queue.take()
            if event is None:
                return
            self._agenda.put(event, self._sample)

    def _sound(self, out: np.ndarray) -> None:
        """Fill `out` (channels, samples), in pieces between the events that fall into it."""
        fault = None
        first, end = self._sample, self._sample + out.shape[1]
        at = first
        while at < end:
            self._agenda.apply_levels(at)
            self._mixer.follow(closing=at >= self._fade_at, at_start=not self._begun)
            self._begun = True
            until = self._agenda.next_levels(end if at >= self._fade_at else int(min(end, self._fade_at)))
            until = at + self._mixer.until_shut(until - at)
            piece = out[:, at - first : until - first]
            self._mixer.open(piece)
            try:
                self.layers.play(at, piece, self._mixer)
            except Exception as error:  # whatever a runtime throws, the instrument stays alive
                fault = fault or error
            self._mixer.close(piece)
            at = until
        peak = max(float(out.max()), -float(out.min()))  # NaN anywhere comes through both, with no temporary array
        if fault is None and not math.isfinite(peak):
            fault = ArithmeticError("the decoder made numbers that are not finite")
        if fault is None:
            self._peak = max(self._peak, peak)
        else:
            self._recover(fault, out)

    def _recover(self, fault: Exception, out: np.ndarray) -> None:
        """From the last sample heard to silence within `gain_samples`; the next block then rises from silence."""
        self._faults += 1
        self._first_fault = self._first_fault or f"{type(fault).__name__}: {fault}"
        out.fill(0.0)
        count = min(self._mixer.gain_samples, out.shape[1])
        out[:, :count] = self._last * np.arange(count, 0, -1, dtype=np.float32) / count
        self._mixer.rise()
        # Where even this fails the next block will too, and is faded in its turn.
        with contextlib.suppress(Exception):
            self.layer.reset()
