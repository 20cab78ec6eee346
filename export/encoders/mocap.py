"""A movement's VAE to the file of its encoder: state by name, and how late a change of pose is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...models import vae
from ...models.mocap import data, network
from ...models.mocap.clips import Clip, read_clips
from ...models.mocap.network import Encoder, MotionVAE
from ...models.mocap.pose import INPUTS
from ..errors import LatentoneError
from ..manifest import StateRecord
from ..onnx.data_encoder import State
from .finish import Exported, Report, Request, finish

JUMPS = 64
"""From a pose to another, that the latency is the median of."""
EXAMPLE_FRAMES = 120
DRAWS = 2
"""Of tilts for each clip, to calibrate on."""


class Frames(nn.Module):
    """The encoder as the file has it, its pasts by name, giving posterior means."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, values: Tensor, state: State) -> tuple[Tensor, State]:
        """values (batch, inputs, frames) to means (batch, latents, frames) and the next state."""
        posterior, following = self.encoder(values, list(state.values()))
        return posterior.mean, dict(zip(state, following, strict=True))


def export(request: Request, say: Report = lambda _: None) -> Exported:
    """Raises LatentoneError for a bad checkpoint, clips that are not there, or a file that PyTorch does not confirm."""
    model, record = network.load(request.checkpoint)
    h = model.hyperparameters
    say("encoding the clips that it was trained on")
    clips, _ = clips_of(request.checkpoint, record, request.data_path, h.frame_rate_hz)
    examples = np.stack([np.resize(clip.values.T, (EXAMPLE_FRAMES, len(INPUTS))).T for clip in clips[:4]])
    say("comparing with PyTorch")
    return finish(
        Frames(model.encoder),
        learned(model, clips),
        examples,
        request,
        trained_on={
            "name": record["data"]["name"],
            "clips": len(clips),
            "seconds": round(sum(clip.values.shape[1] for clip in clips) / h.frame_rate_hz),
        },
        family=network.FAMILY,
        inputs=INPUTS,
        frame_rate_hz=h.frame_rate_hz,
        latency_frames=latency_frames(model, clips),
        held_out=record["data"]["held_out"],
        state=[
            StateRecord(name=f"past_{index}", shape=list(past.shape[1:]))
            for index, past in enumerate(model.encoder.initial_state(1))
        ],
        network=h.to_dict(),
        weights_sha256=vae.fingerprint(model),
    )


@torch.inference_mode()
def learned(model: MotionVAE, clips: list[Clip], seed: int = 0) -> np.ndarray:
    """Raw latents (frames, latents) of what the weights learned from: clips and their mirror images, limbs tilted as in training.

    Calibrated on untilted clips alone, axes that no limb of this skeleton turns about would be blown up, and those that
    another's turns about drive knobs far out of their range.
    """
    both = [torch.from_numpy(values) for clip in clips for values in (clip.values, data.mirrored(clip.values))]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tilted = [data.tilted([values]) for values in both for _ in range(DRAWS)]
    return torch.cat([model.encoder(values)[0].mean[0].T for values in tilted]).numpy()


@torch.inference_mode()
def latency_frames(model: MotionVAE, clips: list[Clip], seed: int = 0) -> int:
    """Frames from a pose that changes at once to latents half way to where they will be: the median of JUMPS jumps."""
    everything = np.concatenate([clip.values for clip in clips], axis=1)
    generator = np.random.default_rng(seed)
    poses = everything[:, generator.integers(everything.shape[1], size=(2, JUMPS))]
    window = model.hyperparameters.window_frames
    held = np.repeat(poses.transpose(2, 0, 1), window, axis=2)
    latents = model.encoder(torch.from_numpy(held))[0].mean.numpy()
    before, after = latents[:, :, window - 1 : window], latents[:, :, -1:]
    way = after - before
    done = ((latents[:, :, window:] - before) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-12)
    return int(np.median(np.argmax(done >= 0.5, axis=1)))


def clips_of(
    checkpoint: Path, record: dict[str, Any], data_path: str | None, frame_rate_hz: float
) -> tuple[list[Clip], list[Clip]]:
    """Clips that the weights have seen, and those that they have not. Raises LatentoneError where one is missing."""
    about = record["data"]
    source = data_path or about["path"]
    clips = {clip.name: clip for clip in read_clips(source, frame_rate_hz)}
    missing = [name for name in (*about["trained_on"], *about["held_out"]) if name not in clips]
    if missing:
        raise LatentoneError(
            f"{source}: holds no clip {missing[0]}, which {checkpoint} was trained with; say with --data_path where it is"
        )
    return [clips[name] for name in about["trained_on"]], [clips[name] for name in about["held_out"]]
