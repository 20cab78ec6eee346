"""The Quark, run by sclang: its unit tests against a playing server, and every address against the table."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import soundfile
from latentone.server.addresses import TABLE
from playing import free_udp_port, playing
from sclang import run_sclang
from table_server import TableServer

RUN_TESTS = """
fork {{
	{name}.run;
	"passed %, failed %".format(UnitTest.passes.size, UnitTest.failures.size).postln;
	0.exit;
}}
"""


def run_unit_tests(name: str, folder: Path, environment: dict[str, object]) -> tuple[int, int]:
    """How many of sclang's assertions passed, and how many failed."""
    said = run_sclang(RUN_TESTS.format(name=name), folder, environment)
    counted = re.search(r"^passed (\d+), failed (\d+)$", said, re.MULTILINE)
    assert counted is not None, said
    assert int(counted[1]) > 0, said
    assert int(counted[2]) == 0, said
    return int(counted[1]), int(counted[2])


def test_its_unit_tests_pass_on_a_playing_server(fake_model: Path, tmp_path: Path) -> None:
    with playing(fake_model, tmp_path, "--sink", "null", "--voices", 4) as port:
        passed, failed = run_unit_tests("TestLatentone", tmp_path, {"LATENTONE_PORT": port})
    assert (passed > 0, failed) == (True, 0)


def test_it_speaks_the_whole_table(table_server: TableServer, tmp_path: Path) -> None:
    run_unit_tests("TestLatentoneTable", tmp_path, {"LATENTONE_TABLE_PORT": table_server.port})
    assert table_server.refused == []
    assert {row.pattern for row in TABLE} - table_server.rows == set()
    assert ("/voice/1/latent", (pytest.approx(0.3), pytest.approx(0.4))) in table_server.heard
    assert ("/voice/1/gain_db", (-6.0,)) in table_server.heard
    assert ("/voice/1/gate", (pytest.approx(0.8),)) in table_server.heard
    of_voice_3 = {heard for heard in table_server.heard if heard[0].startswith("/voice/3")}
    assert of_voice_3 - {("/voice/3/gate", (0.0,))} == {("/voice/3/latent/0", (0.25,)), ("/voice/3/gate", (1.0,))}


def test_it_boots_plays_and_quits_a_server(fake_model: Path, tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    environment = {
        "LATENTONE_PROGRAM": f"exec {sys.executable} -m latentone.server",
        "LATENTONE_MODEL": fake_model,
        "LATENTONE_OUTPUT": heard,
        "LATENTONE_PORT": free_udp_port(),
    }
    said = run_sclang(Path(__file__).parent / "boot.scd", tmp_path, environment)
    assert re.search(r"^booted true, pid \d+$", said, re.MULTILINE), said
    assert "quit true" in said
    left, right = soundfile.read(heard)[0][-400:].T
    assert max(abs(left)) > 0.3
    assert max(abs(right)) < 1e-3
