"""The main job from end to end, as a person does it: train on recordings, export, look, measure, render, resynthesise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import in_this_process
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

TRAINING_S = 240


def latentone(*arguments: object, timeout_s: float = TRAINING_S) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "latentone.server", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


@pytest.fixture(scope="module")
def run(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint of one short epoch, by the thesis project's own flags."""
    folder = tmp_path_factory.mktemp("run")
    sizes = ("--size", "mini", "--bands", 16, "--latents", 4, "--layers-per-stack", 4)
    done = latentone("train", "wavenet-vae", "-tp", recordings, "-vp", recordings, "-ep", 1, "-ex", folder, "-bs", 4,
                     "-lr", 0.001, "-kla", 0.001, "-mkl", 0.002, "-lpe", 1, "-d", "cpu", "-mf", 8, *sizes)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "latentone export" in done.stdout
    return folder


@pytest.fixture(scope="module")
def model(run: Path) -> Path:
    done = latentone("export", run / "last.ckpt", "-o", run / "mine.onnx", "--licence", "CC0")
    assert done.returncode == 0, done.stderr
    return run / "mine.onnx"


def test_training_leaves_checkpoints_a_curve_and_a_log(run: Path) -> None:
    assert {"last.ckpt", "best.ckpt", "curve.png"} <= {path.name for path in run.iterdir()}
    [events] = (run / "tensorboard").rglob("events.*")
    board = EventAccumulator(str(events)).Reload()
    assert {"held out/original", "held out/resynthesis"} <= set(board.Tags()["audio"])
    assert "held out/spectrogram" in board.Tags()["images"]
    assert {"train/bits", "validation/bits", "validation/kl_nats"} <= set(board.Tags()["scalars"])
    header = next((run / "curves").rglob("metrics.csv")).read_text().splitlines()[0]
    assert {"validation/bits", "validation/bits_shuffled", "validation/active_units"} <= set(header.split(","))


def test_training_goes_on_from_a_checkpoint(run: Path, recordings: Path) -> None:
    done = latentone("train", "wavenet-vae", "-tp", recordings, "-vp", recordings, "-ep", 2, "-ex", run / "on", "-mf", 8,
                     "-bs", 4, "--resume", run / "last.ckpt")  # fmt: skip
    assert done.returncode == 0, done.stderr
    epochs = [line.split(",")[0] for line in next((run / "on").rglob("metrics.csv")).read_text().splitlines()[1:]]
    assert set(epochs) == {"1"}


def test_export_says_what_it_proved(model: Path) -> None:
    shown = latentone("inspect", model)
    assert shown.returncode == 0
    for fact in ("decoder, wavenet_vae", "16000 Hz", "64 samples", "127 samples", "CC0"):
        assert fact in shown.stdout


def test_evaluate_prints_figures(run: Path, model: Path, recordings: Path) -> None:
    done = latentone("evaluate", run / "last.ckpt", model, "-tp", recordings, "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert {"bits", "bits_shuffled", "log_mel_db", "log_mel_db_shuffled", "r2", "knobs", "active_units"} <= set(figures)
    assert figures["held_out_files"] == 1


def test_a_score_renders_to_the_same_bytes_twice(model: Path, tmp_path: Path) -> None:
    score = tmp_path / "score.yaml"
    score.write_text("seconds: 1\nevents:\n  - {from_s: 0, to_s: 1, address: /latent/0, from: -1, to: 1}\n")
    for name in ("a.wav", "b.wav"):
        done = latentone(
            "render", score, "-o", tmp_path / name, "--model", model, "--picture", tmp_path / "picture.png"
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    other = latentone("render", score, "-o", tmp_path / "c.wav", "--model", model, "--seed", 1)
    assert other.returncode == 0
    assert (tmp_path / "a.wav").read_bytes() != (tmp_path / "c.wav").read_bytes()


def test_a_recording_is_encoded_and_decoded_again(model: Path, recordings: Path, tmp_path: Path) -> None:
    done = latentone("resynth", sorted(recordings.glob("*.flac"))[0], "-o", tmp_path / "again.wav", "--model", model)
    assert done.returncode == 0, done.stderr
    audio, rate_hz = soundfile.read(tmp_path / "again.wav")
    assert (rate_hz, len(audio)) == (16000, pytest.approx(2 * 16000, abs=64))
    assert np.abs(audio).max() > 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "wavenet-vae", "-tp", "{empty}"), "no audio in it"),
        (("train", "wavenet-vae", "-tp", "{broken}"), "could be read"),
        (("train", "wavenet-vae", "-tp", "{recordings}", "--bands", 5), "bands: 5"),
        (("train", "wavenet-vae", "-tp", "{recordings}", "-d", "toaster"), "toaster"),
        (("train", "wavenet-vae", "-tp", "{recordings}", "--max-time", "soon"), "soon"),
        (("train", "wavenet-vae", "-tp", "{recordings}", "--precision", "some"), "some"),
        (("train", "wavenet-vae", "-tp", "{empty}/none", "--speakers"), "no such folder"),
        (("export", "{empty}/none.ckpt"), "no such checkpoint"),
        (("render", "{empty}/none.yaml", "-o", "x.wav", "--model", "{broken}/broken.wav"), "not an ONNX model"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[-1],
)
def test_what_cannot_be_used_is_one_line_and_a_failing_status(
    arguments: tuple[object, ...], says: str, recordings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What comes as far as training, which changes its process, in one of its own, as a person meets it."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "broken.wav").write_bytes(b"RIFF nothing")
    (tmp_path / "broken" / "worse.wav").write_bytes(b"")
    places = {"empty": tmp_path / "empty", "broken": tmp_path / "broken", "recordings": recordings}
    words = [str(argument).format(**places) for argument in arguments]
    done = latentone(*words) if says == "could be read" else in_this_process(capfd, *words)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("latentone:")]) == 1
