"""A table's VAE to the file of its encoder."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...models import vae
from ...models.table_files import SCIKIT_LEARN
from ...models.tybalt import network
from ...models.tybalt.data import Source
from ..errors import LatentoneError
from ..onnx.data_encoder import State
from .finish import Exported, Report, Request, finish

EXAMPLES = 60


class Rows(nn.Module):
    """The encoder as the file has it: each frame is a row that stands for itself, and there is no state."""

    def __init__(self, model: network.Tybalt) -> None:
        super().__init__()
        self.model = model

    def forward(self, values: Tensor, state: State) -> tuple[Tensor, State]:
        """Values (batch, inputs, frames) to posterior means (batch, latents, frames)."""
        rows = values.transpose(1, 2)
        means, _ = self.model.encode(rows.flatten(0, 1))
        return means.unflatten(0, rows.shape[:2]).transpose(1, 2), state


def export(request: Request, say: Report = lambda _: None) -> Exported:
    """Raises LatentoneError for a bad checkpoint, training data that is not there, or a file that PyTorch does not confirm."""
    model, record = network.load(request.checkpoint)
    say("encoding the rows that it was trained on")
    # Classes play no part here, and their file may have moved.
    source = replace(source_of(record, request.data_path, None), labels=None)
    training, _ = source.split(source.read(model.columns))
    if len(training.names) < 2:
        raise LatentoneError(f"{source.data_path}: none of the rows that {request.checkpoint} learnt from")
    means = encode(model, training.values)
    # Rows by two streams, so that batches and frames are both compared.
    pairs = training.values[: 2 * min(EXAMPLES, len(training.values) // 2)]
    examples = np.ascontiguousarray(pairs.reshape(2, -1, len(model.columns)).transpose(0, 2, 1))
    say("comparing with PyTorch")
    return finish(
        Rows(model),
        means,
        examples,
        request,
        trained_on={"name": record["data"]["name"], "rows": len(training.names)},
        family=network.FAMILY,
        inputs=model.columns,
        held_out=record["data"]["held_out"],
        network=model.hyperparameters.to_dict(),
        weights_sha256=vae.fingerprint(model),
    )


@torch.inference_mode()
def encode(model: network.Tybalt, values: np.ndarray) -> np.ndarray:
    """Rows (rows, inputs) in the table's units to raw latents (rows, latents): posterior means."""
    return model.encode(torch.from_numpy(values))[0].numpy()


def source_of(record: dict[str, Any], data_path: str | None, labels: str | None) -> Source:
    """Where the data of a checkpoint lies: as it says, unless that is said here. Raises LatentoneError when it is not there."""
    source = Source(**{field.name: record["data"][field.name] for field in fields(Source)})
    source = replace(source, data_path=data_path or source.data_path, labels=labels or source.labels)
    if not Path(source.data_path).exists() and source.data_path not in SCIKIT_LEARN:
        raise LatentoneError(f"{source.data_path}: the training data is not there any more; say where with --data_path")
    return source
