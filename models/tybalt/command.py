"""`latentone train tybalt`: its flags. Imports no torch until it runs, so that `--help` is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from .. import flags
from ..tables import DATA_HELP, LABELS_HELP
from .hyperparameters import Hyperparameters


def train_tybalt(
    data_path: Annotated[str, Option("-dp", "--data_path", help=DATA_HELP)],
    labels: Annotated[str | None, Option(help=LABELS_HELP + " Rows are held out class by class.")] = None,
    names: Annotated[
        str | None, Option(help="The column that names the rows, if it is not the one said above.")
    ] = None,
    epochs: flags.Epochs = 200,
    export_path: flags.ExportPath = Path("runs/tybalt"),
    batch_size: Annotated[int, Option("-bs", "--batch_size", min=2, help="Rows a step.")] = 64,
    learning_rate: flags.LearningRate = 1e-3,
    kl_anneal: flags.KlAnneal = 0.02,
    max_kl: flags.MaxKl = 1.0,
    logs_per_epoch: flags.LogsPerEpoch = 1,
    device: flags.Device = "cpu",
    max_rows: Annotated[
        int | None, Option("-mf", "--max_rows", min=3, help="Use at most so many rows, evenly from top to bottom.")
    ] = None,
    hidden: Annotated[int, Option(min=1, help="Units of the layer next to the data.")] = 1000,
    bottleneck_hidden: Annotated[int, Option(min=1, help="Units of the layer next to the latents.")] = 64,
    latents: flags.Latents = 32,
    input_dropout: Annotated[
        float, Option(min=0.0, max=0.95, help="Share of a row's values hidden from the encoder while it learns.")
    ] = 0.0,
    dropout: Annotated[
        float, Option(min=0.0, max=0.95, help="Share of each hidden layer's units that are silent while it learns.")
    ] = 0.0,
    held_out: Annotated[
        float, Option(min=0.01, max=0.9, help="Share of the rows of each class that is never learnt from.")
    ] = 0.2,
    seed: Annotated[int, Option(help="Seed of weights, batches, noise, and of which rows are held out.")] = 0,
    precision: flags.Precision = "32-true",
    max_time: flags.MaxTime = None,
    resume: flags.Resume = None,
    devices: flags.Devices = 1,
    nodes: flags.Nodes = 1,
) -> None:
    """Train a VAE of the rows of a table, after Tybalt: gene expression, measurements, any table of numbers.

    Examples:
      latentone train tybalt -dp digits -ex runs/digits
      latentone train tybalt -dp genes.tsv.gz --labels labels.tsv:acronym --hidden 256 --input-dropout 0.5 -ex runs/genes
    """
    flags.check_precision(precision)
    flags.device_parts(device)
    flags.check_resume(resume)
    max_time_s = flags.seconds(max_time)
    flags.need_training()
    from ..training import Settings
    from .data import Source
    from .train import train

    settings = Settings(
        epochs, export_path, learning_rate, kl_anneal, max_kl, logs_per_epoch, device, seed, precision, max_time_s, devices, nodes
    )  # fmt: skip
    sizes = Hyperparameters(0, hidden, bottleneck_hidden, latents, input_dropout, dropout)
    source = Source(data_path, labels, names, max_rows)
    last = train(source, settings, sizes, batch_size, held_out, resume)
    print(f"checkpoint: {last}\nnext: latentone export {last} -o model.encoder.onnx")
