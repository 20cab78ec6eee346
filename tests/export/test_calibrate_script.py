"""Recordings make knobs of a foreign model's latents, in a file beside it that every runtime of the model reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from latentone.export import calibrate_command
from latentone.export.calibrate_script import calibrate
from latentone.export.errors import LatentoneError
from latentone.export.knob_file import knob_file_of, read_knobs
from latentone.export.runtime.load import SHIPPED_MODELS, load_decoder
from latentone.export.runtime.torchscript.encoder import TorchscriptEncoder
from latentone.models import audio_files
from streaming_decoder import Autoencoder, RatedDecoder
from test_torchscript_runtime import RATE_HZ, written


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones of moving level, and noise."""
    folder = tmp_path_factory.mktemp("recordings")
    generator, time_s = np.random.default_rng(0), np.arange(2 * RATE_HZ) / RATE_HZ
    for index, pitch_hz in enumerate((110.0, 440.0)):
        level = 0.5 + 0.4 * np.sin(2 * np.pi * (0.7 + index) * time_s)
        tone = level * np.sin(2 * np.pi * pitch_hz * time_s) + 0.05 * generator.normal(size=len(time_s))
        soundfile.write(folder / f"{index}.wav", 0.5 * tone, RATE_HZ)
    return folder


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Path:
    torch.manual_seed(1)
    path = written(tmp_path_factory.mktemp("model") / "other.ts", Autoencoder(dim=3, factors=(16, 16)))
    calibrate(path, recordings)
    return path


def test_the_knobs_reach_as_far_as_the_recordings(calibrated: Path, recordings: Path) -> None:
    knobs = read_knobs(calibrated, 3)
    assert knobs is not None
    encoder = TorchscriptEncoder(calibrated)
    heard = []
    for file in sorted(recordings.iterdir()):
        audio = audio_files.load(file, RATE_HZ)
        heard.append(encoder.encode(audio[None])[0])
    both = np.concatenate(heard, axis=1)
    np.testing.assert_allclose(np.quantile(both, 0.975, axis=1) - np.quantile(both, 0.025, axis=1), 2.0, atol=0.1)
    for latent in knobs.latents:
        assert latent.quantiles["0.975"] - latent.quantiles["0.025"] == pytest.approx(2.0, abs=0.01)
    assert knobs.calibrated_on == {"folder": recordings.name, "files": 2, "seconds": 4}


def test_the_runtime_plays_the_knobs_of_the_file(calibrated: Path) -> None:
    """Encoded and decoded through knobs is what the model itself makes of its latents."""
    decoder, encoder = load_decoder(calibrated), TorchscriptEncoder(calibrated)
    assert decoder.manifest.latent_names == encoder_names(calibrated)
    assert not any("calibrate" in note for note in decoder.notes)  # type: ignore[attr-defined]
    audio = np.random.default_rng(0).normal(0, 0.2, 256 * 8).astype(np.float32)
    knobs = encoder.encode(audio[None])[0].astype(np.float32)
    module = torch.jit.load(str(calibrated))
    with torch.inference_mode():
        wanted = module.decode(module.encode(torch.from_numpy(audio)[None, None]))[0].numpy()
    stream, found = decoder.stream(1), np.zeros((1, 1, 256 * 8), np.float32)
    stream.advance(knobs[None], np.zeros((1, 8), np.float32), np.ones(1, np.float32), np.ones(1, bool), found)
    np.testing.assert_allclose(found[0], wanted, atol=1e-4)


def encoder_names(path: Path) -> list[str]:
    return [latent["name"] for latent in json.loads(knob_file_of(path).read_text())["latents"]]


def test_a_knob_may_be_a_latent_of_the_models_own(tmp_path: Path, recordings: Path) -> None:
    path = written(tmp_path / "other.ts", Autoencoder(dim=3, factors=(16, 16)))
    _, knobs, skipped = calibrate(path, recordings, "own")
    assert not skipped
    matrix, _ = knobs.raw
    assert np.count_nonzero(matrix) == 3
    assert (np.diag(matrix) > 0).all()


def test_knobs_of_another_file_are_not_played(tmp_path: Path, calibrated: Path) -> None:
    path = written(tmp_path / "other.ts", Autoencoder(dim=3, factors=(16, 16)))
    knob_file_of(path).write_bytes(knob_file_of(calibrated).read_bytes())
    with pytest.raises(LatentoneError, match=r"was measured on another other\.ts; run `latentone calibrate` again"):
        load_decoder(path)
    knob_file_of(path).write_text('{"axes": "sideways"}')
    with pytest.raises(LatentoneError, match=r"latentone\.json: "):
        load_decoder(path)


def test_the_command_says_what_it_did_and_what_it_cannot(
    tmp_path: Path, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "other.ts", Autoencoder(dim=1, factors=(16, 16)))
    calibrate_command.calibrate(path, recordings, "principal", None, 0)
    said = capsys.readouterr().out
    assert "other.ts.latentone.json, principal axes, from 4 s of audio in 2 files" in said
    for model, folder, axes, says in (
        (SHIPPED_MODELS / "voice.onnx", recordings, "own", "was calibrated when it was exported"),
        (path, tmp_path / "nowhere", "own", "no such folder"),
        (path, recordings, "both", "--axes both: is not one of principal, own"),
    ):
        with pytest.raises(LatentoneError, match=says) as caught:
            calibrate_command.calibrate(model, folder, axes, None, 0)
        assert len(str(caught.value).splitlines()) == 1


def test_a_model_that_cannot_hear_is_refused(tmp_path: Path, recordings: Path) -> None:
    with pytest.raises(LatentoneError, match="has no encode method"):
        calibrate(written(tmp_path / "mute.ts", RatedDecoder()), recordings)
