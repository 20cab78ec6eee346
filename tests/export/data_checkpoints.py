"""Small checkpoints of models of data, with random weights and statistics of real rows and poses."""

from __future__ import annotations

from pathlib import Path

import torch
from figures_of_men import bvh, walk
from latentone.models.mocap import network as motion
from latentone.models.mocap.clips import read_clips
from latentone.models.tybalt import data, network
from latentone.models.tybalt.hyperparameters import Hyperparameters


def save_rows(path: Path) -> Path:
    """Of scikit-learn's wine: 178 rows of 13 columns."""
    torch.manual_seed(0)
    source = data.Source("wine")
    table = source.read()
    h = Hyperparameters(inputs=len(table.columns), hidden=48, bottleneck_hidden=24, latents=4)
    model = network.Tybalt(h, table.columns)
    data.fit_scaling(model, table, "wine")
    network.save(path, model, data={**vars(source.absolute()), "name": "wine", "rows": len(table.names)})
    return path


def save_motion(path: Path) -> Path:
    """Of a walking figure, whose file is left beside it."""
    torch.manual_seed(0)
    folder = path.parent / f"{path.stem}-movement"
    folder.mkdir()
    (folder / "walk.bvh").write_text(bvh(walk(3.0)))
    (clip,) = read_clips(folder, 30.0)
    model = motion.MotionVAE(motion.Hyperparameters(channels=32, latents=4, decoder_channels=16))
    model.encoder.fit(torch.from_numpy(clip.values))
    about = {"path": str(folder), "name": "walking", "trained_on": [clip.name], "held_out": []}
    motion.save(path, model, about)
    return path
