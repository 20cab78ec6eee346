"""The small network as a checkpoint and as an instrument, exported once."""

from __future__ import annotations

from pathlib import Path

import pytest
from latentone.export.export import Exported, Request, export
from latentone.models.wavenet_vae import data, network
from small import small_model


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Path:
    model = small_model(bands=16)  # the fewest steps a second
    data.prepare(sorted(recordings.iterdir()), recordings, model, fit=True, progress=False)
    path = tmp_path_factory.mktemp("checkpoint") / "small.ckpt"
    network.save(path, model, training={"train_path": str(recordings), "split": True, "max_files": None})
    return path


@pytest.fixture(scope="session")
def exported(checkpoint: Path) -> Exported:
    output = checkpoint.with_name("small.onnx")
    return export(Request(checkpoint, output, None, None, 0.9, None, "CC0", "made by a test", 0))
