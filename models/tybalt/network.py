"""The VAE of a table's rows: scaling, encoder, bottleneck, decoder, and what a row costs.

After Tybalt (Way and Greene 2018, doi 10.1142/9789813235533_0008) as the thesis project altered it: a second, narrow hidden
layer on either side of the bottleneck, leaky rectifiers, and batch normalisation in every hidden layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import LatentoneError
from ..record import load_record
from ..vae import Losses, kl_nats, sample
from .hyperparameters import Hyperparameters

FAMILY = "tybalt"
SLOPE = 0.1


class Scaling(nn.Module):
    """A table's own units to 0..1 and back, as the training rows say: their medians fill what is missing (NaN).

    Values beyond those of the training rows are taken for the nearest of them. A column that is constant there is 0.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(inputs))
        self.register_buffer("high", torch.ones(inputs))
        self.register_buffer("median", torch.zeros(inputs))

    def fit(self, values: np.ndarray) -> None:
        """values (rows, inputs), NaN where one is missing, but in no column all of them."""
        for name, found in (("low", np.nanmin), ("high", np.nanmax), ("median", np.nanmedian)):
            self.get_buffer(name).copy_(torch.as_tensor(found(values, axis=0)))

    def forward(self, values: Tensor) -> Tensor:
        """(rows, inputs) to the same in 0..1."""
        low, high = self.get_buffer("low"), self.get_buffer("high")
        values = torch.where(values.isnan(), self.get_buffer("median"), values)
        return ((values - low) / torch.where(high > low, high - low, 1.0)).clamp(0.0, 1.0)

    def inverse(self, scaled: Tensor) -> Tensor:
        """(rows, inputs) in 0..1 to the table's units."""
        low, high = self.get_buffer("low"), self.get_buffer("high")
        return low + scaled * (high - low)


class Tybalt(nn.Module):
    """Rows (rows, inputs), in the table's own units, to a mean and log-variance each, and back."""

    reconstruction_unit = "nats a row"

    def __init__(self, hyperparameters: Hyperparameters, columns: list[str]) -> None:
        """columns: their names, as many as the hyperparameters say."""
        super().__init__()
        h = hyperparameters
        self.hyperparameters, self.columns = h, columns
        self.scaling = Scaling(h.inputs)
        self.encoder = nn.Sequential(
            nn.Dropout(h.input_dropout),
            *_block(h.inputs, h.hidden, h.dropout),
            *_block(h.hidden, h.bottleneck_hidden, h.dropout),
        )
        self.mean = nn.Linear(h.bottleneck_hidden, h.latents)
        self.log_variance = nn.Linear(h.bottleneck_hidden, h.latents)
        self.decoder = nn.Sequential(
            *_block(h.latents, h.bottleneck_hidden, h.dropout),
            *_block(h.bottleneck_hidden, h.hidden, h.dropout),
            nn.Linear(h.hidden, h.inputs),
        )

    def encode(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Rows (rows, inputs) in the table's units to means and log-variances (rows, latents)."""
        hidden = self.encoder(self.scaling(values))
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (rows, latents) to rows (rows, inputs) in the table's units."""
        return self.scaling.inverse(torch.sigmoid(self.decoder(latents)))

    def losses(self, batch: Any, kl_multiplier: float) -> Losses:
        """Binary cross-entropy summed over a row's columns, as Tybalt has it, plus the KL divergence; mean over rows, in nats.

        batch: a list of one tensor (rows, inputs). What is missing of a row is not scored.
        """
        (values,) = batch
        mean, log_variance = (part.float() for part in self.encode(values))
        logits = self.decoder(sample(mean, log_variance) if self.training else mean).float()
        entropy = F.binary_cross_entropy_with_logits(logits, self.scaling(values), reduction="none")
        reconstruction = entropy.where(~values.isnan(), 0.0).sum(dim=1).mean()
        kl = kl_nats(mean, log_variance).sum(dim=1).mean()
        return Losses(reconstruction + kl_multiplier * kl, reconstruction.detach(), kl.detach(), mean.detach())

    def record(self) -> dict[str, Any]:
        return {"family": FAMILY, "hyperparameters": self.hyperparameters.to_dict(), "columns": self.columns}


def _block(inputs: int, outputs: int, dropout: float) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.LeakyReLU(SLOPE), nn.Dropout(dropout)]


def save(path: Path, model: Tybalt, **extra: Any) -> None:
    """A small checkpoint: weights, hyperparameters, column names, and what `extra` says about data and training."""
    torch.save({**model.record(), **extra, "state_dict": model.state_dict()}, path)


def load(path: Path) -> tuple[Tybalt, dict[str, Any]]:
    """The model of a checkpoint (Lightning's, or one that `save` wrote) in eval mode on the CPU, and its record.

    Raises LatentoneError, one line, for a file that is missing, broken or something else.
    """
    record = load_record(path, FAMILY, "tybalt")
    model = Tybalt(Hyperparameters.from_dict(record["hyperparameters"]), record["columns"])
    weights = {key.removeprefix("model."): value for key, value in record["state_dict"].items()}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise LatentoneError(f"{path}: weights do not fit its hyperparameters ({reason})") from None
    return model.eval(), {key: value for key, value in record.items() if key not in ("state_dict", "optimizer_states")}
