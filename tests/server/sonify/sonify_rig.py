"""A small table, an encoder and a decoder of it as real files, and runs of `latentone sonify` over them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from data_encoders import write_row_encoder
from fakes import write_fake_model
from latentone.server.config import load_config
from latentone.server.sonify.sonification import Request, sonify
from rich.console import Console

ROWS, HELD_OUT = 24, 8
RATE_HZ = 16000


def row_names() -> list[str]:
    return [f"sample {index:02d}" for index in range(ROWS)]


def write_material(folder: Path) -> Path:
    """data.csv (24 rows of two classes, which differ in column a), data.encoder.onnx, which left the last 8 rows out of its
    training and whose latents are the columns, and fake.onnx, a decoder that sounds as loud as half of its first knob."""
    random = np.random.default_rng(0)
    labels = ["low" if index % 2 else "high" for index in range(ROWS)]
    values = 0.05 * random.standard_normal((ROWS, 3)) + np.array([[0.8, 0, 0], [0.2, 0, 0]] * (ROWS // 2))
    lines = ["sample,a,b,c,kind"]
    lines += [
        f"{name},{','.join(f'{v:.4f}' for v in row)},{label}"
        for name, row, label in zip(row_names(), values, labels, strict=True)
    ]
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    write_row_encoder(folder / "data.encoder.onnx", held_out=row_names()[-HELD_OUT:])
    write_fake_model(folder / "fake.onnx")
    return folder


def request(material: Path, output: Path, **changes: Any) -> Request:
    """Every held-out row for a tenth of a second, without a report."""
    usual: dict[str, Any] = {
        "data": str(material / "data.csv"),
        "labels": "kind",
        "model": str(material / "data.encoder.onnx"),
        "coupling": "direct",
        "output": output,
        "rows": None,
        "limit": None,
        "order": "file",
        "form": "both",
        "dwell_s": 0.1,
        "segment_s": 4.0,
        "workers": 1,
        "ray": None,
        "report": False,
    }
    return Request(**{**usual, **changes})


def run(
    material: Path,
    output: Path,
    settings: dict[str, Any] | None = None,
    console: Console | None = None,
    **changes: Any,
) -> Path:
    """Sonify in this process; returns the folder. console: where to say what is said."""
    flags = {"model.name": str(material / "fake.onnx"), "source_defaults.glide_s": 0.0, **(settings or {})}
    sonify(request(material, output, **changes), load_config(None, flags), console or Console(quiet=True))
    return output


def timeline(folder: Path) -> list[dict[str, str]]:
    with (folder / "timeline.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    """Every sound in a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.wav"))}
