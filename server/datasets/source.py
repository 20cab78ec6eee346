"""A data set that can be heard: encoded, coupled to the knobs of the decoder that plays, and open to rows that arrive live."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...export.errors import LatentoneError
from ..counted import counted
from ..events import ControlEvent
from .encode import encode_items
from .items import DataSet
from .order import order_of
from .pieces import SMOOTH, MovementPiece, RowPiece, turn

if TYPE_CHECKING:
    from ...export.runtime.data_encoder import DataEncoder


class Coupling(Protocol):
    """From the latents of data to the knobs of a decoder."""

    def apply(self, latents: np.ndarray) -> np.ndarray:
        """(n, data_dim) to (n, audio_dim)."""
        ...


Couple = Callable[[str, np.ndarray, list[str]], Coupling]
"""A coupling by its name, or file, from training latents (n, data_dim) and their labels to the decoder that plays.

Raises LatentoneError."""


class Frames(Protocol):
    """What makes poses of the frames that somebody sends, at whatever rate they come."""

    def push(self, frame: Sequence[float]) -> np.ndarray:
        """A frame to the encoder's inputs (inputs, frames) that are due: none, one or several.

        Raises LatentoneError for a frame with another number of values, or that is none.
        """
        ...


class DataSource:
    """One data set by its name. Settings, live rows and coupling may be said from any thread.

    Live rows and frames are encoded by whoever brings them, in a fraction of a block, one at a time.
    """

    def __init__(
        self,
        name: str,
        data: DataSet,
        encoder: DataEncoder,
        couple: Couple,
        *,
        coupling: str,
        order: str,
        dwell_s: float,
        glide_s: float,
        frames: Callable[[], Frames] | None = None,
    ) -> None:
        """Encodes and couples all items, which may take seconds. frames: what a live movement comes through, new for each;
        without it frames are the encoder's inputs. Raises LatentoneError when that cannot be done."""
        self.name, self.data, self.dwell_s, self.glide_s = name, data, dwell_s, glide_s
        self._encoder, self._couple = encoder, couple
        self._latents = encode_items(encoder, data.items)
        self._path: list[int] | None = None
        self._coupling_name = coupling
        self._coupling: Coupling | None = None
        self._decoders = 0
        """How many have played before this one."""
        self._why_not = "it is being fitted to the decoder"
        self.knobs: Sequence[np.ndarray] | None = None
        self._fitting, self._encoding = threading.Lock(), threading.Lock()
        self.set_coupling(coupling)
        self.piece = self.set_order(order)
        self._new_frames = frames
        self.begin_anew()
        self._warm_up()

    @property
    def is_movement(self) -> bool:
        return self.data.frame_rate_hz is not None

    @property
    def effort(self) -> tuple[int, int]:
        """What has less of it than another is fitted sooner: the place of its coupling among NAMES, and how many items."""
        from ...export.coupling import NAMES  # loaded by now, as this was fitted once already

        name = self._coupling_name
        return NAMES.index(name) + 1 if name in NAMES else 0, len(self._latents)  # a coupling's file is only read

    def describe(self) -> str:
        """For the screen."""
        items = counted(len(self.data.items), "clip" if self.is_movement else "row")
        return f"{self.name}: {items} of {self._encoder.manifest.name}, {self._coupling_name}"

    def set_order(self, order: str) -> RowPiece | MovementPiece:
        """Returns what is to be played from now on. Raises LatentoneError for an order that there is not."""
        self.piece = (MovementPiece if self.is_movement else RowPiece)(self, self._numbers(order))
        return self.piece

    def set_coupling(self, coupling: str | None = None) -> None:
        """Fit to the decoder that plays by now, as before or by another coupling. May take seconds.

        Raises LatentoneError when that cannot be done: what sounded before goes on, unless it was `uncouple`d.
        """
        with self._fitting:
            name, decoders = coupling or self._coupling_name, self._decoders
            try:
                fitted = self._couple(name, *self._training())
                knobs = self._applied(fitted)
            except LatentoneError as error:
                self._why_not = str(error)
                raise
            self._coupling_name = name
            if decoders == self._decoders:  # or else it is another's knobs by now
                self._coupling, self.knobs = fitted, knobs

    def uncouple(self) -> None:
        """Fall silent until it has been fitted again: another decoder plays, whose knobs mean something else."""
        self._why_not = "it is being fitted to the decoder that plays now"
        self._decoders += 1
        self._coupling = self.knobs = None

    def row(self, values: Sequence[float]) -> ControlEvent:
        """What a row that arrives is to be heard as. Raises LatentoneError for another number of values than are wanted."""
        if self.is_movement:
            raise LatentoneError(f"{self.name} is a movement: it takes frames, by /source/{self.name}/frame")
        row = self._checked(values)
        with self._encoding:
            latents = self._encoder.encode_rows(row[None])
        return self._turn(latents, min(self.glide_s, self.dwell_s))

    def frame(self, values: Sequence[float]) -> ControlEvent | None:
        """As `row`, for the frame of a movement that follows those that came before it since the last `begin_anew`.

        None where the model's next frame is not due yet: frames may come faster.
        """
        if (frame_rate_hz := self.data.frame_rate_hz) is None:
            raise LatentoneError(f"{self.name} is a table: it takes rows, by /source/{self.name}/row")
        with self._encoding:
            due = self._checked(values)[:, None] if self._frames is None else self._frames.push(values)
            if not due.shape[1]:
                return None
            latents, state = self._encoder.encode(due[None], self._state)
            if np.isfinite(latents).all():  # or else every frame that follows would be none either
                self._state = state
        return self._turn(latents[:, :, -1], max(self.glide_s, SMOOTH / frame_rate_hz))

    def begin_anew(self) -> None:
        """The next live frame is the first of a movement."""
        with self._encoding:
            self._state = self._encoder.initial_state(1)
            self._frames = None if self._new_frames is None else self._new_frames()

    def need_coupling(self) -> Coupling:
        """The coupling; raises LatentoneError, with the reason, while there is none."""
        if (coupling := self._coupling) is None:
            raise LatentoneError(f"{self.name} cannot be heard: {self._why_not}")
        return coupling

    def _numbers(self, order: str) -> list[int]:
        """Of the items in an order. A path takes seconds to be found, so it is found once."""
        if order.removeprefix("-") != "path":
            return order_of(order, self.data, self._latents)
        if self._path is None:
            self._path = order_of("path", self.data, self._latents)
        return self._path[::-1] if order.startswith("-") else self._path

    def _turn(self, latents: np.ndarray, glide_s: float) -> ControlEvent:
        if not np.isfinite(latents).all():
            raise LatentoneError(f"{self.name}: values that far out are none for {self._encoder.manifest.name}")
        return turn(self.need_coupling().apply(latents)[0], glide_s, f"data {self.name}")

    def _checked(self, values: Sequence[float]) -> np.ndarray:
        wanted = len(self._encoder.manifest.inputs)
        with np.errstate(over="ignore"):
            row = np.array(values, np.float32)
        if len(row) != wanted or not np.isfinite(row).all():
            given = f"got {len(row)}" if len(row) != wanted else "one of them is too large"
            raise LatentoneError(f"{self.name} takes {wanted} values, {given}")
        return row

    def _training(self) -> tuple[np.ndarray, list[str]]:
        """Latents (n, dim) and their labels that a coupling is fitted on: without those of items that are held out."""
        held_out = set(self._encoder.manifest.held_out)
        kept = [index for index, item in enumerate(self.data.items) if item.name not in held_out]
        kept = kept or list(range(len(self.data.items)))
        latents = [self._latents[index] for index in kept]
        labels = [self.data.items[index].label for index in kept for _ in range(self._latents[index].shape[1])]
        return np.concatenate(latents, axis=1).T, labels

    def _applied(self, coupling: Coupling) -> list[np.ndarray]:
        """Knobs of each item, (dim, frames)."""
        ends = np.cumsum([latents.shape[1] for latents in self._latents])[:-1]
        knobs = coupling.apply(np.concatenate(self._latents, axis=1).T)
        return [np.ascontiguousarray(part.T) for part in np.split(knobs, ends)]

    def _warm_up(self) -> None:
        """The first live row is as quick as the others."""
        silent = np.zeros((1, len(self._encoder.manifest.inputs), 1), np.float32)
        for _ in range(2):
            latents, _state = self._encoder.encode(silent, self._encoder.initial_state(1))
            self._turn(latents[:, :, 0], 0.0)
