"""What several tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numba
import numpy as np
import pytest
import soundfile
from latentone.export.runtime.kernel_cache import use_kernel_cache
from signals import voice_like

# Compiled kernels are kept from run to run, for the programs that tests start too. Now, since a conftest further down imports
# the kernel before any hook is called.
use_kernel_cache()
os.environ["NUMBA_CACHE_DIR"] = numba.config.CACHE_DIR  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage]

# Of runs of tests side by side, each with as many threads as there are cores, most of the time goes into waiting for the
# other: torch's threads spin. It reads this when it is first imported, which nothing above does.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> None:
    """Programs that tests start hear Ctrl-C, even where a shell started the tests in its background, deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the person who runs the tests: neither their settings, nor what is measured (where folders follow XDG)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 12 short files: three formats, two rates, mono and stereo."""
    folder = tmp_path_factory.mktemp("recordings")
    for index in range(12):
        suffix = ("wav", "flac", "ogg")[index % 3]
        rate_hz = (16000, 44100)[index % 2]
        audio = voice_like(2.0, index, rate_hz)
        channels = np.stack([audio, 0.5 * audio], axis=1) if index % 4 == 0 else audio
        soundfile.write(folder / f"take_{index:02d}.{suffix}", channels, rate_hz)
    return folder
