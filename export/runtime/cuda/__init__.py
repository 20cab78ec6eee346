"""The CUDA runtime: an exported WaveNet's whole sample loop as one kernel, a thread block a voice.

Nothing of CUDA is imported before a decoder is made; `why_not` says beforehand whether one can be.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import LatentoneError
from ..fused.tensors import plain_tensors
from ..kernel_decoder import KernelDecoder
from .available import first_line, why_not
from .pack import pack
from .plan import THREADS, plan_of

if TYPE_CHECKING:
    from .stream import CudaStream

__all__ = ["CudaDecoder", "CudaUnavailable", "why_not"]


class CudaUnavailable(LatentoneError):
    """There is no CUDA here, or it does not start; the text says what is missing."""


class CudaDecoder(KernelDecoder):
    """A Decoder (see `runtime.Decoder`) run by our own CUDA kernel; the file is the one that ONNX Runtime plays.

    half: matrices lie on the device in half precision, half the bytes of a step; otherwise draws are the CPU kernel's. threads:
    of a block. Making one compiles the kernel and plays a step. Raises LatentoneError, one line, for a file that cannot be
    read, CudaUnavailable where CUDA is missing or fails, and NotFusable for a graph that the kernel does not know.
    """

    def __init__(self, path: Path, half: bool = True, threads: int = THREADS) -> None:
        missing = why_not()
        if missing:
            raise CudaUnavailable(f"the CUDA kernel cannot run: {missing}")
        self.manifest, h, tensors = plain_tensors(path)
        self.control_samples = h.bands
        self.plan = plan_of(h, half, threads)
        packed = pack(self.plan, tensors)
        # numba warns of every grid under 128 blocks; ours has as many as there are voices.
        warnings.filterwarnings("ignore", "Grid size")
        try:
            self._start(*packed)
        except Exception as error:
            raise CudaUnavailable(f"the CUDA kernel does not start: {first_line(error)}") from error
        self.provider = "cuda"
        self.runtime = f"fused on cuda, {'half' if half else 'single'} precision"

    def _start(self, words: np.ndarray, numbers: np.ndarray) -> None:
        from numba import cuda

        from .kernel import compiled
        from .stream import DeviceModel

        self._model = DeviceModel(self.plan, compiled(self.plan), cuda.to_device(words), cuda.to_device(numbers))
        bands = self.plan.bands
        self.stream(1).advance(
            np.zeros((1, self.plan.latents, 1), np.float32),
            np.zeros((1, bands), np.float32),
            np.ones(1, np.float32),
            np.ones(1, bool),
            np.zeros((1, 1, bands), np.float32),
        )

    def stream(self, voices: int) -> CudaStream:
        from .stream import CudaStream

        return CudaStream(self._model, voices)
