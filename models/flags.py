"""Flags that every `latentone train` command has, as the thesis project named them; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from .errors import LatentoneError

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed", "64-true")

Epochs = Annotated[int, Option("-ep", "--epochs", min=1, help="Passes over the training data.")]
ExportPath = Annotated[Path, Option("-ex", "--export_path", help="Where checkpoints, curves and TensorBoard logs go.")]
LearningRate = Annotated[float, Option("-lr", "--learning_rate", min=0.0, help="Peak rate.")]
KlAnneal = Annotated[
    float, Option("-kla", "--kl_anneal", min=0.0, help="How much the KL multiplier grows after every log step.")
]
MaxKl = Annotated[float, Option("-mkl", "--max_kl", min=0.0, help="Where the KL multiplier stops growing.")]
LogsPerEpoch = Annotated[
    int, Option("-lpe", "--logs_per_epoch", min=1, help="Log steps an epoch: validation and KL annealing.")
]
Device = Annotated[str, Option("-d", "--device", help="cpu, cuda:0, cuda or mps.")]
Latents = Annotated[int, Option(min=1, help="Latent dimensions.")]
Seed = Annotated[int, Option(help="Seed of weights, batches and noise.")]
Precision = Annotated[str, Option(help="32-true, bf16-mixed or 16-mixed.")]
MaxTime = Annotated[str | None, Option(help="Stop after so long, and anneal the rate to it: 90m, 2h, 3600s.")]
Resume = Annotated[
    Path | None,
    Option(help="Go on from this checkpoint, or from its weights if it has no more; its sizes count, not the flags'."),
]
Devices = Annotated[int, Option(min=1, help="Devices a node (Lightning).")]
Nodes = Annotated[int, Option(min=1, help="Nodes (Lightning: under torchrun or SLURM).")]


def check_precision(precision: str) -> None:
    """Raises LatentoneError for a precision that Lightning does not have."""
    if precision not in PRECISIONS:
        raise LatentoneError(f"--precision {precision}: not one of {', '.join(PRECISIONS)}")


def device_parts(device: str) -> tuple[str, str]:
    """cpu, cuda or mps, and the index of a GPU that has one, as in `cuda:0`. Raises LatentoneError for anything else."""
    kind, colon, index = device.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (colon and (kind != "cuda" or not index.isdigit())):
        raise LatentoneError(f"--device {device}: not one of cpu, cuda, cuda:<index>, mps")
    return kind, index


def check_resume(resume: Path | None) -> None:
    """Raises LatentoneError when the checkpoint to go on from is not there."""
    if resume is not None and not resume.is_file():
        raise LatentoneError(f"--resume {resume}: no such checkpoint")


def need_training() -> None:
    """Raises LatentoneError naming the first package that training needs and that is missing."""
    from importlib.util import find_spec

    for package in ("torch", "pytorch_lightning", "tensorboard"):
        if find_spec(package) is None:
            raise LatentoneError(f"training needs {package}: pip install 'latentone[train]'")


def seconds(text: str | None) -> float | None:
    """`90m`, `2h`, `45s` or plain seconds; None stays None. Raises LatentoneError for anything else."""
    if text is None:
        return None
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        value = float(number) * units[unit]
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise LatentoneError(f"--max-time {text}: not a time such as 90m, 2h or 3600s")
    return value
