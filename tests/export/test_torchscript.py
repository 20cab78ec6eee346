"""What was exported for nn~ and nn.ar is heard there as our own runtimes play it, whatever the host sends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from latentone.export.calibrate_script import calibrate
from latentone.export.errors import LatentoneError
from latentone.export.export import Exported, Request
from latentone.export.manifest import Manifest
from latentone.export.runtime.load import load_decoder, load_encoder
from latentone.export.runtime.onnx import OnnxDecoder
from latentone.export.torchscript.write import BATCH, ExportedScript, export
from nn_host import NnHost
from signals import voice_like
from small import LATENTS

HOP = 64


@pytest.fixture(scope="module", autouse=True)
def _one_core() -> Iterator[None]:
    """As in a host's audio thread; a test machine's cores have others to serve."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def script(checkpoint: Path) -> ExportedScript:
    output = checkpoint.with_name("script.ts")
    return export(Request(checkpoint, output, None, None, 0.9, None, "CC0", "made by a test", 0))


@pytest.fixture
def host(script: ExportedScript) -> NnHost:
    return NnHost(script.file)


def known_noise(seed: int, voices: int, count: int) -> np.ndarray:
    """The noise that the manifest describes, written anew."""

    def hashed(x: np.ndarray) -> np.ndarray:
        x = x.astype(np.uint32)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        return x ^ (x >> np.uint32(16))

    keys = hashed(np.arange(voices) ^ hashed(np.array([seed])))
    return (hashed(np.arange(count)[None] ^ keys[:, None]) >> 8).astype(np.float32) / np.float32(2**24)


def at_audio_rate(knobs: np.ndarray) -> np.ndarray:
    """Knobs (batch, dim, frames) as a patch's signals, of which only the last sample of a group counts."""
    signals = np.repeat(knobs, HOP, axis=2)
    signals[:, :, np.arange(signals.shape[2]) % HOP != HOP - 1] = 99.0
    return signals


def wandering(batch: int, frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.5, (batch, LATENTS, frames)).astype(np.float32)


def test_a_host_finds_methods_rates_labels_and_attributes(host: NnHost, script: ExportedScript) -> None:
    assert host.methods == ["decode", "encode", "forward"]
    assert host.params("decode") == [LATENTS, HOP, 1, 1]
    assert host.params("encode") == [1, 1, LATENTS, HOP]
    assert host.params("forward") == [1, 1, 1, 1]
    assert host.labels("decode", "input") == host.labels("encode", "output") == script.manifest.latent_names
    for method in host.methods:
        in_channels, _, out_channels, _ = host.params(method)
        assert len(host.labels(method, "input")) == in_channels
        assert len(host.labels(method, "output")) == out_channels
    assert host.model.get_sample_rate() == 16000
    assert host.model.get_attributes() == ["temperature", "seed", "reset"]
    assert host.get("temperature") == pytest.approx((0.9,))
    assert (host.set("temperature", 0.5), host.get("temperature")) == (0, (0.5,))
    assert (host.set("temperature", -3), host.get("temperature")) == (0, (0.0,))
    assert (host.set("seed", 7), host.get("seed")) == (0, (7,))
    assert (host.set("reset", 1), host.get("reset")) == (0, (False,))


def test_the_manifest_rides_along_and_says_how_fast_it_is(host: NnHost, script: ExportedScript) -> None:
    manifest = Manifest.from_json(host.files["latentone.manifest"], "the file")
    assert manifest.model_dump_json() == script.manifest.model_dump_json()
    facts = manifest.model_dump()["torchscript"]
    assert facts["batch"] == BATCH
    assert facts["times_real_time"] == pytest.approx(script.times_real_time, abs=0.001)
    assert script.decoder_parity.identical >= 0.999
    assert script.encoder_error < 1e-4


@pytest.mark.parametrize("temperature", [0.9, 0.0])
def test_four_voices_sound_as_onnx_runtime_plays_them_with_the_same_noise(
    host: NnHost, exported: Exported, temperature: float
) -> None:
    """Both files are of one checkpoint: sample for sample the same, however the host cuts its blocks."""
    frames = (1, 4, 2, 16, 1, 8, 32)
    knobs, noise = wandering(4, sum(frames)), known_noise(3, 4, sum(frames) * HOP)
    onnx = OnnxDecoder(exported.decoder)
    wanted, _ = onnx.decode(knobs, noise, np.full(4, temperature, np.float32), onnx.initial_state(4))
    host.set("temperature", temperature)
    host.set("seed", 3)
    signals, parts, start = at_audio_rate(knobs), [], 0
    for count in frames:
        parts.append(host.perform("decode", signals[:, :, start : start + count * HOP]))
        start += count * HOP
    heard = np.concatenate(parts, axis=2)
    assert host.failures == 0
    assert heard.std() > 0.01
    np.testing.assert_allclose(heard, wanted, atol=1e-4)
    assert np.abs(heard[0] - heard[1]).max() > 0.01


def test_our_own_script_plays_in_the_server_as_the_onnx_file_does(script: ExportedScript, exported: Exported) -> None:
    onnx, ours = OnnxDecoder(exported.decoder), load_decoder(script.file)
    assert ours.runtime.startswith("torchscript")
    assert ours.manifest.latents == onnx.manifest.latents
    noise = np.random.default_rng(0).random((2, 24 * HOP), np.float32)
    knobs, warmth = wandering(2, 24), np.array([0.5, 1.0], np.float32)
    wanted, _ = onnx.decode(knobs, noise, warmth, onnx.initial_state(2))
    half, state = ours.decode(knobs[:, :, :9], noise[:, : 9 * HOP], warmth, ours.initial_state(2))
    rest, _ = ours.decode(knobs[:, :, 9:], noise[:, 9 * HOP :], warmth, state)
    np.testing.assert_allclose(np.concatenate([half, rest], axis=2), wanted, atol=1e-4)


def test_encode_hears_what_the_encoder_file_hears_once_it_has_looked_ahead(
    host: NnHost, exported: Exported, script: ExportedScript
) -> None:
    hop = 320
    audio = voice_like(2.0, 0, 16000)[: 90 * hop].astype(np.float32)
    wanted = load_encoder(exported.encoder).encode(audio[None])
    sizes, parts, start, index = (64, 512, 128, 1024), [], 0, 0
    while start < len(audio):
        block = audio[start : start + sizes[index % 4]]
        parts.append(host.perform("encode", block[None, None]))
        start, index = start + len(block), index + 1
    heard = np.concatenate(parts, axis=2)
    assert heard.shape == (1, LATENTS, len(audio))
    late = script.manifest.model_dump()["torchscript"]["encode_latency_samples"] // hop
    # A latent is there with the frame in which the last sample that it depends on has come.
    known = heard[:, :, hop - 1 :: hop]
    np.testing.assert_allclose(known[:, :, late + 8 :], wanted[:, :, 8 : wanted.shape[2] - late], atol=1e-3)


def test_forward_is_as_long_as_what_comes_in_and_goes_on_from_block_to_block(host: NnHost) -> None:
    audio = voice_like(1.0, 1, 16000)[: 128 * 64].astype(np.float32)[None, None]
    host.set("temperature", 0.0)
    whole = host.perform("forward", audio)
    host.set("reset", True)
    parts = [host.perform("forward", part) for part in np.split(audio, [64, 128, 640, 1664, 4096], axis=2)]
    np.testing.assert_allclose(np.concatenate(parts, axis=2), whole, atol=1e-3)
    assert host.failures == 0


def test_a_seed_and_a_reset_bring_the_same_sound_again(host: NnHost) -> None:
    signals = at_audio_rate(wandering(2, 20))

    def played(seed: int) -> np.ndarray:
        host.set("reset", True)
        host.set("seed", seed)
        return host.perform("decode", signals).copy()

    first = played(1)
    assert np.array_equal(first, played(1))
    assert not np.array_equal(first, played(2))


@pytest.mark.parametrize("method", ["decode", "encode", "forward"])
@pytest.mark.parametrize("value", [0.0, 1e30, -1e30, 3e38, float("nan"), float("inf")])
def test_nothing_that_a_host_sends_breaks_it_or_stays_in_its_state(host: NnHost, method: str, value: float) -> None:
    in_channels = host.params(method)[0]
    for batch in (1, 4, BATCH + 3):
        out = host.perform(method, np.full((batch, in_channels, 512), value, np.float32))
        assert np.isfinite(out).all()
        assert not out[BATCH:].any()
    last = host.perform("decode", at_audio_rate(wandering(2, 64)))
    assert np.isfinite(last).all()
    assert last.std() > 0.001
    assert host.failures == 0


@pytest.mark.parametrize("shape", [(0, LATENTS, 4), (1, LATENTS, 0), (1, 1, 4), (2, LATENTS + 3, 4)])
def test_wrong_shapes_are_answered_with_the_right_length(host: NnHost, shape: tuple[int, ...]) -> None:
    assert host.model.decode(torch.zeros(*shape)).shape == (shape[0], 1, shape[2] * HOP)
    samples = shape[2] * 50
    assert host.model.forward(torch.zeros(shape[0], shape[1], samples)).shape == (shape[0], 1, samples)


def test_the_command_writes_a_script_where_the_name_ends_in_ts(checkpoint: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "latentone.server", "export", str(checkpoint), "-o", str(tmp_path / "a.ts")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "× real time" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["a.ts"]
    refused = subprocess.run([*command, "--format", "wav"], capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode != 0, "onnx, torchscript" in refused.stderr) == (True, True)


def test_its_knobs_are_not_calibrated_anew(script: ExportedScript, recordings: Path) -> None:
    with pytest.raises(LatentoneError, match=r"script\.ts: was calibrated when it was exported"):
        calibrate(script.file, recordings)
