"""Pd without a screen or a sound card: the patches as they are, at a port of the test's own."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATCHES = Path(__file__).parents[2] / "patches" / "puredata"
DEADLINE_S = 60.0


class Pd:
    """A running Pd; it always ends with status 0, so what it posts is what counts."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log

    def posted(self) -> list[str]:
        """The lines so far; Pd puts a backslash before blanks and commas in symbols, which goes away here."""
        return self._log.read_text(errors="replace").replace("\\", "").splitlines()

    def wait_for(self, seen: Callable[[], bool], what: str) -> None:
        """Until `seen` is true; fails with `what` was waited for."""
        deadline = time.monotonic() + DEADLINE_S
        while not seen():
            assert self._process.poll() is None, self.posted()
            assert time.monotonic() < deadline, f"{what} did not come: {self.posted()}"
            time.sleep(0.02)

    def wait_for_line(self, line: str) -> None:
        self.wait_for(lambda: line in self.posted(), line)


@contextmanager
def running_pd(folder: Path, patch: str, port: int, *sends: str) -> Iterator[Pd]:
    """Opens `patch`, a file in `patches/puredata` or the text of one, with the patches' server at `port`.

    `sends` are messages to the patch, sent when it is open; the patches are copied into `folder`.
    """
    if shutil.which("pd") is None:
        pytest.skip("Pd is not installed: apt install puredata-core")
    for file in PATCHES.glob("*.pd"):
        (folder / file.name).write_text(file.read_text().replace("localhost 9001", f"localhost {port}"))
    if patch.startswith("#N"):
        (folder / "driver.pd").write_text(patch.replace("localhost 9001", f"localhost {port}"))
        patch = "driver.pd"
    options = ["-nogui", "-noaudio", "-nomidi", "-nrt", "-open", folder / patch]
    log = folder / "posted.txt"
    with log.open("w") as posted:
        process = subprocess.Popen(
            ["pd", *options, *(word for message in sends for word in ("-send", message))],
            stdin=subprocess.DEVNULL,
            stdout=posted,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Pd(process, log)
    finally:
        process.kill()
        process.wait()


def message_boxes(patch: str) -> list[str]:
    """The messages in a patch's message boxes, in the order of the file, as they are written there."""
    records = patch.replace("\\;", "").replace("\n", " ").split(";")
    words = [record.strip().split(" ", 4) for record in records]
    boxes = [word[4] for word in words if word[:2] == ["#X", "msg"] and len(word) > 4]
    return [message.strip() for box in boxes for message in box.split(", f ")[0].split("\\,")]


def driver(*messages: str) -> str:
    """A patch that sends messages to the abstraction, once it is open, and prints what comes out of it."""
    box = " \\, ".join(messages).replace("$", "\\$")
    return (
        "#N canvas 0 0 450 300 12;\n"
        "#X obj 10 10 r say;\n"
        f"#X msg 10 40 {box};\n"
        "#X obj 10 80 latentone localhost 9001;\n"
        "#X obj 10 120 print reply;\n"
        "#X obj 200 120 print answers;\n"
        "#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n#X connect 2 0 3 0;\n#X connect 2 1 4 0;\n"
    )
