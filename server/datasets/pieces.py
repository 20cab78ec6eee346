"""A data set in one order as something to be played: rows that dwell and glide, and movements that go by their frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..addresses import GLIDE_S, KNOB
from ..events import ControlEvent, Value
from .items import DataSet

STEPS_HZ = 200
"""A movement has so many places a second at which the knobs may be told; of those that come faster than EVENTS_HZ some are not."""
EVENTS_HZ = 50
SMOOTH = 2.0
"""A movement glides from one event to the next, and on into the following one: its speed has no steps."""
MOST_TOLD = 100
"""Characters of a class or name that are told: a table's text may be longer than any datagram."""


class Sounding(Protocol):
    """How a data set sounds at this moment: may change at any time, from another thread."""

    name: str
    data: DataSet
    knobs: Sequence[np.ndarray] | None
    """What the items mean to the decoder that plays, (dim, frames) each; None while that is not known."""
    dwell_s: float
    glide_s: float


def turn(knobs: np.ndarray, glide_s: float, source: str) -> ControlEvent:
    """What brings the knobs to `knobs` (dim,) within glide_s."""
    values = np.clip(knobs, KNOB.low, KNOB.high).tolist()
    return ControlEvent("/glide_to", (glide_s, *values), source=source)


class RowPiece:
    """`piece.Piece` of rows: its places are rows of the order, and each stays for as long as the source says."""

    by_beats = False

    def __init__(self, sounding: Sounding, order: Sequence[int]) -> None:
        self._sounding, self.order = sounding, order
        self.length = float(len(order))

    @property
    def unit_s(self) -> float:
        return self._sounding.dwell_s

    def __len__(self) -> int:
        return len(self.order)

    def place(self, number: int) -> float:
        return float(number)

    def number_at(self, place: float) -> int:
        return min(int(place), len(self.order) - 1)

    def event(self, number: int, times: float) -> ControlEvent | None:
        sounding = self._sounding
        if (knobs := sounding.knobs) is None:
            return None
        glide_s = min(sounding.glide_s, sounding.dwell_s / times)
        return turn(knobs[self.order[number]][:, 0], glide_s, f"data {sounding.name}")

    def scrubbed(self, place: float) -> ControlEvent | None:
        """What brings the knobs at once to where they are at a place."""
        return self.event(self.number_at(place), 1.0)

    def mark(self, number: int) -> tuple[Value, ...]:
        return mark_of(self._sounding, self.order[number])

    def place_of(self, items: float) -> float:
        """The place where so many items of the order have been played."""
        return items

    def items_at(self, place: float) -> float:
        """How many items of the order have been played at a place."""
        return place


class MovementPiece:
    """`piece.Piece` of clips, one after another: its places are seconds, and between frames it goes in a straight line."""

    by_beats = False
    unit_s = 1.0

    def __init__(self, sounding: Sounding, order: Sequence[int]) -> None:
        self._sounding, self.order = sounding, order
        assert sounding.data.frame_rate_hz is not None
        self._frame_rate_hz = sounding.data.frame_rate_hz
        frames = [sounding.data.items[index].values.shape[1] for index in order]
        self._starts_s = np.concatenate([[0.0], np.cumsum(frames)]) / self._frame_rate_hz
        self.length = float(self._starts_s[-1])
        self._steps = max(1, math.ceil(self.length * STEPS_HZ))
        self._firsts = {math.ceil(start_s * STEPS_HZ - 1e-6): clip for clip, start_s in enumerate(self._starts_s[:-1])}
        """Of each clip the step that it begins with."""

    def __len__(self) -> int:
        return self._steps

    def place(self, number: int) -> float:
        return number / STEPS_HZ

    def number_at(self, place: float) -> int:
        return min(int(place * STEPS_HZ), self._steps - 1)

    def event(self, number: int, times: float) -> ControlEvent | None:
        stride = max(1, int(times * STEPS_HZ / EVENTS_HZ))
        sounding = self._sounding
        if (number % stride and number not in self._firsts) or (knobs := sounding.knobs) is None:
            return None
        glide_s = max(sounding.glide_s, SMOOTH * stride / STEPS_HZ / times)
        return turn(self._knobs_at(knobs, number / STEPS_HZ), min(glide_s, GLIDE_S.high), f"data {sounding.name}")

    def scrubbed(self, place: float) -> ControlEvent | None:
        """What brings the knobs at once to where they are at a place."""
        if (knobs := self._sounding.knobs) is None:
            return None
        return turn(self._knobs_at(knobs, place), self._sounding.glide_s, f"data {self._sounding.name}")

    def mark(self, number: int) -> tuple[Value, ...] | None:
        clip = self._firsts.get(number)
        return None if clip is None else mark_of(self._sounding, self.order[clip])

    def place_of(self, items: float) -> float:
        clip = min(int(items), len(self.order) - 1)
        start_s, end_s = self._starts_s[clip], self._starts_s[clip + 1]
        return float(start_s + (items - clip) * (end_s - start_s))

    def items_at(self, place: float) -> float:
        clip = self._clip_at(place)
        start_s, end_s = self._starts_s[clip], self._starts_s[clip + 1]
        return clip + float((place - start_s) / (end_s - start_s))

    def _clip_at(self, place: float) -> int:
        found = int(np.searchsorted(self._starts_s, place + 1e-9, side="right")) - 1
        return min(max(found, 0), len(self.order) - 1)

    def _knobs_at(self, knobs: Sequence[np.ndarray], place: float) -> np.ndarray:
        """(dim,)"""
        clip = self._clip_at(place)
        frames = knobs[self.order[clip]]
        at = max(0.0, (place - float(self._starts_s[clip])) * self._frame_rate_hz)
        before = min(int(at), frames.shape[1] - 1)
        after = min(before + 1, frames.shape[1] - 1)
        return frames[:, before] + (frames[:, after] - frames[:, before]) * (at - before)


def mark_of(sounding: Sounding, index: int) -> tuple[Value, ...]:
    """What is told when an item begins to be heard: the source, the item's number in the file, and its class, or name, at
    most MOST_TOLD characters of it."""
    item = sounding.data.items[index]
    return sounding.name, index, _short(item.label or item.name)


def _short(text: str) -> str:
    return text if len(text) <= MOST_TOLD else f"{text[: MOST_TOLD - 1]}…"
