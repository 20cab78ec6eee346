"""Rendering promises the same bytes again, the score as it is written, and no half file when something fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fakes import FakeDecoder, write_fake_model
from latentone.export.errors import LatentoneError
from latentone.server.config import load_config
from latentone.server.events import ControlEvent
from latentone.server.render import Performance, latent_events, render_events
from rich.console import Console

SWEEP = """
seconds: 1.5
events:
  - [0.0, /temperature, 0.1]
  - {from_s: 0.25, to_s: 1.25, address: /latent/0, from: -1, to: 1}
"""


def latentone(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "latentone.server", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_model(tmp_path_factory.mktemp("model") / "fake.onnx")


@pytest.fixture
def score(tmp_path: Path) -> Path:
    path = tmp_path / "sweep.yaml"
    path.write_text(SWEEP)
    return path


def test_the_same_score_and_seed_give_the_same_bytes(model: Path, score: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / name for name in ("a.wav", "b.wav", "c.wav")]
    for output, seed in zip(outputs, (3, 3, 4), strict=True):
        done = latentone("render", score, "-o", output, "--model", model, "--seed", seed)
        assert done.returncode == 0, done.stderr
        assert "real time" in done.stdout
    first, second, other = (output.read_bytes() for output in outputs)
    assert first == second
    assert first != other


def test_the_sweep_is_heard(model: Path, score: Path, tmp_path: Path) -> None:
    output = tmp_path / "sweep.wav"
    done = latentone("render", score, "-o", output, "--model", model)
    assert done.returncode == 0, done.stderr
    audio, rate_hz = soundfile.read(output)
    assert (rate_hz, len(audio)) == (16000, 24000)
    level = audio.reshape(-1, 2000).mean(axis=1)  # an eighth of a second each
    assert level[0] == pytest.approx(0, abs=0.01)
    assert np.all(np.diff(level[3:10]) > 0.05)
    assert level[-1] == pytest.approx(0.5, abs=0.02)


def test_channels_of_the_settings_are_the_files(model: Path, score: Path, tmp_path: Path) -> None:
    (tmp_path / "stereo.yaml").write_text("audio: {channels: 2}")
    output = tmp_path / "stereo.wav"
    done = latentone("render", score, "-o", output, "--model", model, "--config", tmp_path / "stereo.yaml")
    assert done.returncode == 0, done.stderr
    audio, _ = soundfile.read(output)
    assert audio.shape == (24000, 2)
    np.testing.assert_array_equal(audio[:, 0], audio[:, 1])


def test_a_score_for_two_voices_is_heard_left_and_right(model: Path, tmp_path: Path) -> None:
    score, output = tmp_path / "duo.yaml", tmp_path / "duo.wav"
    score.write_text(
        "seconds: 1\nevents:\n  - [0, /voice/1/gate, 1]\n  - [0, /voice/0/pan, -1]\n  - [0, /voice/1/pan, 1]\n"
        "  - [0, /glide_s, 0]\n  - [0, /voice/1/latent/0, 0.5]\n  - [0.5, /voice/1/gate, 0]\n"
    )
    done = latentone("render", score, "-o", output, "--model", model, "--voices", "2")
    assert done.returncode == 0, done.stderr
    left, right = soundfile.read(output)[0].T
    np.testing.assert_allclose(left, 0, atol=1e-6)
    np.testing.assert_allclose(right[100:8000], 0.25 * np.sqrt(2), atol=1e-6)
    np.testing.assert_allclose(right[8200:], 0, atol=1e-6)
    done = latentone("render", score, "-o", output, "--model", model)
    assert done.returncode == 1
    assert "there is no voice 1" in done.stderr


def test_length_and_rate_can_be_asked_for(model: Path, score: Path, tmp_path: Path) -> None:
    output = tmp_path / "sweep.flac"
    arguments = ("--model", model, "--seconds", "0.8", "--sample-rate", "48000")
    done = latentone("render", score, "-o", output, *arguments)
    assert done.returncode == 0, done.stderr
    info = soundfile.info(output)
    assert info.samplerate == 48000
    assert info.duration == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("score_text", "model_bytes", "expected"),
    [
        ("- [0, /latnet, 0.1]", None, "/latnet"),
        ("- [0, /latent/0, 0.1]", b"", "empty"),
        ("- [0, /latent/0, 0.1]", b"not a model", "ONNX"),
    ],
)
def test_bad_input_is_one_line_and_status_1(
    model: Path, tmp_path: Path, score_text: str, model_bytes: bytes | None, expected: str
) -> None:
    score = tmp_path / "score.yaml"
    score.write_text(score_text)
    if model_bytes is not None:
        model = tmp_path / "bad.onnx"
        model.write_bytes(model_bytes)
    done = latentone("render", score, "-o", tmp_path / "out.wav", "--model", model)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert expected in done.stderr
    assert not (tmp_path / "out.wav").exists()


def test_a_decoder_that_fails_leaves_no_file(tmp_path: Path) -> None:
    config = load_config(None, {})
    output = tmp_path / "out.wav"
    with pytest.raises(LatentoneError, match="told to break"):
        render_events(config, FakeDecoder(broken_calls=(3,)), Performance([], 1.0), output, Console(quiet=True))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_or_a_lost_folder_ends_it(tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "out.wav"
    with pytest.raises(LatentoneError, match="does not exist"):
        render_events(load_config(None, {}), FakeDecoder(), Performance([], 1.0), nowhere, Console(quiet=True))


def test_latents_of_a_recording_are_held_frame_by_frame(tmp_path: Path) -> None:
    """With an encoder at a quarter of the decoder's frame rate, each latent sounds for four frames, without glide."""
    latents = np.array([[0.2, -0.4, 9.0], [0.0, 0.0, 0.0]], np.float32)
    events = latent_events(latents, 256.0, "voice.wav")
    assert events[0] == ControlEvent("/glide_s", (0.0,), 0, "voice.wav")
    output = tmp_path / "out.wav"
    config = load_config(None, {"audio.temperature": 0.0})
    render_events(config, FakeDecoder(), Performance(events, 1024 / 16000), output, Console(quiet=True))
    audio, _ = soundfile.read(output)
    np.testing.assert_allclose(audio[64:256], 0.1, atol=1e-6)
    np.testing.assert_allclose(audio[256:512], -0.2, atol=1e-6)
    np.testing.assert_allclose(audio[512:960], 1.0, atol=1e-6)
