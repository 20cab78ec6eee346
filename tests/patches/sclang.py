"""sclang without a screen, with the Quark in its class library, for the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

QUARK = Path(__file__).parents[2] / "patches" / "supercollider"
DEADLINE_S = 120.0


def run_sclang(script: Path | str, folder: Path, environment: Mapping[str, object] | None = None) -> str:
    """What a script posts until it says `0.exit`; `folder` gets sclang's own files.

    Fails when the script does not end, or an error is posted: sclang would wait for ever then, so it is ended at once.
    """
    if shutil.which("sclang") is None:
        pytest.skip("sclang is not installed: apt install supercollider-language")
    settings = folder / "sclang_conf.yaml"
    settings.write_text(f"includePaths:\n  - {QUARK}\nexcludePaths: []\npostInlineWarnings: true\n")
    if isinstance(script, str):
        (folder / "script.scd").write_text(script)
        script = folder / "script.scd"
    own = {
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",  # as root, the help browser's engine aborts in its sandbox
        "XDG_CONFIG_HOME": folder / "config",
        "XDG_DATA_HOME": folder / "data",
        "XDG_RUNTIME_DIR": folder,
    }
    process = subprocess.Popen(
        ["sclang", "-l", str(settings), str(script)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # so that what it starts ends with it
        env=os.environ | {name: str(value) for name, value in (own | dict(environment or {})).items()},
    )
    watchdog = threading.Timer(DEADLINE_S, _end, [process])
    watchdog.start()
    posted: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        posted.append(line)
        if line.startswith("ERROR"):
            # The lines that say where come at once, and then nothing more.
            threading.Timer(1.0, _end, [process]).start()
    process.wait()
    watchdog.cancel()
    said = "".join(posted)
    assert process.returncode == 0, said
    assert not [line for line in posted if line.startswith("ERROR")], said
    return said


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
