"""The command line in this process, for what a process of its own would only repeat the imports of."""

from __future__ import annotations

import subprocess
import sys

import pytest
from latentone.server.__main__ import main


def in_this_process(capfd: pytest.CaptureFixture[str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """What `latentone arguments` ends with and prints, from `main` on; what libraries write past Python is there too."""
    capfd.readouterr()
    command = ["latentone", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capfd.readouterr()
    return subprocess.CompletedProcess(command, int(ended.value.code or 0), out, err)
