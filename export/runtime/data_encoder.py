"""Encoders of data in ONNX Runtime: rows of a table, or frames of a movement, to calibrated latents; no torch."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from ..errors import LatentoneError
from . import State
from .onnx import check_ports
from .providers import open_data_session


class DataEncoder:
    """A data encoder's file, ready to run. One thread at a time; state is explicit, as a decoder's is."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Raises LatentoneError, one line, for a file that is missing, broken or no data encoder."""
        opened = open_data_session(path, threads)
        self._session, self.manifest = opened.session, opened.manifest
        self._state_names = [record.name for record in self.manifest.state]
        self._outputs = ["latents", *(f"next_{name}" for name in self._state_names)]
        check_ports(path, self._session, ["values", *self._state_names], self._outputs)

    def initial_state(self, batch: int) -> State:
        """The state before the first frame, for `batch` streams; empty where each row stands for itself."""
        return {r.name: np.zeros((batch, *r.shape), dtype=r.dtype) for r in self.manifest.state}

    def encode(self, values: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Float32 values (batch, inputs, frames), in the data's units, to latents (batch, dim, frames), and the next state.

        Blocks of any number of frames give what one pass gives. The arguments are left unchanged.
        """
        feed = {"values": values.astype(np.float32, copy=False), **state}
        latents, *following = cast("list[np.ndarray]", self._session.run(self._outputs, feed))
        return latents, dict(zip(self._state_names, following, strict=True))

    def encode_rows(self, rows: np.ndarray) -> np.ndarray:
        """Rows (rows, inputs) that stand each for itself to latents (rows, dim); raises LatentoneError for other widths."""
        wanted = len(self.manifest.inputs)
        if rows.ndim != 2 or rows.shape[1] != wanted:
            raise LatentoneError(f"{self.manifest.name} reads rows of {wanted} values; these have {rows.shape[-1]}")
        return self.encode(rows[:, :, None], self.initial_state(len(rows)))[0][:, :, 0]
