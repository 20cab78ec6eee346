"""The Max package, as far as it can be held to account without Max: its JSON, its wiring, and the script that makes OSC."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from latentone.server.addresses import TABLE, Namespace
from latentone.server.config import load_config
from maxpat import PACKAGE, PATCHES, boxes, message_boxes, patchers
from words import as_osc, read_words

WORDS_SCRIPT = PACKAGE / "javascript" / "latentone.words.js"
HELP = message_boxes(PACKAGE / "help" / "latentone.maxhelp")
IN_NODE = """
const fs = require("fs"), vm = require("vm");
const heard = [];
const max = { messagename: "", arrayfromargs: Array.from, outlet: (index, packet) => heard.push(packet), String };
vm.runInNewContext(fs.readFileSync(process.argv[1], "utf8"), max);
for (const words of JSON.parse(fs.readFileSync(0))) {
    max.messagename = words[0];
    if (words.length === 0) max.bang();
    else if (typeof words[0] === "string") max.anything(...words.slice(1));
    else if (words.length === 1) max.msg_float(words[0]);
    else max.list(...words);
}
console.log(JSON.stringify(heard));
"""
"""The script as Max's js object would run it: message by message, with Max's few names in its scope."""

CONTROLS = {
    "comment": (1, []),
    "flonum": (1, ["", "bang"]),
    "inlet": (0, [""]),
    "message": (2, [""]),
    "outlet": (1, []),
    "slider": (1, [""]),
    "toggle": (1, ["int"]),
}
OBJECTS = {
    r"(\*|\+)~ -?[\d.]+|cycle~( [\d.]+)?": (2, ["signal"]),
    r"adc~ 1|mtof~": (1, ["signal"]),
    r"atodb|ftom|js latentone\.words\.js|loadmess .+|pcontrol": (1, [""]),
    r"patcherargs .+": (1, ["", ""]),
    r"change": (1, ["", "int", "int"]),
    r"clip \S+ \S+": (3, [""]),
    r"counter 0 \d+": (5, ["int", "", "", "int"]),
    r"delay \d+|metro \d+": (2, ["bang"]),
    r"fzero~": (1, ["float", "float", ""]),
    r"gate": (2, [""]),
    r"latentone 127\.0\.0\.1 \d+ \d+": (2, ["", "int"]),
    r"peakamp~ \d+": (2, ["float"]),
    r"print \S+|s \S+|udpsend \S+ \d+": (1, []),
    r"r \S+": (0, [""]),
    r"scale( \S+){4}": (6, [""]),
    r"udpreceive \d+": (1, [""]),
    r"unpack s i i": (1, ["", "int", "int"]),
    r"zl\.lookup|route \S+": (2, ["", ""]),
    r"route( \S+){3}": (4, ["", "", "", ""]),
    r"sel \S+": (2, ["bang", ""]),
    r"sel \S+ \S+": (3, ["bang", "bang", ""]),
    r"t 1": (1, ["int"]),
    r"t i i": (1, ["int", "int"]),
    r"t b b f": (1, ["bang", "bang", "float"]),
    r"p voice-\d": (1, [""]),
}
"""Inlets and outlets that Max 8 writes for each object."""


def expected_ports(box: dict[str, Any]) -> tuple[int, list[str]]:
    if box["maxclass"] != "newobj":
        return CONTROLS[box["maxclass"]]
    found = [ports for pattern, ports in OBJECTS.items() if re.fullmatch(pattern, box["text"])]
    assert len(found) == 1, f"unknown object: {box['text']}"
    return found[0]


def test_the_patches_are_what_the_builder_writes(tmp_path: Path) -> None:
    builder = tmp_path / "max"
    shutil.copytree(PACKAGE.parent, builder)
    for patch in PATCHES:
        (builder / "Latentone" / patch.relative_to(PACKAGE)).unlink()
    subprocess.run([sys.executable, builder / "build.py"], check=True)
    for file in (*PATCHES, PACKAGE / "package-info.json"):
        assert (builder / "Latentone" / file.relative_to(PACKAGE)).read_bytes() == file.read_bytes(), file.name


@pytest.mark.parametrize("file", PATCHES, ids=lambda file: file.name)
def test_every_box_and_line_is_as_max_writes_it(file: Path) -> None:
    for patcher in patchers(file):
        assert patcher["fileversion"] == 1
        assert patcher["appversion"].keys() == {"major", "minor", "revision", "architecture", "modernui"}
        assert len(patcher["rect"]) == 4
        known = boxes(patcher)
        assert len(known) == len(patcher["boxes"]), "two boxes with one id"
        for box in known.values():
            inlets, outlets = expected_ports(box)
            assert (box["numinlets"], box["numoutlets"], box.get("outlettype", [])) == (inlets, len(outlets), outlets)
            assert len(box["patching_rect"]) == 4
            assert all(isinstance(number, float) for number in box["patching_rect"])
        for line in patcher["lines"]:
            source, outlet = line["patchline"]["source"]
            destination, inlet = line["patchline"]["destination"]
            assert 0 <= outlet < known[source]["numoutlets"]
            assert 0 <= inlet < known[destination]["numinlets"]


@pytest.mark.parametrize("file", PATCHES, ids=lambda file: file.name)
def test_no_box_hides_another(file: Path) -> None:
    for patcher in patchers(file):
        places = [box["patching_rect"] for box in boxes(patcher).values() if box["maxclass"] != "comment"]
        for index, (x, y, width, height) in enumerate(places):
            assert x + width <= patcher["rect"][2] + 40
            assert y + height <= patcher["rect"][3] + 40
            for other_x, other_y, other_width, other_height in places[index + 1 :]:
                apart_x = x + width <= other_x or other_x + other_width <= x
                apart_y = y + height <= other_y or other_y + other_height <= y
                assert apart_x or apart_y, f"{(x, y)} and {(other_x, other_y)}"


def test_the_abstraction_has_the_ports_that_others_expect() -> None:
    (patcher,) = patchers(PACKAGE / "patchers" / "latentone.maxpat")
    by_place = sorted(boxes(patcher).values(), key=lambda box: box["patching_rect"][0])  # so Max counts them
    inlets = [box["comment"] for box in by_place if box["maxclass"] == "inlet"]
    outlets = [box["comment"] for box in by_place if box["maxclass"] == "outlet"]
    assert [text.split()[0] for text in inlets] == ["messages:", "OSC"]
    assert [text.split()[0] for text in outlets] == ["replies,", "1"]


def test_the_settings_for_max_answer_at_the_port_that_it_listens_to() -> None:
    reply_port = load_config(PACKAGE.parent / "latentone.yaml", {}).osc.reply_port
    texts = [box.get("text", "") for file in PATCHES for patcher in patchers(file) for box in boxes(patcher).values()]
    assert f"udpreceive {reply_port}" in texts
    assert {text.split()[-1] for text in texts if re.match("(latentone|patcherargs) 127", text)} == {str(reply_port)}


def test_the_package_lists_what_it_holds() -> None:
    info = json.loads((PACKAGE / "package-info.json").read_text())
    assert {"name", "version", "author", "description", "max_version_min", "os", "filelist"} <= info.keys()
    listed = {f"{folder}/{file}" for folder, files in info["filelist"].items() for file in files}
    held = {str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*") if file.is_file()}
    assert listed == held - {"package-info.json"}


def test_the_script_makes_osc_of_words_as_pd_does_and_reaches_the_whole_table() -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed: apt install nodejs")
    said = [read_words(message) for message in HELP]
    run = subprocess.run(
        ["node", "-e", IN_NODE, WORDS_SCRIPT], input=json.dumps([*said, [], [0.5]]), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    *packets, of_bang, of_number = json.loads(run.stdout)
    assert (of_bang, of_number) == (["/status"], ["/latent", 0.5])
    namespace = Namespace(["pitch", "brightness", "z2", "z3"], voices=4, sources=["sweep"])
    reached = set()
    for words, (address, *arguments) in zip(said, packets, strict=True):
        assert (re.sub(r"\.0\b", "", address), arguments) == (re.sub(r"\.0\b", "", as_osc(words)[0]), as_osc(words)[1])
        address = re.sub(r"/(\d+)\.0\b", r"/\1", address)  # this test's numbers are floats, a message box's are not
        reached |= {command.row.pattern for command in namespace.parse(address, arguments)}
    assert reached == {row.pattern for row in TABLE}
