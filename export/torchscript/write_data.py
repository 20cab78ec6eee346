"""An encoder of data to one `.ts` file for nn~ and nn.ar: compared with PyTorch in blocks, and its speed said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import torch

from ..encoders.finish import Exported
from ..errors import LatentoneError
from ..manifest import METADATA_KEY, DataManifest
from ..onnx.data_encoder import BLOCK_FRAMES, TOLERANCE
from .data_module import DataNnModule

BATCH = 8
"""Rows that a file has state for: what mc.nn~ may ask for at once."""
HOST_RATE_HZ = 48000
MEASURED_SAMPLES = 512
PATIENCE_S = 1.0


@dataclass(frozen=True)
class ExportedDataScript:
    """error: the largest difference from PyTorch, relative to the largest latent (or 1)."""

    file: Path
    manifest: DataManifest
    error: float
    frames_per_s: float
    """That one core of this machine encodes, for one row."""

    @property
    def times_real_time(self) -> float:
        """In a host at HOST_RATE_HZ, where every sample is a frame."""
        return self.frames_per_s / HOST_RATE_HZ


def script(done: Exported, output: Path, say: Callable[[str], None] = lambda _: None) -> ExportedDataScript:
    """Script what was exported as ONNX. Raises LatentoneError where the script answers otherwise than PyTorch."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=output.parent) as folder:
        say("scripting")
        module = DataNnModule(done.module, done.manifest, BATCH)
        scripted = cast(torch.jit.ScriptModule, torch.jit.script(module.eval()))
        say("comparing with PyTorch")
        error = parity(scripted, done)
        say("measuring")
        speed = frames_per_s(scripted, done.examples)
        scripted.set_reset(True)
        made = ExportedDataScript(output, done.manifest, error, speed)
        facts = {
            "batch": BATCH,
            "frames_per_s": round(speed),
            "times_real_time": round(made.times_real_time, 3),
            "times_real_time_at_hz": HOST_RATE_HZ,
        }
        manifest = done.manifest.model_copy(update={"torchscript": facts})
        draft = Path(folder) / output.name
        torch.jit.save(scripted, draft, _extra_files={METADATA_KEY: manifest.model_dump_json()})
        draft.replace(output)
    return ExportedDataScript(output, manifest, error, speed)


@torch.inference_mode()
def parity(scripted: torch.jit.ScriptModule, done: Exported) -> float:
    """Largest difference from one pass of PyTorch, over blocks of several sizes; raises LatentoneError over TOLERANCE."""
    values = torch.from_numpy(done.examples[:BATCH])
    state = {record.name: torch.zeros(len(values), *record.shape) for record in done.manifest.state}
    wanted = done.module(values, state)[0]
    scripted.set_reset(True)
    parts, start, block = [], 0, 0
    while start < values.shape[2]:
        parts.append(scripted.encode(values[:, :, start : start + BLOCK_FRAMES[block % len(BLOCK_FRAMES)]]))
        start, block = start + parts[-1].shape[2], block + 1
    error = float((torch.cat(parts, dim=2) - wanted).abs().max() / wanted.abs().max().clamp(min=1.0))
    if not error <= TOLERANCE:
        raise LatentoneError(f"parity: the script differs from PyTorch by {error:.2g} (at most {TOLERANCE:g} allowed)")
    return error


@torch.inference_mode()
def frames_per_s(scripted: torch.jit.ScriptModule, examples: np.ndarray) -> float:
    """How many frames of one row a core encodes in a second, in a host's blocks, once it is warm."""
    values = torch.from_numpy(np.resize(examples[:1].transpose(0, 2, 1), (1, MEASURED_SAMPLES, examples.shape[1])))
    values = values.transpose(1, 2).contiguous()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(3):
            scripted.encode(values)
        times_s: list[float] = []
        while len(times_s) < 50 and sum(times_s) < PATIENCE_S:
            began_s = time.perf_counter()
            scripted.encode(values)
            times_s.append(time.perf_counter() - began_s)
    finally:
        torch.set_num_threads(threads)
    # The middle block: what else the machine does while it is measured is not the model's.
    return MEASURED_SAMPLES / float(np.median(times_s))
