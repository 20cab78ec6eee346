"""`latentone train mocap`: its flags. Imports no torch until it runs, so that `--help` is instant."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

from typer import Option

from .. import flags
from ..errors import LatentoneError


def train_mocap(
    data_path: Annotated[
        Path,
        Option(
            "-dp",
            "--data_path",
            help="A folder of BVH files, a folder in it for each label; or .npz of exponential maps.",
        ),
    ],
    epochs: flags.Epochs = 300,
    export_path: flags.ExportPath = Path("runs/mocap"),
    batch_size: Annotated[int, Option("-bs", "--batch_size", min=1, help="Crops of 1.2 s a step.")] = 16,
    learning_rate: flags.LearningRate = 2e-3,
    kl_anneal: flags.KlAnneal = 0.00002,
    max_kl: flags.MaxKl = 0.0005,
    logs_per_epoch: flags.LogsPerEpoch = 1,
    device: flags.Device = "cpu",
    max_files: Annotated[int | None, Option("-mf", "--max_files", min=1, help="Use at most so many clips.")] = None,
    frame_rate: Annotated[
        float, Option(min=5.0, max=240.0, help="Hz; clips are resampled to it, a live stream too.")
    ] = 30.0,
    window: Annotated[
        float,
        Option(min=0.05, max=10.0, help="Seconds that a latent sees, at least: 3, 7, 15, 31 … frames are possible."),
    ] = 0.5,
    latents: flags.Latents = 32,
    channels: Annotated[int, Option(min=1, help="Of the encoder's convolutions.")] = 96,
    held_out: Annotated[float, Option(min=0.01, max=0.9, help="Share of each label's clips that is held out.")] = 0.2,
    seed: flags.Seed = 0,
    precision: flags.Precision = "32-true",
    max_time: flags.MaxTime = None,
    resume: flags.Resume = None,
    devices: flags.Devices = 1,
    nodes: flags.Nodes = 1,
) -> None:
    """Train a VAE of movement: poses of any skeleton to latents, frame by frame.

    A skeleton needs hips, a spine, arms and legs, by the names that the usual programs give them.

    Example: latentone train mocap -dp recordings -ep 300 --max-time 25m
    """
    flags.check_precision(precision)
    flags.device_parts(device)
    flags.check_resume(resume)
    max_time_s = flags.seconds(max_time)
    if not data_path.exists():
        raise LatentoneError(f"{data_path}: no such file or folder of movements")
    flags.need_training()
    from ..training import Settings
    from .network import Hyperparameters
    from .train import train

    layers = max(1, math.ceil(math.log2(window * frame_rate + 1)) - 1)
    settings = Settings(
        epochs, export_path, learning_rate, kl_anneal, max_kl, logs_per_epoch, device, seed, precision, max_time_s, devices, nodes
    )  # fmt: skip
    sizes = Hyperparameters(frame_rate, layers, channels, latents)
    last = train(data_path, sizes, settings, batch_size, held_out, max_files, resume)
    print(f"checkpoint: {last}\nnext: latentone export {last} -o model.encoder.onnx")
