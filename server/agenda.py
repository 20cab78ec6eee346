"""The agenda: what is said to the engine, until it takes effect on its sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .events import ControlEvent
from .layer import WAKE
from .layers import Layers
from .levels import PANIC, Levels
from .schedule import Schedule

WAITING_EVENTS = 65536
"""Most events that may wait for their sample; more than that are dropped and counted."""


class Agenda:
    """Levels count for the sound that is being made, latents for what the layer makes, which is `Layer.now`, a little ahead.

    An event waits here until the layer comes to its sample. Then it is settled: told to `tell`, and given to the layer, to
    the levels on their sample, or, as a gate or a panic, to both. What is settled is not forgotten any more, or half of it
    might have been heard. Events of one sample count in the order in which they came. The engine's thread calls.
    """

    def __init__(self, levels: Levels, layers: Layers, tell: Callable[[ControlEvent, int], None]) -> None:
        self._levels, self._layers, self._tell = levels, layers, tell
        self._waiting = Schedule()
        self._settled = Schedule()  # of what moves levels
        self._not_before = 0  # what was said before takes effect then
        self.late = self.dropped = 0

    def put(self, event: ControlEvent, sample: int, *, bounded: bool = True) -> None:
        """Take an event while the sound from `sample` on is to be made; what comes too late takes effect as soon as it can."""
        at = event.at_sample
        if at is None:
            at = sample
        elif bounded and len(self._waiting) >= WAITING_EVENTS:
            self.dropped += 1
            return
        elif at < sample:
            self.late += 1
        now = int(min(self._layers.playing.now(), self._layers.swap_sample))
        if not self._levels.owns(event.address):
            at = max(at, now)
        elif event.address != PANIC and self._levels.voice_of(event.address) is None:
            at = max(at, sample)
        elif at < now:  # both halves of a panic on one sample, and no voice before it has been computed
            at = self._not_before = now
        self._waiting.put(replace(event, at_sample=at), at)
        self.settle(now)
        self.apply_levels(sample)

    def settle(self, until_sample: int) -> None:
        """Hand over what counts up to a sample; but what comes with another model or after it waits for that."""
        until_sample = int(min(until_sample, self._layers.swap_sample - 1))
        while (event := self._waiting.take(until_sample)) is not None:
            self._settle(event)

    def apply_levels(self, sample: int) -> None:
        """Let levels take effect that are due at `sample`."""
        while (event := self._settled.take(sample)) is not None:
            self._levels.apply(event)

    def next_levels(self, before_sample: int) -> int:
        """The sample at which the next levels are due, or `before_sample` when that comes first."""
        return self._settled.next_due(before_sample)

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    def save(self, sample: int) -> list[list[Any]]:
        """What is settled and still to come, counted from `sample`."""
        return [[due - sample, at - sample, *said] for due, at, *said in self._settled.save()]

    def load(self, state: list[list[Any]]) -> None:
        """Go on from what `save` gave, at sample 0."""
        self._settled.load(state)

    def _settle(self, event: ControlEvent) -> None:
        layer, of_levels = self._layers.playing, self._levels.owns(event.address)
        of_layer = not of_levels or event.address == PANIC
        at = max(event.at_sample or 0, self._not_before)
        if event.address == PANIC:
            at = layer.step_from(at)
            if at >= self._layers.swap_sample:
                self._waiting.put(event, int(self._layers.swap_sample))
                return
            self._not_before = at
        elif of_layer:
            at = layer.step_at(at)
            fitting = layer.mapping.fitting(event)
            if fitting is None:
                return
            event = fitting
        event = replace(event, at_sample=at)
        self._tell(event, at)
        if of_levels:
            self._settled.put(event, at)
        if of_layer:
            layer.put(event)
        voice = self._levels.voice_of(event.address)
        if voice is not None and self._levels.sounds(event):
            layer.put(ControlEvent(WAKE, (voice,), at))
