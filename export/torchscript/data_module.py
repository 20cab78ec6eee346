"""The contract of nn~ and nn.ar around an encoder of data: `encode`, and `forward` which is the same; state is in the buffers.

Scripting reads annotations as objects, so no file of a scripted class postpones them.
"""

import warnings
from math import prod
from typing import cast

import torch
from torch import Tensor, nn

from ..manifest import DataManifest
from .contract import BOOL, INT, NnContract, padded_to

WIDEST_VALUE = 1e6
"""Frames that leave a trace in the state are held within so much, and what is not a number is 0 there."""


class DataNnModule(NnContract):
    """To be scripted. Values (batch, inputs, samples) in the data's units to knobs (batch, dim, samples).

    Hosts give a value for each sample; `frame_samples` says how many of those are one frame of the data, of which the last counts.
    With 1, which it begins with, every sample is one. Rows past the batch that the file was made for are silent.
    """

    state: Tensor
    held: Tensor
    waiting_samples: Tensor

    def __init__(self, module: nn.Module, manifest: DataManifest, batch: int) -> None:
        """module: as `onnx.data_encoder.CalibratedDataEncoder` is called, in evaluation mode."""
        super().__init__()
        self.inputs, self.dim, self.batch, self.widest = (
            len(manifest.inputs),
            len(manifest.latents),
            batch,
            WIDEST_VALUE,
        )
        packed = _Packed(module, manifest)
        numbers = sum(packed.sizes)
        self.remembers = numbers > 0
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of sizes that it takes for constants: the parity check sends other ones
            example = torch.zeros(2, self.inputs, 3), torch.zeros(2, numbers)
            self.encoder = cast(nn.Module, torch.jit.trace(packed.eval(), example, check_trace=False))
        for method in ("encode", "forward"):
            self.offer(method, manifest.inputs, 1, manifest.latent_names, 1)
        self.frame_samples = (1,)
        self.offer_attribute("reset", BOOL)
        self.offer_attribute("frame_samples", INT)
        self.register_buffer("state", torch.zeros(batch, numbers))
        self.register_buffer("held", torch.zeros(batch, self.dim))
        self.register_buffer("waiting_samples", torch.zeros(1, dtype=torch.int64))
        self.requires_grad_(False)

    @torch.jit.export
    def forget(self) -> None:
        """Everything is as if no frame had come."""
        self.state.zero_()
        self.held.zero_()
        self.waiting_samples.zero_()

    @torch.jit.export
    def get_frame_samples(self) -> tuple[int]:
        return self.frame_samples

    @torch.jit.export
    def set_frame_samples(self, frame_samples: int) -> int:
        """One at least. The frame that has begun begins anew."""
        self.frame_samples = (max(1, frame_samples),)
        self.waiting_samples.zero_()
        return 0

    @torch.jit.export
    def encode(self, values: Tensor) -> Tensor:
        """Values (batch, inputs, samples) to knobs (batch, dim, samples); each lasts until the next frame is there."""
        with torch.no_grad():
            given = padded_to(values[: self.batch], self.inputs)
            rows, samples, frame = given.size(0), given.size(2), self.frame_samples[0]
            knobs = torch.zeros(values.size(0), self.dim, samples)
            if rows > 0 and samples > 0:
                before = int(self.waiting_samples.item())
                frames = (before + samples) // frame
                self.waiting_samples.fill_(before + samples - frames * frame)
                held = self.held[:rows]
                known = held[:, :, None]
                if frames > 0:
                    ends = frame * torch.arange(1, frames + 1) - before - 1
                    known = torch.cat([known, self.advance(given.index_select(2, ends))], dim=2)
                    held.copy_(known[:, :, frames])
                newest = torch.div(before + torch.arange(1, samples + 1), frame, rounding_mode="floor")
                knobs[:rows] = known.index_select(2, newest)
            return knobs

    @torch.jit.export
    def advance(self, values: Tensor) -> Tensor:
        """Frames (rows, inputs, frames) to knobs (rows, dim, frames), one by one."""
        if self.remembers:
            values = torch.nan_to_num(values, nan=0.0).clamp(-self.widest, self.widest)
        state = self.state[: values.size(0)]
        knobs, following = self.encoder(values, state)
        state.copy_(following)
        return knobs

    def forward(self, values: Tensor) -> Tensor:
        return self.encode(values)


class _Packed(nn.Module):
    """The module with all of its state in one tensor (batch, numbers)."""

    def __init__(self, module: nn.Module, manifest: DataManifest) -> None:
        super().__init__()
        self.module = module
        self.names = [record.name for record in manifest.state]
        self.shapes = [list(record.shape) for record in manifest.state]
        self.sizes = [prod(shape) for shape in self.shapes]

    def forward(self, values: Tensor, packed: Tensor) -> tuple[Tensor, Tensor]:
        parts = packed.split(self.sizes, dim=1) if self.sizes else ()
        shaped = [part.unflatten(1, shape) for part, shape in zip(parts, self.shapes, strict=True)]
        latents, following = self.module(values, dict(zip(self.names, shaped, strict=True)))
        if not self.sizes:
            return latents, packed
        return latents, torch.cat([following[name].flatten(1) for name in self.names], dim=1)
