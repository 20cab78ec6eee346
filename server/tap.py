"""What listens to a playing engine, such as a recorder."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .events import ControlEvent


class Tap(Protocol):
    """Hears what is played and what moves it, on the engine's thread: it must not wait, lock, or allocate what grows."""

    def sound(self, audio: np.ndarray) -> None:
        """Float32 (channels, samples), as it goes to the sink; to be copied."""
        ...

    def event(self, event: ControlEvent, sample: int) -> None:
        """`event` takes effect at `sample` of the stream, now or within milliseconds.

        Events of one sample come in the order in which they count.
        """
        ...


class Deaf:
    """The tap of an engine that nobody records."""

    def sound(self, audio: np.ndarray) -> None:
        pass

    def event(self, event: ControlEvent, sample: int) -> None:
        pass
