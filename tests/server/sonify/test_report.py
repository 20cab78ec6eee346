"""The report says what was measured, in words that the figures bear out, on a page that needs nothing but itself."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from latentone.export.errors import LatentoneError
from latentone.server.sonify.descriptors import NAMES
from latentone.server.sonify.question import BASELINE, Question, Sound
from latentone.server.sonify.report import write_report

ROWS = 90
CODES = np.arange(ROWS) % 3
VOID = {"meta", "img", "br"}


def space(columns: int, apart: float, seed: int) -> np.ndarray:
    """(ROWS, columns): three clouds, `apart` spreads from the middle, the same in the first three columns of each space."""
    random = np.random.default_rng(seed)
    return random.normal(size=(ROWS, columns)) + apart * np.eye(columns)[CODES]


def question(best: float = 3.0, mapped: float = 0.5, **changes: object) -> Question:
    asked = Question(
        dataset="clouds & <others>",
        names=[f"row {index}" for index in range(ROWS)],
        labels=[f"kind {code}" for code in CODES],
        inputs=[f"gene_{index}" for index in range(8)],
        rows=space(8, 4.0, 0),
        latents=space(4, 4.0, 1),
        sounds={
            "plain": Sound(space(len(NAMES), 0.0, 2)),
            "transport": Sound(space(len(NAMES), best, 3), [f"transport/row {index}.wav" for index in range(ROWS)]),
        },
        baseline=Sound(space(len(NAMES), mapped, 4), [f"mapping/{index}.wav" for index in range(ROWS)]),
        held_out=[True] * ROWS,
        settings={"temperature": 0.7, "decoder": Path("voice.onnx")},
    )
    return replace(asked, **changes)


class Page(HTMLParser):
    """The text of a page, what it refers to, and whether its tags close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.sources, self.open = "", [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value for name, value in attrs if name in ("src", "href") and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def report(folder: Path, asked: Question) -> tuple[dict, Page]:
    write_report(asked, folder, permutations=99)
    return json.loads((folder / "report.json").read_text()), Page((folder / "report.html").read_text())


def words(found: dict) -> list[str]:
    """The answers, the most important first."""
    return list(found["words"].values())


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Page]:
    return report(tmp_path_factory.mktemp("plain"), question())


def test_a_sound_that_tells_more_is_said_to(plain: tuple[dict, Page]) -> None:
    found, page = plain
    assert found["best"] == "transport"
    told = found["telling"]["all"]
    assert told["transport"]["told"]["accuracy"] > 0.7 > told[BASELINE]["told"]["accuracy"]
    assert told["transport"]["p_corrected"] == pytest.approx(2 / 100)
    assert told["plain"]["p_corrected"] > 0.05
    first, second, *_ = words(found)
    assert first.startswith("Yes: from the sound alone (coupling transport)")
    assert second.startswith("Yes")
    assert not page.open
    for answer in words(found):
        assert answer in page.text
    for name, one in told.items():
        assert f"{100 * one['told']['accuracy']:.0f}\u00a0%" in page.text, name
    assert (found["items"], found["held_out"], found["telling"]["rows"], found["telling"]["folds"]) == (90, 90, 90, 5)
    assert {"permutations", "repeats", "minimum"} < found["telling"].keys()
    assert found["settings"] == {"temperature": 0.7, "decoder": "voice.onnx"}


def test_the_page_needs_nothing_but_itself_and_its_sounds(plain: tuple[dict, Page]) -> None:
    _, page = plain
    assert page.sources
    assert all(source.startswith(("transport/row%20", "mapping/")) for source in page.sources)
    assert "clouds & <others>" in page.text


def test_a_sound_that_tells_less_or_no_more_is_not_praised(tmp_path: Path) -> None:
    found, _ = report(tmp_path, question(best=1.0, mapped=4.0))
    assert words(found)[1].startswith("No, less")
    twin = question().sounds["transport"].descriptors + 0.2 * np.random.default_rng(9).normal(size=(ROWS, len(NAMES)))
    found, _ = report(tmp_path, question(baseline=Sound(twin)))
    second = words(found)[1]
    assert second.startswith("Not shown")
    assert "90 rows" in second


def test_what_a_coupling_knew_is_said(tmp_path: Path) -> None:
    sounds = question().sounds
    learned = replace(sounds["transport"], knew_classes=True)
    found, page = report(tmp_path, question(sounds={"learned": learned}))
    assert "principal components of the training rows" in page.text
    assert found["knew_classes"] == ["learned"]
    assert "learned was fitted to the classes of other rows" in words(found)[1]


def test_noise_is_not_said_to_tell(tmp_path: Path) -> None:
    found, _ = report(tmp_path, question(best=0.0, mapped=0.0))
    assert words(found)[0].startswith("Not shown")
    still = Sound(np.zeros((ROWS, len(NAMES))))
    found, _ = report(tmp_path, question(sounds={"silent": still}, baseline=None))
    assert words(found)[0].startswith("Not shown")
    assert "no parameter mapping" in words(found)[1]


def test_without_classes_the_other_questions_are_answered(tmp_path: Path) -> None:
    found, page = report(tmp_path, question(labels=[""] * ROWS, held_out=[]))
    assert found["telling"] is None
    assert "fewer than two classes" in page.text
    assert found["near"]
    assert found["links"]["pairs"] == 8 * sum(not name.endswith("_median") for name in NAMES)
    assert found["held_out"] is None
    assert "not known" in page.text


def test_small_classes_are_named(tmp_path: Path) -> None:
    labels = ["rare", "rare", "odd"] + [f"kind {code}" for code in CODES[3:]]
    found, page = report(tmp_path, question(labels=labels, held_out=[False] * 40 + [True] * 50))
    assert found["telling"]["left_out"] == {"odd": 1, "rare": 2}
    assert "odd (1), rare (2)" in page.text
    assert "40 of the 90 rows" in page.text


def test_a_handful_of_rows_is_answered_too(tmp_path: Path) -> None:
    few = question()
    asked = question(
        names=few.names[:4], labels=few.labels[:4], rows=few.rows[:4], latents=few.latents[:4], held_out=[True] * 4,
        sounds={"plain": Sound(few.rows[:4] @ np.ones((8, len(NAMES))))}, baseline=None,
    )  # fmt: skip
    found, page = report(tmp_path, asked)
    assert found["near"] == []
    assert found["links"] is None
    assert "too few" in page.text


def test_segments_of_clips_are_counted_as_clips(tmp_path: Path) -> None:
    groups = [f"clip {index // 6}" for index in range(ROWS)]
    labels = [f"kind {index // 6 % 3}" for index in range(ROWS)]
    found, page = report(tmp_path, question(groups=groups, labels=labels))
    assert found["telling"]["groups"] == 15
    assert "15 groups" in page.text
    assert found["near"][0]["likeness"]["rows"] == 15


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(LatentoneError, match="89 labels for 90 items"):
        question(labels=["a"] * 89)
    with pytest.raises(LatentoneError, match="sound odd has 3 descriptors"):
        question(sounds={"odd": Sound(np.zeros((ROWS, 3)))})


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LatentoneError, match=r"report\.json: cannot be written"):
        write_report(question(), tmp_path / "missing", permutations=9)
