"""What a live input does to the knobs: scale and offset of what is heard, added to the performer's knobs or in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, cast

import numpy as np

from .events import Value

Mode = Literal["add", "replace", "off"]


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

    def setters(self) -> dict[str, Callable[[tuple[Value, ...]], None]]:
        """Each address of `/input` that moves it, and what it sets; of one knob, or of all."""
        table: dict[str, Callable[[tuple[Value, ...]], None]] = {"/input/mix": partial(self._set, "mix")}
        table |= {"/input/scale": partial(self._set, "scale"), "/input/offset": partial(self._set, "offset")}
        table["/input/mode"] = partial(self._set_mode, range(len(self.modes)))
        for knob in range(len(self.modes)):
            table[f"/input/scale/{knob}"] = partial(self._set_of_one, self.scales, knob)
            table[f"/input/offset/{knob}"] = partial(self._set_of_one, self.offsets, knob)
            table[f"/input/mode/{knob}"] = partial(self._set_mode, (knob,))
        return table

    def getters(self) -> dict[str, Callable[[], tuple[Value, ...]]]:
        """What each of these is set to. From any thread."""
        table: dict[str, Callable[[], tuple[Value, ...]]] = {
            "/input/mix": lambda: (self.mix,),
            "/input/scale": lambda: (self.scale,),
            "/input/offset": lambda: (self.offset,),
            "/input/mode": lambda: (self.modes[0],),
        }
        for knob in range(len(self.modes)):
            table[f"/input/scale/{knob}"] = partial(lambda of: (float(self.scales[of]),), knob)
            table[f"/input/offset/{knob}"] = partial(lambda of: (float(self.offsets[of]),), knob)
            table[f"/input/mode/{knob}"] = partial(lambda of: (self.modes[of],), knob)
        return table

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

    def _set(self, field: str, values: tuple[Value, ...]) -> None:
        setattr(self, field, float(values[0]))
        self._settle()

    def _set_of_one(self, numbers: np.ndarray, knob: int, values: tuple[Value, ...]) -> None:
        numbers[knob] = float(values[0])
        self._settle()

    def _set_mode(self, knobs: Iterable[int], values: tuple[Value, ...]) -> None:
        for knob in knobs:
            self.modes[knob] = cast(Mode, values[0])
        self._settle()

    def _settle(self) -> None:
        np.multiply(self.scales, self.scale, out=self._gain)
        np.add(self.offsets, self.offset, out=self._shift)
        self._adds[:] = [mode == "add" for mode in self.modes]
        self._share[:] = [0.0 if mode == "off" else self.mix for mode in self.modes]
