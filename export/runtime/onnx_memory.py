"""Tensors where an ONNX Runtime session wants them, each with a NumPy array that feeds and reads it.

On the CPU the two are one memory. On CUDA the array is page-locked where numba-cuda is installed, so that copies go
straight from or to it; ONNX Runtime makes these copies on CUDA's default stream and waits for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnxruntime import OrtValue


@dataclass(frozen=True)
class Device:
    """Where a session's tensors live."""

    name: str
    """As ONNX Runtime's Python API calls it: `cpu`, `cuda`."""
    is_host: bool
    """NumPy arrays can be bound as they are."""

    def zeros(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array on the host that is quick to copy to and from the device."""
        if self.name == "cuda":
            try:
                from numba import cuda

                array = cuda.pinned_array(shape, np.dtype(dtype).type)
            except Exception:
                # Not installed, or no memory left to lock: the driver then copies by way of a buffer of its own.
                return np.zeros(shape, dtype)
            array[...] = 0
            return array
        return np.zeros(shape, dtype)


HOST = Device("cpu", is_host=True)
CUDA = Device("cuda", is_host=False)


class Buffer:
    """One tensor: `value` on the device, to be bound; `host`, the NumPy array. Zero at first on both sides."""

    def __init__(self, shape: tuple[int, ...], dtype: str, device: Device) -> None:
        self.host = device.zeros(shape, dtype)
        self.value = self._host_value = OrtValue.ortvalue_from_numpy(self.host)
        if not device.is_host:
            self.value = OrtValue.ortvalue_from_shape_and_type(shape, self.host.dtype.type, device.name)
            self.to_device()

    def to_device(self) -> None:
        if self.value is not self._host_value and self.host.size:
            self.value.update_inplace(self.host)

    def to_host(self) -> None:
        if self.value is not self._host_value and self.host.size:
            self._host_value.update_inplace(self.value)
