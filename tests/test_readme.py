"""What the README says is what the program does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from latentone.server import addresses
from latentone.server.scores import read_score

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TABLE = re.search(r"<!-- table: latentone\.server\.addresses -->\n(.*?)<!-- /table -->", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SCORES = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
OSC_EXAMPLES = re.findall(r"oscsend localhost \d+ (/\S+) ([if s]+?) ([^#`\n]+)", README)


def test_the_osc_table_is_the_programs() -> None:
    assert TABLE is not None
    assert TABLE.group(1).strip() == addresses.markdown_table().strip()


def test_every_notice_is_told() -> None:
    for address in addresses.NOTICES:
        assert f"| `{address}" in README


@pytest.mark.parametrize("example", OSC_EXAMPLES, ids=lambda example: example[0])
def test_every_osc_example_is_obeyed(example: tuple[str, str, str]) -> None:
    address, types, values = example
    arguments = [word if tag == "s" else float(word) for tag, word in zip(types, shlex.split(values), strict=True)]
    assert addresses.Namespace([f"z{i}" for i in range(32)], voices=2, sources=["digits"]).parse(address, arguments)


@pytest.mark.parametrize("score", SCORES)
def test_every_score_is_read(score: str, tmp_path: Path) -> None:
    path = tmp_path / "score.yaml"
    path.write_text(score)
    assert read_score(path, 16000, ["z0", "z1"], lambda _: ()).seconds == yaml.safe_load(score)["seconds"]


@pytest.mark.parametrize("snippet", PYTHON)
def test_every_snippet_runs(snippet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    scope: dict[str, object] = {}
    exec(snippet, scope)
    assert getattr(scope["audio"], "shape", None) == (1, 1, 50 * 64)


def test_every_picture_and_link_into_the_project_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_sweep_score_fits_the_shipped_model() -> None:
    score = read_score(ROOT / "patches/scores/sweep.yaml", 16000, [f"z{i}" for i in range(32)], lambda _: ())
    assert score.seconds == 17
