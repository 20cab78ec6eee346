"""Export every checkpoint of a folder, one after the other; none that fails stops the rest, and what stands is left alone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LatentoneError
from . import report, training_data
from .find import find
from .report import Entry

if TYPE_CHECKING:
    from ..formats import Made

UNFINISHED = ".unfinished"
"""Below the output folder: where files are made, before they are moved to it together."""


@dataclass(frozen=True)
class Options:
    """What is asked for of every checkpoint."""

    formats: tuple[str, ...]
    train_path: Path | None
    temperature: float | None
    speaker: str | None
    licence: str
    credit: str
    seed: int
    weights: str

    def record(self) -> dict[str, Any]:
        return {key: str(value) if isinstance(value, Path) else value for key, value in vars(self).items()} | {
            "formats": list(self.formats)
        }


def run(
    folder: Path,
    output: Path,
    options: Options,
    begun: Callable[[int, int, str], None],
    say: Callable[[str], None],
    ended: Callable[[Entry, bool], None],
) -> list[Entry]:
    """Export what `folder` holds to `output`, with a report after each. Raises LatentoneError only where nothing can begin.

    begun: hears how many are done, of how many, and what is next; say: each stage; ended: each entry, and whether it was left as
    it was. One process at a time may write to an output folder.
    """
    checkpoints = find(folder)
    if output.exists() and not output.is_dir():
        raise LatentoneError(f"{output}: is a file; checkpoints of a folder are exported to a folder")
    scratch = output / UNFINISHED
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    before, entries = report.read(output), []
    try:
        for name, checkpoint in checkpoints.items():
            begun(len(entries), len(checkpoints), name)
            source = checkpoint.relative_to(folder).as_posix()
            digest = report.digest_of(checkpoint, name, options.record())
            known = before.get(name)
            if known is not None and known.source == source and known.stands(digest, output):
                entry, left = known, True
            else:
                entry, left = _export(checkpoint, source, name, digest, output, options, say), False
                if known is not None and replace(known, seconds=entry.seconds) == entry:
                    entry = known  # it fails as it did before
            entries.append(entry)
            rest = [before[key] for key in list(checkpoints)[len(entries) :] if key in before]
            report.write(output, options.record(), [*entries, *rest])
            ended(entry, left)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return entries


def _export(
    checkpoint: Path, source: str, name: str, digest: str, output: Path, options: Options, say: Callable[[str], None]
) -> Entry:
    began_s = time.monotonic()
    try:
        made, fitted_to = _make(checkpoint, output / UNFINISHED / name, name, options, say)
    except Exception as error:  # whatever is wrong with one, the others are to be exported
        reason = str(error) if isinstance(error, LatentoneError) else f"{type(error).__name__}: {error}"
        return Entry(source, name, digest, ok=False, reason=" ".join(reason.split()), seconds=_since(began_s))
    files = []
    for file in made.files:
        path = output / UNFINISHED / file["file"]
        files.append({**file, "bytes": path.stat().st_size, "sha256": report.sha256(path)})
    for file in files:
        (output / UNFINISHED / file["file"]).replace(output / file["file"])
    return Entry(
        source, name, digest, True, "", made.family, _since(began_s), made.knobs, made.weights, files, fitted_to
    )


def _make(
    checkpoint: Path, output: Path, name: str, options: Options, say: Callable[[str], None]
) -> tuple[Made, dict[str, str]]:
    """What was made, and of which training data, as it was when the export began."""
    # Here, because what stands is found to stand without waiting for torch.
    from ..runtime.kernel_cache import use_kernel_cache

    use_kernel_cache()
    from ...models.record import read_record
    from ..export import Request
    from ..formats import make

    data = str(options.train_path or training_data.path_in(read_record(checkpoint)))
    fitted_to = {"path": data, "digest": training_data.digest_of(data)}
    facts = (options.temperature, options.speaker, options.licence, options.credit, options.seed, options.weights)
    return make(Request(checkpoint, output, options.train_path, name, *facts), options.formats, say), fitted_to


def _since(began_s: float) -> float:
    return round(time.monotonic() - began_s, 2)
