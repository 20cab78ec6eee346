"""What the desk needs of the parts of a playing instrument; the parts themselves do not know of it.

Each method is called from a thread of the desk, never from the engine's, and may wait for a disk. Each raises
LatentoneError, with one line for the performer, when it cannot be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from .addresses import StatusReply
from .events import Value


class Clocked(Protocol):
    """The engine, as others see it. Every method may be called from any thread and returns at once."""

    def status_reply(self) -> StatusReply: ...

    def targets(self) -> list[float]:
        """Where the knobs of voice 0 are meant to be after the events taken in so far, (dim,) in knob units."""
        ...

    def value_of(self, address: str) -> tuple[Value, ...] | None:
        """What was last said to an address of the engine, such as `/gain_db` or `/voice/1/latent/3`; None if it has no value."""
        ...

    def sample_at(self, unix_time_s: float) -> int:
        """The sample of the stream that is heard at a time of the wall clock, in seconds since 1970."""
        ...

    def clear_scheduled(self) -> None:
        """Forget every event that waits for its sample."""
        ...


class PresetBook(Protocol):
    """Where presets are kept."""

    def names(self) -> list[str]: ...

    def recall(self, name: str) -> list[float]: ...

    def store(self, name: str, values: Sequence[float]) -> None: ...

    def delete(self, name: str) -> None: ...


class ModelInfo(NamedTuple):
    """The model that plays."""

    name: str
    sample_rate_hz: int
    latents: Sequence[tuple[str, float]]
    """Of each knob its name and resting place."""
    channels: int
    voices: int
    runtime: str


class ModelShelf(Protocol):
    """The models that can be played, and the one that plays."""

    def names(self) -> list[str]: ...

    def info(self) -> ModelInfo: ...

    def load(self, name: str, runtime: str | None) -> None:
        """Load and warm a model aside, in that runtime or the settings's; return when it has been faded over to, seconds later."""
        ...


class MapRow(NamedTuple):
    """One mapping, for people and for `/map/list.reply`."""

    source: str
    target: str
    low: float
    high: float
    curve: str


class Maps(Protocol):
    """What outside controls move."""

    def learn(self, target: str, low: float | None, high: float | None, learned: LearnedCall) -> None:
        """Wait for the next control, and call `learned(source, target)` when it has been moved."""
        ...

    def cancel(self) -> None: ...

    def add(self, source: str, target: str, low: float | None, high: float | None, curve: str | None) -> None: ...

    def remove(self, source: str) -> None: ...

    def rows(self) -> list[MapRow]: ...

    def save(self) -> Path:
        """Write the mappings into the settings file in use, and leave the rest of it as it is; returns the file."""
        ...

    def heard_osc(self, address: str, arguments: Sequence[object]) -> list[tuple[str, tuple[Value, ...]]] | None:
        """Addresses and values that somebody else's OSC address asks for, if it is mapped or learned; None for any other."""
        ...


class LearnedCall(Protocol):
    def __call__(self, source: str, target: str, /) -> None: ...


class Recorder(Protocol):
    """Takes down the sound, and the session as a score."""

    def start(self, name: str) -> Path:
        """Begin; returns the sound file. Raises when one is under way, or the name is not that of a file."""
        ...

    def stop(self) -> tuple[Path, float]:
        """End; returns the sound file and its length in seconds."""
        ...


class Sources(Protocol):
    """What can be played live, by its name."""

    def names(self) -> list[str]: ...

    def play(self, name: str) -> None: ...

    def stop(self, name: str) -> None: ...

    def set_rate(self, name: str, times: float, by_tempo: bool) -> None: ...

    def set_loop(self, name: str, on: bool) -> None: ...


class DataSources(Sources, Protocol):
    """Data sets, of which more can be asked than of scores."""

    def seek(self, name: str, place: float) -> None:
        """Go to a place, counted in items of the order that is played."""
        ...

    def go_to(self, name: str, index: int) -> None:
        """Go to an item by its number in the file."""
        ...

    def take_row(self, name: str, values: Sequence[float]) -> None:
        """Encode a row and play it at once; quick."""
        ...

    def take_frame(self, name: str, values: Sequence[float]) -> None:
        """Encode the next frame of a movement and play it at once; quick."""
        ...

    def set_dwell(self, name: str, dwell_s: float) -> None: ...

    def set_glide(self, name: str, glide_s: float) -> None: ...

    def set_order(self, name: str, order: str) -> None: ...

    def set_coupling(self, name: str, coupling: str) -> None: ...


class SourceBook(Protocol):
    """Scores and data sets, and which of the two a name means."""

    def names(self) -> list[str]: ...

    def named(self, name: str) -> Sources: ...

    def data_set(self, name: str) -> DataSources:
        """Raises where `name` is that of a score."""
        ...
