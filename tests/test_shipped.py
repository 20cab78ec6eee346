"""Each shipped model is an instrument: it sounds, its knobs are heard, and a message from outside moves it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from latentone.export.descriptors import describe
from latentone.export.manifest import Manifest
from latentone.export.runtime.fused import FusedDecoder
from latentone.export.runtime.load import SHIPPED_MODELS, load_decoder, load_encoder
from latentone.export.runtime.onnx import OnnxDecoder
from latentone.export.sweep import REAL_RHO, Heard, listen
from latentone.models import vae
from latentone.models.wavenet_vae import network

ROOT = Path(__file__).parent.parent
PLAYABLE_RHO = 0.8
DEADLINE_S = 60.0


SHIPPED = {"voice": ("festvox-ru", "Shmyrev"), "choir": ("choir-recordings", "Frank Wen")}
"""By model: what it was trained on, and whom to credit."""


@pytest.fixture(scope="module", params=SHIPPED)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def manifest(name: str) -> Manifest:
    return load_decoder(SHIPPED_MODELS / f"{name}.onnx").manifest


def test_every_model_is_among_those_tested() -> None:
    decoders = {path.stem for path in SHIPPED_MODELS.glob("*.ckpt") if path.with_suffix(".onnx").is_file()}
    assert decoders == set(SHIPPED)


def test_it_was_exported_from_the_checkpoint_beside_it(name: str, manifest: Manifest) -> None:
    model, record = network.load(SHIPPED_MODELS / f"{name}.ckpt")
    assert vae.fingerprint(model) == manifest.weights_sha256
    assert record["training"]["train_path"] == manifest.trained_on["name"]


def latentone(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "latentone.server", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def test_it_says_what_it_was_trained_on_and_under_which_licence(name: str, manifest: Manifest) -> None:
    recordings, credit = SHIPPED[name]
    assert manifest.trained_on["name"] == recordings
    assert credit in manifest.trained_on["credit"]
    assert credit in (SHIPPED_MODELS / f"{name}.LICENCE.txt").read_text()
    assert load_encoder(SHIPPED_MODELS / f"{name}.encoder.onnx").manifest.latent_names == manifest.latent_names


def test_every_runtime_draws_the_same_from_it(name: str) -> None:
    """Block by block from one past, as long as both draw alike; float error may turn a draw where it is a tie."""
    ours, theirs = FusedDecoder(SHIPPED_MODELS / f"{name}.onnx"), OnnxDecoder(SHIPPED_MODELS / f"{name}.onnx")
    generator = np.random.default_rng(0)
    knobs = generator.normal(0, 0.4, (1, len(ours.manifest.latents), 20)).astype(np.float32)
    state, heat = theirs.initial_state(1), np.ones(1, np.float32)
    equal = compared = 0
    for _ in range(5):
        noise = generator.random((1, 20 * ours.manifest.noise_per_frame), dtype=np.float32)
        drawn, _, _ = ours.decode_and_draw(knobs, noise, heat, state)
        wanted, _, state = theirs.decode_and_draw(knobs, noise, heat, state)
        different = np.flatnonzero(drawn.ravel() != wanted.ravel())
        compared += different[0] + 1 if len(different) else drawn.size
        equal += different[0] if len(different) else drawn.size
    assert equal / compared >= 0.999


def clearly_heard(knobs: Sequence[Heard]) -> int:
    return sum(max(map(abs, knob.rho.values())) >= PLAYABLE_RHO for knob in knobs)


def test_at_least_four_of_the_first_eight_knobs_are_clearly_heard(name: str, manifest: Manifest) -> None:
    """Swept anew with other noise than the export's: no accident of one seed. The last four only where they are needed."""
    decoder = load_decoder(SHIPPED_MODELS / f"{name}.onnx")
    heard = listen(decoder, range(4), seed=123)
    if clearly_heard(heard) < 4:
        heard += listen(decoder, range(4, 8), seed=127)
    assert clearly_heard(heard) >= 4
    # The first is named after what it does here too, and does something all the way.
    descriptor, rho = max(manifest.latents[0].heard.items(), key=lambda item: abs(item[1]))
    assert heard[0].rho[descriptor] * np.sign(rho) >= REAL_RHO
    assert max(map(abs, heard[0].rho.values())) >= PLAYABLE_RHO


def test_a_sweep_renders_twice_to_the_same_bytes_and_is_seen_in_the_sound(
    tmp_path: Path, name: str, manifest: Manifest
) -> None:
    score = tmp_path / "sweep.yaml"
    score.write_text(
        "seconds: 3\nevents:\n  - [0, /glide_s, 0]\n  - {from_s: 0, to_s: 3, address: /latent/0, from: -1, to: 1}\n"
    )
    for take in ("a.wav", "b.wav"):
        done = latentone("render", score, "-o", tmp_path / take, "--model", name)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    audio, rate_hz = soundfile.read(tmp_path / "a.wav")
    assert (rate_hz, len(audio)) == (manifest.sample_rate_hz, 3 * manifest.sample_rate_hz)
    assert 0.01 < np.abs(audio).max() < 1.0
    levels_db = [20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9) for part in np.array_split(audio, 6)]
    assert max(levels_db) - min(levels_db) > 6.0


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="oscsend (liblo-tools) is not installed")
def test_oscsend_changes_the_sound_of_a_running_server(tmp_path: Path, name: str, manifest: Manifest) -> None:
    """Two servers with one seed, the same knob sent to either end: what the manifest says that it moves is heard to."""
    descriptor, rho = max(manifest.latents[0].heard.items(), key=lambda item: abs(item[1]))
    low, high = (played(name, tmp_path / f"{value}.wav", value) for value in (-0.9, 0.9))
    rate_hz = manifest.sample_rate_hz
    assert (describe(high, rate_hz)[descriptor] - describe(low, rate_hz)[descriptor]) * rho > 0
    assert not np.array_equal(low, high)


def played(name: str, path: Path, value: float) -> np.ndarray:
    """The last second of three, (samples,), of a server that is sent `/latent/0 value` by oscsend while it plays."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "latentone.server", "play", name]
    command += ["--seconds", "3", "--osc-port", port, "-o", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert any("oscsend" in line for line in server.stdout)
            subprocess.run(["oscsend", "localhost", port, "/latent/0", "f", str(value)], timeout=5, check=True)
            server.communicate(timeout=DEADLINE_S)
        finally:
            server.kill()
    assert server.returncode == 0
    audio, rate_hz = soundfile.read(path)
    return audio[-rate_hz:]


def test_play_without_a_sound_card_runs_and_ends_well() -> None:
    """The first model without being asked for, since it is the default."""
    done = latentone("play", "--sink", "null", "--seconds", "1", "--osc-port", "0")
    assert done.returncode == 0, done.stderr
    for fact in (next(iter(SHIPPED)), "real time", "latency", "oscsend", "underruns"):
        assert fact in done.stdout
