"""`latentone train wavenet-vae`: its flags. Imports no torch until it runs, so that `--help` is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import BadParameter, Option

from .. import audio_files, flags
from ..errors import LatentoneError
from .hyperparameters import HEAD_NAMES, SIZES, Hyperparameters


def train_wavenet_vae(
    train_path: Annotated[
        Path, Option("-tp", "--train_path", help="Folder of recordings (wav, flac, ogg, mp3; any rate).")
    ],
    validation_path: Annotated[
        Path | None, Option("-vp", "--validation_path", help="Folder held out; without it every tenth file of -tp is.")
    ] = None,
    epochs: flags.Epochs = 100,
    export_path: flags.ExportPath = Path("runs/wavenet-vae"),
    batch_size: Annotated[int, Option("-bs", "--batch_size", min=1, help="Clips a step.")] = 12,
    learning_rate: Annotated[
        float,
        Option("-lr", "--learning_rate", min=0.0, help="Peak rate; the thesis project used 0.00001 at size paper."),
    ] = 1e-3,
    kl_anneal: flags.KlAnneal = 0.0005,
    max_kl: flags.MaxKl = 0.002,
    logs_per_epoch: flags.LogsPerEpoch = 1,
    device: flags.Device = "cpu",
    max_files: Annotated[
        int | None, Option("-mf", "--max_files", min=1, help="Use at most so many files a folder.")
    ] = None,
    size: Annotated[str, Option(help=f"Channels by name: {', '.join(SIZES)}.")] = "live",
    bands: Annotated[int, Option(help="Sub-bands: 1 as in the paper; 4, 8 or 16 train and play faster.")] = 4,
    latents: Annotated[int, Option(min=1, help="Latent dimensions: the knobs.")] = 32,
    layers_per_stack: Annotated[int, Option(min=1, max=12, help="Dilated layers in each of the 2 stacks.")] = 10,
    head: Annotated[
        str,
        Option(
            help=f"What is drawn: {HEAD_NAMES[0]} over 8-bit µ-law codes, or {HEAD_NAMES[1]}, a mixture over 16-bit samples."
        ),
    ] = HEAD_NAMES[0],
    sample_rate: Annotated[int, Option(min=8000, max=192000, help="Hz; recordings are resampled to it.")] = 16000,
    hop: Annotated[int, Option(min=1, help="Samples of one latent in training.")] = 320,
    control_hop: Annotated[int, Option(min=1, help="Samples of one frame in playing; divides --hop.")] = 64,
    clip: Annotated[
        float, Option(min=0.1, help="Seconds of a training clip that count; the receptive field comes on top.")
    ] = 1.0,
    free_nats: Annotated[
        float, Option(min=0.0, help="KL a latent gets for free each frame, in nats: no dead knobs.")
    ] = 0.25,
    scored: Annotated[
        float,
        Option(
            min=0.01, max=1.0, help="Share of a clip's steps that are scored; less is quicker with the softmax head."
        ),
    ] = 1.0,
    past_noise: Annotated[
        float,
        Option(
            min=0.0, help="Noise on the decoder's own past, at most so loud as it: cleaner tones from clean recordings."
        ),
    ] = 0.0,
    speakers: Annotated[
        bool, Option("--speakers", help="Each folder below -tp is a speaker with an embedding.")
    ] = False,
    seed: flags.Seed = 0,
    precision: flags.Precision = "32-true",
    max_time: flags.MaxTime = None,
    resume: flags.Resume = None,
    devices: flags.Devices = 1,
    nodes: flags.Nodes = 1,
) -> None:
    """Train a WaveNet VAE on a folder of recordings.

    Example: latentone train wavenet-vae -tp recordings -ep 50 --size live --bands 8 --max-time 2h
    """
    if size not in SIZES:
        raise BadParameter(f"{size} is not one of {', '.join(SIZES)}", param_hint="--size")
    flags.check_precision(precision)
    flags.device_parts(device)
    if speakers and not train_path.is_dir():
        raise LatentoneError(f"{train_path}: no such folder")
    names = tuple(sorted(path.name for path in train_path.iterdir() if path.is_dir())) if speakers else ()
    if speakers and not names:
        raise LatentoneError(f"{train_path}: --speakers needs a folder for each speaker, and there is none")
    try:
        hyperparameters = Hyperparameters.of_size(
            size,
            sample_rate_hz=sample_rate,
            bands=bands,
            latents=latents,
            latent_hop_samples=hop,
            control_hop_samples=control_hop,
            layers_per_stack=layers_per_stack,
            head=head,
            speakers=names,
        )
    except ValueError as error:
        raise LatentoneError(str(error)) from None
    flags.check_resume(resume)
    max_time_s = flags.seconds(max_time)
    for folder in (train_path, *([validation_path] if validation_path else [])):
        audio_files.find(folder)  # before torch and Lightning are loaded, which takes seconds
    flags.need_training()
    from ..training import Settings as RunSettings
    from .train import Settings, train

    run = RunSettings(
        epochs, export_path, learning_rate, kl_anneal, max_kl, logs_per_epoch, device, seed, precision, max_time_s, devices, nodes
    )  # fmt: skip
    last = train(
        Settings(
            run, train_path, validation_path, batch_size, max_files, hyperparameters, clip, free_nats, scored, past_noise, resume
        )
    )  # fmt: skip
    print(f"checkpoint: {last}\nnext: latentone export {last} -tp {train_path} -o model.onnx")
