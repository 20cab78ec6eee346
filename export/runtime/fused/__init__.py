"""The fused runtime: an exported WaveNet's whole sample loop as one function, compiled by numba for this CPU."""

from __future__ import annotations

from pathlib import Path

from ..kernel_decoder import KernelDecoder
from .layout import BANDS
from .stream import FusedStream
from .tensors import NotFusable
from .weights import read


class FusedDecoder(KernelDecoder):
    """A Decoder (see `runtime.Decoder`) run by our own kernel; the file is the one that ONNX Runtime plays.

    A voice uses one core; several are spread over `threads` of them at most.

    Raises LatentoneError for a file that cannot be read and `tensors.NotFusable` for a graph that it does not know.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._threads = threads
        self.provider = "cpu"
        self.weights = read(path)
        self.manifest = self.weights.manifest
        self.control_samples = int(self.weights.plan[BANDS])
        self.runtime = "fused on one core" if threads == 1 else f"fused on up to {threads} cores"
        ours = {name: tensor.shape[1:] for name, tensor in self.stream(1).save().items()}
        for record in self.manifest.state:
            if ours.get(record.name) != tuple(record.shape):
                raise NotFusable(f"its manifest's state {record.name} is not this network's")

    def stream(self, voices: int) -> FusedStream:
        return FusedStream(self.weights, voices, self._threads)
