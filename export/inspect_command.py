"""`latentone inspect`: what a model file says of itself."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Annotated
from zipfile import ZipFile, is_zipfile

from rich.console import Console
from rich.table import Table
from typer import Argument

from .manifest import METADATA_KEY, DataManifest, Manifest, any_manifest

SHOWN = 6
"""Of long lists, from the beginning."""


def inspect(model: Annotated[Path, Argument(help="A model file, or a shipped model's name.")]) -> None:
    """Print what a model file is: rates or columns, latency, training data, and every knob.

    \b
      latentone inspect voice              a shipped model
      latentone inspect mine.onnx          your own; rave.ts is one of others
      latentone inspect digits             an encoder of data: its columns and its latents
    """
    from .runtime.load import SCRIPT_SUFFIX, load_torchscript, shipped_file
    from .runtime.providers import open_any_session

    file = shipped_file(str(model))
    script = None
    if file.suffix != SCRIPT_SUFFIX:
        manifest = open_any_session(file).manifest
    elif (about_data := _of_data_script(file)) is not None:
        manifest = about_data
    else:
        script = load_torchscript(file)
        manifest = script.manifest
    console = Console()
    facts = Table("", manifest.name, title=str(model), title_justify="left", show_edge=False)
    facts.add_row("kind", f"{manifest.kind}, {manifest.family}")
    for title, fact in _of_data(manifest) if isinstance(manifest, DataManifest) else _of_audio(manifest):
        facts.add_row(title, fact)
    for title, record in (
        ("network", manifest.network),
        ("trained on", manifest.trained_on),
        ("written by", manifest.tools),
    ):
        facts.add_row(title, ", ".join(f"{key} {value}" for key, value in record.items() if value not in ("", [])))
    if manifest.weights:
        facts.add_row("weights", ", ".join(f"{key} {value}" for key, value in manifest.weights.items()))
    numbers = sum(prod(record.shape) for record in manifest.state)
    facts.add_row("state", f"{len(manifest.state)} tensors, {numbers} numbers a voice")
    if script is not None:
        for name, (kinds, values) in script.stream(1).attributes().items():
            facts.add_row(f"attribute {name}", f"{' '.join(kinds)}, {' '.join(map(str, values))}")
    console.print(facts)
    for note in script.notes if script is not None else ():
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    console.print()
    console.print(_knobs(manifest))


def _of_data_script(file: Path) -> DataManifest | None:
    """What a TorchScript file says of itself, if it is an encoder of data."""
    if is_zipfile(file):
        with ZipFile(file) as parts:
            for name in parts.namelist():
                if name.endswith(f"/extra/{METADATA_KEY}"):
                    manifest = any_manifest(parts.read(name).decode(), str(file))
                    if isinstance(manifest, DataManifest):
                        return manifest
    return None


def _of_audio(manifest: Manifest) -> list[tuple[str, str]]:
    def samples(count: int) -> str:
        return f"{count} samples ({1e3 * count / manifest.sample_rate_hz:.1f} ms)"

    return [
        ("sample rate", f"{manifest.sample_rate_hz} Hz, {manifest.channels} channel(s)"),
        ("latent frame", samples(manifest.hop_samples)),
        ("latency", samples(manifest.latency_samples) + ", measured" * ("measured" in (manifest.model_extra or {}))),
        ("noise a frame", str(manifest.noise_per_frame)),
        ("temperature", f"{manifest.temperature:g}"),
    ]


def _of_data(manifest: DataManifest) -> list[tuple[str, str]]:
    facts = [("reads", f"{len(manifest.inputs)} values: {_first(manifest.inputs)}")]
    if manifest.frame_rate_hz is None:
        facts.append(("frames", "each row stands for itself"))
    else:
        late_ms = 1e3 * manifest.latency_frames / manifest.frame_rate_hz
        facts.append(
            ("frames", f"{manifest.frame_rate_hz:g} a second, {manifest.latency_frames} late ({late_ms:.0f} ms)")
        )
    return [*facts, ("held out", f"{len(manifest.held_out)} never learnt from: {_first(manifest.held_out)}")]


def _first(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def _knobs(manifest: Manifest | DataManifest) -> Table:
    of_data = isinstance(manifest, DataManifest)
    last = "share of what is rebuilt" if of_data else "heard (ρ)"
    knobs = Table("knob", "name", "home", "mean", "std", "2.5 %", "97.5 %", last, show_edge=False)
    for index, latent in enumerate(manifest.latents):
        clear = sorted((item for item in latent.heard.items() if abs(item[1]) >= 0.5), key=lambda item: -abs(item[1]))
        heard = ", ".join(f"{key} {rho:+.2f}" for key, rho in clear)
        low, high = latent.quantiles.get("0.025", -1.0), latent.quantiles.get("0.975", 1.0)
        knobs.add_row(
            str(index),
            latent.name,
            f"{latent.home:+.2f}",
            f"{latent.mean:+.2f}",
            f"{latent.std:.2f}",
            f"{low:+.2f}",
            f"{high:+.2f}",
            f"{latent.share:.2%}" if of_data else heard,
        )
    return knobs
