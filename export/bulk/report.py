"""The report beside the exported files: what became of each checkpoint, and what need not be done again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import training_data

FILE = "report.json"


@dataclass(frozen=True)
class Entry:
    """One checkpoint. source: its path below the folder. digest: of all that its export depends on, but for the training data."""

    source: str
    name: str
    digest: str
    ok: bool
    reason: str = ""
    """Why not, in one line."""
    family: str = ""
    seconds: float = 0.0
    """That the export took."""
    knobs: list[str] = field(default_factory=list)
    weights: dict[str, Any] = field(default_factory=dict)
    """What weights of less precision cost; empty for float32."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """Of each its name, format, what it holds, its bytes and their SHA-256, parity by runtime, and a script's speed."""
    training_data: dict[str, str] = field(default_factory=dict)
    """What it was fitted to: its path, and its digest as `training_data.digest_of` gives it."""

    def stands(self, digest: str, folder: Path) -> bool:
        """Whether all that it speaks of lies in `folder` as it was left, and would come out the same.

        What was fitted to data that is gone stands: it could not be fitted again.
        """
        return (
            self.ok
            and self.digest == digest
            and bool(self.training_data)
            and training_data.digest_of(self.training_data["path"]) in ("", self.training_data["digest"])
            and bool(self.files)
            and all(
                (folder / file["file"]).is_file() and sha256(folder / file["file"]) == file["sha256"]
                for file in self.files
            )
        )


def read(folder: Path) -> dict[str, Entry]:
    """The entries of an earlier report by name; none where it is missing or cannot be read."""
    try:
        record = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {entry["name"]: Entry(**entry) for entry in record["checkpoints"]}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def write(folder: Path, options: dict[str, Any], entries: list[Entry]) -> None:
    """Whole or not at all; a report that says the same stays untouched."""
    record = {
        "latentone": version("latentone"),
        "options": options,
        "exported": sum(entry.ok for entry in entries),
        "failed": sum(not entry.ok for entry in entries),
        "checkpoints": [asdict(entry) for entry in entries],
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    file = folder / FILE
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return
    partial = file.with_name(f"{FILE}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


def sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest_of(checkpoint: Path, name: str, options: dict[str, Any]) -> str:
    """Of the checkpoint, the options and this version of Latentone."""
    facts = [sha256(checkpoint), name, options, version("latentone")]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
