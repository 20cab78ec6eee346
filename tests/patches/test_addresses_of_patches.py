"""Every OSC address in every patch is one of the table's, and each host's abstraction reaches the whole table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import maxpat
import pd
import pytest
from latentone.server.addresses import NOTICES, REPLIES, TABLE, find_row
from latentone.server.arguments import AddressError
from surface_files import LAYOUT, SESSION, sent_by_open_stage_control, sent_by_touchosc
from words import as_osc, read_words

PATCHES = Path(__file__).parents[2] / "patches"
PD_ITSELF = {"args", "connect", "disconnect", "dsp", "get", "set", "stop", "\\$1"}
"""What message boxes say to Pd's own objects, and to the abstraction about its connection."""
MAX_ITSELF = {"host", "load", "port", "reply_port"}


def in_pd(file: Path) -> Iterator[str]:
    text = file.read_text()
    for message in pd.message_boxes(text):
        words = read_words(message)
        if words and words[0] not in PD_ITSELF and not str(words[0]).startswith("latentone-"):
            yield as_osc(words)[0]
    for address in re.findall(r"oscformat -f \w+ ([\w ]+);", text):
        yield "/" + address.replace(" ", "/")
    yield from re.findall(r"list prepend (/\S+);", text)


def in_max(file: Path) -> Iterator[str]:
    for message in maxpat.message_boxes(file):
        words = read_words(message)
        if words[0] not in MAX_ITSELF:
            yield as_osc(words)[0]


def in_supercollider(file: Path) -> Iterator[str]:
    text = file.read_text()
    of_scsynth = set(re.findall(r"SendReply\.\w+\([^;]*?'(/[^']+)'", text))
    for address in re.findall(r"[\"'](/[A-Za-z_][^\"'\s]*)[\"']", text):
        if address not in of_scsynth:
            yield address


def in_session(_: Path) -> Iterator[str]:
    return (address for address, _ in sent_by_open_stage_control())


def in_layout(_: Path) -> Iterator[str]:
    return (address for address, _ in sent_by_touchosc())


READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    ".pd": in_pd,
    ".maxpat": in_max,
    ".maxhelp": in_max,
    ".sc": in_supercollider,
    ".scd": in_supercollider,
    ".schelp": in_supercollider,
    ".json": in_session,
    ".tosc": in_layout,
}
FILES = sorted(
    file
    for file in PATCHES.rglob("*")
    if file.suffix in READERS and file.name != "package-info.json" and "Tests" not in file.parts
)
HOSTS = sorted({file.relative_to(PATCHES).parts[0] for file in FILES} - {"touchosc"})


def rows(files: list[Path]) -> set[str]:
    """The rows of the table that `files` speak to."""
    found = set()
    for address in (address for file in files for address in READERS[file.suffix](file)):
        if not is_heard(address):
            found.add(find_row(address).pattern)
    return found


def is_heard(address: str) -> bool:
    """Whether it is the server that says `address`."""
    return address in REPLIES or address in NOTICES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_address_is_the_tables(file: Path) -> None:
    unknown = []
    for address in READERS[file.suffix](file):
        try:
            assert is_heard(address) or find_row(address)
        except AddressError as error:
            unknown.append(str(error))
    assert unknown == []


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_reaches_every_row(host: str) -> None:
    missing = {row.pattern for row in TABLE} - rows([file for file in FILES if host in file.parts])
    assert missing == set()


def test_no_kind_of_patch_is_left_out() -> None:
    assert {"puredata", "max"} <= set(HOSTS)
    assert {SESSION, LAYOUT} <= set(FILES)
    for file in FILES:
        addresses = list(READERS[file.suffix](file))
        said_elsewhere = file.name in ("Latentone.maxpat",) or file.suffix in (".sc", ".schelp", ".scd")
        assert addresses or said_elsewhere, f"nothing was drawn out of {file.name}"


def test_a_wrong_address_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "wrong.pd").write_text("#N canvas 0 0 450 300 12;\n#X msg 10 10 voice 1 gait 1;\n")
    (tmp_path / "wrong.scd").write_text("l.send(\"/voice/%/gait\".format(1), 1); l.send('/panik');")
    for file in tmp_path.iterdir():
        for address in READERS[file.suffix](file):
            with pytest.raises(AddressError, match="did you mean"):
                find_row(address)
