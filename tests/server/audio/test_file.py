"""The file sink writes whole files, the same bytes each time, or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from latentone.export.errors import LatentoneError
from latentone.server.audio.file import FileSink

NOISE = np.random.default_rng(1).uniform(-0.9, 0.9, (2, 4000)).astype(np.float32)


def write(path: Path, subtype: str = "PCM_24", block_samples: int = 333) -> bytes:
    with FileSink(path, 16000, 2, subtype) as sink:
        for start in range(0, NOISE.shape[1], block_samples):
            sink.write(NOISE[:, start : start + block_samples])
    return path.read_bytes()


def interrupted_render(path: Path) -> None:
    with FileSink(path, 16000, 2) as sink:
        sink.write(NOISE[:, :10])
        raise KeyboardInterrupt


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_24"), ("a.flac", "PCM_24"), ("a.wav", "FLOAT")])
def test_what_was_written_is_read_back(tmp_path: Path, name: str, subtype: str):
    write(tmp_path / name, subtype)
    audio, sample_rate_hz = soundfile.read(tmp_path / name, dtype="float32")
    assert sample_rate_hz == 16000
    np.testing.assert_allclose(audio.T, NOISE, atol=2**-23)


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_24"), ("a.flac", "PCM_24"), ("a.wav", "FLOAT")])
def test_the_same_audio_gives_the_same_bytes_at_another_time_and_block_size(tmp_path: Path, name: str, subtype: str):
    first = write(tmp_path / name, subtype)
    if subtype == "FLOAT":  # its header would hold the second of writing
        second = int(time.time())
        while int(time.time()) == second:
            time.sleep(0.02)
    assert write(tmp_path / name, subtype, block_samples=1000) == first


def test_samples_out_of_range_clip_and_do_not_wrap_around(tmp_path: Path):
    with FileSink(tmp_path / "a.wav", 16000, 1) as sink:
        sink.write(np.array([[1.5, -1.5]], np.float32))
    assert soundfile.read(tmp_path / "a.wav")[0] == pytest.approx([1.0, -1.0], abs=1e-6)


def test_a_stopped_render_leaves_no_file_and_spares_the_old_one(tmp_path: Path):
    old = write(tmp_path / "old.wav")
    for name in ("old.wav", "new.wav"):
        with pytest.raises(KeyboardInterrupt):
            interrupted_render(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["old.wav"]
    assert (tmp_path / "old.wav").read_bytes() == old


def test_a_killed_render_leaves_nothing_under_the_final_name(tmp_path: Path):
    program = (
        "import os, sys, numpy as np\n"
        "from latentone.server.audio.file import FileSink\n"
        "with FileSink(sys.argv[1], 16000, 1) as sink:\n"
        "    sink.write(np.zeros((1, 100000), np.float32))\n"
        "    os._exit(9)"
    )
    died = subprocess.run([sys.executable, "-c", program, tmp_path / "a.wav"], check=False)
    assert died.returncode == 9
    assert not (tmp_path / "a.wav").exists()


def test_each_mistake_is_one_line_that_names_the_path(tmp_path: Path):
    with pytest.raises(LatentoneError, match=r"a\.mp3: \.mp3 is not one of \.wav, \.flac"):
        FileSink(tmp_path / "a.mp3", 16000, 1)
    with pytest.raises(LatentoneError, match=r"a\.flac: FLOAT is not a subtype of FLAC"):
        FileSink(tmp_path / "a.flac", 16000, 1, "FLOAT")
    with (
        pytest.raises(LatentoneError, match=r"the folder .*missing does not exist"),
        FileSink(tmp_path / "missing" / "a.wav", 16000, 1),
    ):
        pass
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(LatentoneError, match="is a folder"), FileSink(tmp_path / "folder.wav", 16000, 1):
        pass


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that not even root may write to")
def test_a_folder_that_cannot_be_written_is_said_so():
    path = Path("/proc/self") / f"latentone-{os.getpid()}.wav"
    with pytest.raises(LatentoneError, match="cannot be written"), FileSink(path, 16000, 1):
        pass
