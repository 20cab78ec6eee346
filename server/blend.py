"""What a live input does to the knobs: scale and offset of what is heard, added to the performer's knobs or in their place."""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np

Mode = Literal["add", "replace", "off"]
MODES: tuple[Mode, ...] = ("add", "replace", "off")


class Blend:
    """knob = knob + mix × (goal − knob), where goal is, for each knob by its mode:

    `add`: scale × heard + offset, and what the performer has turned the knob away from its rest; `replace`: scale × heard +
    offset alone; `off`: the knob as it is. Scale and offset are those of all and of the knob, multiplied and added. The
    engine's thread sets and blends; others may read.
    """

    def __init__(
        self, home: np.ndarray, scale: float = 1.0, offset: float = 0.0, mix: float = 1.0, mode: Mode = "add"
    ) -> None:
        """home: where each knob rests, (dim,); kept."""
        dim = len(home)
        self._home = home
        self._start: tuple[float, float, float, Mode] = (scale, offset, mix, mode)
        self.scales, self.offsets = np.ones(dim, np.float32), np.zeros(dim, np.float32)
        self.modes: list[Mode] = [mode for _ in range(dim)]
        self._gain, self._shift = np.zeros(dim, np.float32), np.zeros(dim, np.float32)
        self._adds, self._share = np.zeros(dim, np.float32), np.zeros(dim, np.float32)
        self._goal, self._turned = np.zeros(dim, np.float32), np.zeros(dim, np.float32)
        self.reset()

    def reset(self) -> None:
        """As at the start."""
        self.scale, self.offset, self.mix = self._start[:3]
        mode: Mode = self._start[3]
        self.scales.fill(1.0)
        self.offsets.fill(0.0)
        self.modes = [mode for _ in self.modes]
        self._settle()

    def set_scale(self, knob: int | None, value: float) -> None:
        """Of one knob, or of all."""
        if knob is None:
            self.scale = value
        else:
            self.scales[knob] = value
        self._settle()

    def set_offset(self, knob: int | None, value: float) -> None:
        if knob is None:
            self.offset = value
        else:
            self.offsets[knob] = value
        self._settle()

    def set_mode(self, knob: int | None, mode: Mode) -> None:
        for index in range(len(self.modes)) if knob is None else (knob,):
            self.modes[index] = mode
        self._settle()

    def set_mix(self, mix: float) -> None:
        self.mix = mix
        self._settle()

    def into(self, place: np.ndarray, heard: np.ndarray) -> None:
        """Blend `heard` (dim,) into the knobs at `place` (dim,); allocates nothing."""
        goal, turned = self._goal, self._turned
        np.multiply(heard, self._gain, out=goal)
        goal += self._shift
        np.subtract(place, self._home, out=turned)
        turned *= self._adds
        goal += turned
        goal -= place
        goal *= self._share
        np.add(place, goal, out=place)

    def save(self) -> dict[str, Any]:
        """Plain numbers, strings and arrays."""
        return {
            "all": [self.scale, self.offset, self.mix],
            "scales": self.scales.copy(),
            "offsets": self.offsets.copy(),
            "modes": list(self.modes),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Be as `save` said, on the knobs that both have."""
        self.scale, self.offset, self.mix = map(float, state["all"])
        shared = min(len(self.modes), len(state["modes"]))
        self.scales[:shared], self.offsets[:shared] = state["scales"][:shared], state["offsets"][:shared]
        self.modes[:shared] = cast("list[Mode]", list(state["modes"][:shared]))
        self._settle()

    def _settle(self) -> None:
        np.multiply(self.scales, self.scale, out=self._gain)
        np.add(self.offsets, self.offset, out=self._shift)
        self._adds[:] = [mode == "add" for mode in self.modes]
        self._share[:] = [0.0 if mode == "off" else self.mix for mode in self.modes]
