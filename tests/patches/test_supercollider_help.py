"""The help files: SuperCollider reads them without a complaint, and every example in them runs."""

from __future__ import annotations

import re
from pathlib import Path

from sclang import QUARK, run_sclang
from table_server import TableServer

HELP = sorted((QUARK / "HelpSource").rglob("*.schelp"))

RUN_EXAMPLES = """
fork {
	var latentone = Latentone(\\default, NetAddr("127.0.0.1", "LATENTONE_PORT".getenv.asInteger));
	var up = Condition.new;
	Latentone.default = latentone;
	latentone.connect({ up.unhang }, { 1.exit });
	up.hang;
	("LATENTONE_EXAMPLES".getenv +/+ "*.scd").pathMatch.sort.do { |path|
		"EXAMPLE %".format(path.basename).postln;
		thisProcess.interpreter.executeFile(path);
		0.25.wait;
	};
	latentone.sync;
	0.exit;
};
"""

PARSE = """
fork {
	"LATENTONE_HELP".getenv.split($:).do { |path|
		"PARSED % %".format(path.basename, SCDoc.parseFileFull(path).notNil).postln;
	};
	0.exit;
};
"""


def examples(text: str) -> list[str]:
    """What stands between `code::` on a line of its own and `::`; regions in parentheses one by one, as people run them."""
    blocks = re.findall(r"^code::\n(.*?)\n::$", text, re.MULTILINE | re.DOTALL)
    return [part for block in blocks for part in re.split(r"\n\n(?=[(\w])", block)]


def test_every_example_runs_and_says_only_what_the_table_allows(table_server: TableServer, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    folder.mkdir()
    for path in HELP:
        for number, example in enumerate(examples(path.read_text())):
            (folder / f"{path.stem}-{number:02d}.scd").write_text(example)
    said = run_sclang(RUN_EXAMPLES, tmp_path, {"LATENTONE_PORT": table_server.port, "LATENTONE_EXAMPLES": folder})
    assert said.count("EXAMPLE") == len(list(folder.iterdir())) > 20
    assert table_server.refused == [], said


def test_every_class_is_explained_and_every_page_is_read(tmp_path: Path) -> None:
    classes = re.findall(r"^(\w+) \{", "\n".join(p.read_text() for p in QUARK.glob("Classes/*.sc")), re.MULTILINE)
    explained = {path.stem for path in HELP}
    assert set(classes) - explained == {"LatentoneReplies"}, "what only the Quark itself uses needs no page"
    said = run_sclang(PARSE, tmp_path, {"LATENTONE_HELP": ":".join(map(str, HELP))})
    assert said.count("true") == len(HELP), said
    assert "SCDoc: " not in said, said
