"""What is wrong with the words of a command line, and Ctrl-C, end in one line that a newcomer can act on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes import write_fake_model

DEADLINE_S = 60


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ply"], "Did you mean 'play'? See latentone --help"),
        (["play", "--lantency-ms", "5"], "--latency-ms"),
        (["play", "--latency-ms", "quick"], "See latentone play --help"),
        (["render", "piece.yaml"], "--output"),
        (["train", "wavenet"], "See latentone train --help"),
    ],
)
def test_a_misspelt_command_line_is_one_line_that_names_the_help(arguments: list[str], expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "latentone.server", *arguments], capture_output=True, text=True, timeout=DEADLINE_S
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("latentone")
    assert expected in done.stderr


def test_ctrl_c_while_a_file_is_rendered_is_one_line(tmp_path: Path) -> None:
    score = tmp_path / "long.yaml"
    score.write_text("seconds: 3000\nevents: [[0.0, /latent, 0.1]]\n")
    model = write_fake_model(tmp_path / "fake.onnx")
    arguments = ["render", str(score), "-o", str(tmp_path / "long.wav"), "--model", str(model)]
    command = [sys.executable, "-m", "latentone.server", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as rendering:
        deadline = time.monotonic() + DEADLINE_S
        while rendering.poll() is None and len(list(tmp_path.iterdir())) == 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        rendering.send_signal(signal.SIGINT)
        _, err = rendering.communicate(timeout=DEADLINE_S)
    # Python takes the second where the interrupt came through code that was made at run time, as numba's is.
    assert rendering.returncode in (130, -signal.SIGINT)
    assert err.strip() == "latentone: stopped by Ctrl-C"
