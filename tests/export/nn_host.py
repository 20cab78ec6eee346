"""A host that reads a TorchScript file as nn~ and nn.ar do, by the rules of their contract and nothing of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

TYPES = {0: bool, 1: int, 2: float, 3: str}


class NnHost:
    """Signals in, signals out: `perform` takes a block as the host's graph has it, all at audio rate."""

    def __init__(self, file: Path) -> None:
        self.files = {"latentone.manifest": ""}
        self.model: Any = torch.jit.load(str(file), map_location="cpu", _extra_files=self.files)
        self.model.eval()
        self.buffers = dict(self.model.named_buffers())
        declared = self.model.get_methods() if hasattr(self.model, "get_methods") else None
        self.methods: list[str] = declared or [
            name.removesuffix("_params") for name in self.buffers if hasattr(self.model, name.removesuffix("_params"))
        ]
        self.last: dict[str, np.ndarray] = {}
        self.failures = 0

    def params(self, method: str) -> list[int]:
        """in_channels, in_ratio, out_channels, out_ratio."""
        found = self.buffers[f"{method}_params"]
        assert found.dtype in (torch.int64, torch.int32)
        assert found.shape == (4,)
        return [int(value) for value in found]

    def labels(self, method: str, side: str) -> list[str]:
        return list(getattr(self.model, f"{method}_{side}_labels"))

    def set(self, attribute: str, *values: object) -> int:
        """As a message from the patch: values are converted to the types that `<attribute>_params` says."""
        kinds = [int(kind) for kind in self.buffers[f"{attribute}_params"]]
        typed = [TYPES[kind](value) for kind, value in zip(kinds, values, strict=True)]
        return getattr(self.model, f"set_{attribute}")(*typed)

    def get(self, attribute: str) -> tuple:
        answer = getattr(self.model, f"get_{attribute}")()
        assert isinstance(answer, tuple)
        return answer

    @property
    def highest_ratio(self) -> int:
        return max(ratio for method in self.methods for ratio in self.params(method)[1::2])

    def perform(self, method: str, signals: np.ndarray) -> np.ndarray:
        """signals (batch, in_channels, samples) to (batch, out_channels, samples); after a fault, what there was before."""
        in_channels, in_ratio, out_channels, out_ratio = self.params(method)
        batch, channels, samples = signals.shape
        assert channels == in_channels
        assert samples % self.highest_ratio == 0, "a host's buffer holds whole frames"
        groups = signals.reshape(batch, channels, samples // in_ratio, in_ratio)
        before = self.last.get(method, np.zeros((batch, out_channels, samples), np.float32))
        try:
            with torch.inference_mode():
                out = getattr(self.model, method)(torch.from_numpy(groups[..., -1].copy()))
        except RuntimeError:
            self.failures += 1
            return before
        if tuple(out.shape) != (batch, out_channels, samples // out_ratio) or out.dtype != torch.float32:
            self.failures += 1
            return before
        self.last[method] = np.repeat(out.numpy(), out_ratio, axis=2)
        return self.last[method]
