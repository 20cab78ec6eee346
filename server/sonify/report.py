"""The thesis question in words and figures: `answer` a Question, `write` report.json and report.html."""

from __future__ import annotations

from pathlib import Path

from .question import Question


def write_report(question: Question, folder: Path) -> dict:
    """Answer `question`, write `report.json` and `report.html` into `folder`, and give what is in the JSON."""
    raise NotImplementedError
