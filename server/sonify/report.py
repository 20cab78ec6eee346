"""The report of a sonified data set: its figures as JSON, its words, charts and sounds as one page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...export.errors import LatentoneError
from .answers import Answers, answer
from .classes import PERMUTATIONS
from .method import method
from .page import page
from .question import Question
from .words import words

JSON_NAME, PAGE_NAME = "report.json", "report.html"


def write_report(question: Question, folder: Path, *, permutations: int = PERMUTATIONS) -> Answers:
    """Answer `question` and write `report.json` and `report.html` into `folder`, which holds the sounds it names.

    Raises LatentoneError when they cannot be written.
    """
    answers = answer(question, permutations=permutations)
    try:
        (folder / JSON_NAME).write_text(json.dumps(as_json(question, answers), indent=1, ensure_ascii=False) + "\n")
        (folder / PAGE_NAME).write_text(page(question, answers), encoding="utf-8")
    except OSError as error:
        raise LatentoneError(f"{error.filename}: cannot be written: {error.strerror}") from None
    return answers


def as_json(question: Question, answers: Answers) -> dict[str, Any]:
    """Words, figures, how they were measured and what made the sounds: all that the page shows, for programs."""
    return {
        "words": dict(words(answers)),
        **asdict(answers),
        "method": method(answers),
        "settings": {
            key: value if isinstance(value, int | float | bool) else str(value)
            for key, value in question.settings.items()
        },
    }
