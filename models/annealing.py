"""A VAE's training as its KL divergence sees it: a multiplier that grows at every log step, and latents counted that are in use."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .training import Settings, Timed
from .vae import active_units


class Annealed(Timed):
    """A VAE being trained. A log step is a validation; a subclass appends to `means` what it finds in one.

    `kl_multiplier` grows from `settings.kl_anneal` by as much at every log step, up to `settings.max_kl`.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.learning_rate, settings.max_time_s)
        self.settings = settings
        self.kl_multiplier = min(settings.kl_anneal, settings.max_kl)
        self.means: list[Tensor] = []
        """Posterior means (vectors, latents) of this log step."""

    def on_validation_epoch_end(self) -> None:
        """A log step ends: active units, and one more step of KL annealing."""
        self.log("validation/active_units", float(active_units(torch.cat(self.means))), prog_bar=True, sync_dist=True)
        self.means.clear()
        if self.trainer.sanity_checking:
            return
        self.log("train/kl_multiplier", self.kl_multiplier)
        self.kl_multiplier = min(self.kl_multiplier + self.settings.kl_anneal, self.settings.max_kl)

    def progress(self) -> dict[str, Any]:
        """What a checkpoint keeps of the run, for `on_load_checkpoint`; under `training` in it."""
        return {"kl_multiplier": self.kl_multiplier, "elapsed_s": self.elapsed_s}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.kl_multiplier = checkpoint["training"]["kl_multiplier"]
        self.elapsed_s = checkpoint["training"]["elapsed_s"]
