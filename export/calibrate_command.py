"""`latentone calibrate`: its flags and what it prints."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, cast

from rich.console import Console
from typer import Argument, Option

from .errors import LatentoneError
from .runtime.load import SCRIPT_SUFFIX, need_torch, shipped_model


def calibrate(
    model: Annotated[
        Path, Argument(help="A TorchScript model of others with encode and decode, such as RAVE's exports.")
    ],
    audio: Annotated[Path, Option("--audio", help="A folder of recordings like those that it was trained on.")],
    axes: Annotated[
        str, Option(help="principal: knobs are the recordings' principal axes; own: one for each latent of the model.")
    ] = "principal",
    sample_rate: Annotated[int | None, Option(help="Of a model that does not say its own, in Hz.")] = None,
    seed: Annotated[int, Option(help="Of the sweeps that name the knobs.")] = 0,
) -> None:
    """Make knobs of a foreign model's latents: recordings say how far they reach, sweeps what each is heard to do.

    \b
      latentone calibrate rave.ts --audio recordings    writes rave.ts.latentone.json
      latentone play rave.ts                            reads it

    Models that `latentone export` wrote are calibrated already.
    """
    if axes not in ("principal", "own"):
        raise LatentoneError(f"--axes {axes}: is not one of principal, own")
    file = shipped_model(str(model))
    if file.suffix != SCRIPT_SUFFIX:
        raise LatentoneError(
            f"{file}: was calibrated when it was exported: `latentone calibrate` is for .ts files of others"
        )
    need_torch(file)
    for package in ("librosa", "scipy"):
        if find_spec(package) is None:
            raise LatentoneError(f"calibrating needs {package}: pip install 'latentone[train]'")
    from .calibrate_script import Axes
    from .calibrate_script import calibrate as run

    with Console(stderr=True).status("loading the model") as status:
        written, knobs, skipped = run(file, audio, cast(Axes, axes), seed, sample_rate, status.update)
    for line in skipped:
        print(f"skipped {line}")
    on = knobs.calibrated_on
    print(f"knobs: {written}, {knobs.axes} axes, from {on['seconds']} s of audio in {on['files']} files")
    print("  " + ", ".join(latent.name for latent in knobs.latents))
    print(f"next: latentone play {file}")
