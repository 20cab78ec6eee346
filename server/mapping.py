"""Where everything is meant to be: control events become the targets that the engine moves towards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .events import ControlEvent


class Mapping:
    """The current targets. The engine thread applies events and reads; other threads may read.

    Every number here was checked where it came in, so nothing is checked again.
    """

    latents: np.ndarray
    """float32 (dim,), in knob units; the same array for life."""
    gain_db: float
    temperature: float
    glide_s: float
    """Time for the latents' way to their targets: the usual glide, or that of the last `/glide_to`."""
    touched: bool
    """True once anybody moved a knob: from then on nothing moves by itself."""

    def __init__(self, home: Sequence[float], *, gain_db: float, temperature: float, glide_s: float) -> None:
        self._home = np.array(home, dtype=np.float32)
        self._start = (gain_db, temperature, glide_s)
        self._index = {f"/latent/{index}": index for index in range(len(home))}
        self.latents = self._home.copy()
        self.touched = False
        self._reset()

    def apply(self, event: ControlEvent) -> None:
        """Take over what one checked event asks for."""
        address, values = event.address, event.values
        index = self._index.get(address)
        if index is not None:
            self.latents[index] = values[0]
            self._turned(self._usual_glide_s)
        elif address == "/latent":
            self.latents[: len(values)] = values
            self._turned(self._usual_glide_s)
        elif address == "/glide_to":
            self.latents[: len(values) - 1] = values[1:]
            self._turned(float(values[0]))
        elif address == "/gain_db":
            self.gain_db = float(values[0])
        elif address == "/temperature":
            self.temperature = float(values[0])
        elif address == "/glide_s":
            self.glide_s = self._usual_glide_s = float(values[0])
        elif address == "/panic":
            self.latents[:] = self._home
            self._reset()
            # Whoever panics wants rest, so the idle motion does not come back.
            self.touched = True

    def _turned(self, glide_s: float) -> None:
        self.glide_s = glide_s
        self.touched = True

    def _reset(self) -> None:
        self.gain_db, self.temperature, self.glide_s = self._start
        self._usual_glide_s = self.glide_s
