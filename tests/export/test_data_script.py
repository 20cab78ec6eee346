"""Encoders of data in nn~ and nn.ar: rows and poses come out as the ONNX file has them, however the host cuts its blocks."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from data_checkpoints import save_motion, save_rows
from latentone.export.encoders import FAMILIES
from latentone.export.encoders.finish import Exported, Request
from latentone.export.inspect_command import inspect
from latentone.export.manifest import DataManifest
from latentone.export.runtime.load import load_data_encoder
from latentone.export.torchscript.write_data import BATCH, ExportedDataScript, script
from nn_host import NnHost

SIZES = (1, 4, 2, 16, 1, 8)
Pair = tuple[Exported, ExportedDataScript]


@pytest.fixture(scope="module", params=["tybalt", "mocap"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("data")
    checkpoint = (save_rows if request.param == "tybalt" else save_motion)(folder / "small.ckpt")
    order = Request(checkpoint, folder / "small.encoder.onnx", None, None, "CC0", "a test")
    module = FAMILIES[request.param].export
    done = import_module(f"latentone.export.encoders{module}").export(order)
    return done, script(done, folder / "small.ts")


def frames(done: Exported, batch: int, count: int) -> np.ndarray:
    """Real rows or poses, other ones in each row of the batch: (batch, inputs, count)."""
    taken = np.concatenate(list(done.examples), axis=1)
    return np.stack([np.take(taken, np.arange(count) + 7 * row, axis=1, mode="wrap") for row in range(batch)])


def in_blocks(host: NnHost, values: np.ndarray) -> np.ndarray:
    parts, start, block = [], 0, 0
    while start < values.shape[2]:
        parts.append(host.perform("encode", values[:, :, start : start + SIZES[block % len(SIZES)]]))
        start, block = start + parts[-1].shape[2], block + 1
    return np.concatenate(parts, axis=2)


def test_a_host_finds_methods_labels_and_attributes(pair: Pair) -> None:
    done, made = pair
    host, facts = NnHost(made.file), done.manifest
    assert host.methods == ["encode", "forward"]
    for method in host.methods:
        assert host.params(method) == [len(facts.inputs), 1, len(facts.latents), 1]
        assert host.labels(method, "input") == facts.inputs
        assert host.labels(method, "output") == facts.latent_names
    assert host.model.get_attributes() == ["reset", "frame_samples"]
    assert (host.set("reset", 1), host.get("reset")) == (0, (False,))
    assert (host.set("frame_samples", -3), host.get("frame_samples")) == (0, (1,))


def test_the_manifest_rides_along_and_says_how_fast_it_is(pair: Pair) -> None:
    done, made = pair
    manifest = DataManifest.from_json(NnHost(made.file).files["latentone.manifest"], "the file")
    assert (manifest.inputs, manifest.latents) == (done.manifest.inputs, done.manifest.latents)
    facts = manifest.model_dump()["torchscript"]
    assert facts["batch"] == BATCH
    assert facts["frames_per_s"] == pytest.approx(made.frames_per_s, abs=1)
    assert facts["times_real_time"] == pytest.approx(made.frames_per_s / 48000, abs=0.001)


def test_inspect_reads_it(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    done, made = pair
    inspect(made.file)
    said = capsys.readouterr().out
    assert f"data_encoder, {done.manifest.family}" in said
    assert f"{len(done.manifest.inputs)} values: {done.manifest.inputs[0]}" in said


@pytest.mark.parametrize("batch", [1, 3])
def test_blocks_of_any_size_give_what_the_onnx_file_gives(pair: Pair, batch: int) -> None:
    done, made = pair
    values, onnx = frames(done, batch, 90), load_data_encoder(done.file)
    wanted, _ = onnx.encode(values, onnx.initial_state(batch))
    host = NnHost(made.file)
    np.testing.assert_allclose(in_blocks(host, values), wanted, atol=1e-4)
    host.set("reset", True)
    np.testing.assert_allclose(host.perform("forward", values), wanted, atol=1e-4)
    assert host.failures == 0
    assert np.abs(wanted).max() > 0.1


def test_a_frame_may_last_many_samples_and_its_last_one_counts(pair: Pair) -> None:
    """30 poses a second in a host of 48,000 samples: `frame_samples 1600`."""
    done, made = pair
    values, onnx = frames(done, 2, 24), load_data_encoder(done.file)
    wanted, _ = onnx.encode(values, onnx.initial_state(2))
    signals = np.repeat(values, 10, axis=2)
    signals[:, :, np.arange(240) % 10 != 9] = 55.0
    host = NnHost(made.file)
    host.set("frame_samples", 10)
    heard = in_blocks(host, signals)
    np.testing.assert_allclose(heard[:, :, 9::10], wanted, atol=1e-4)
    np.testing.assert_allclose(heard[:, :, 10:19], np.repeat(wanted[:, :, :1], 9, axis=2), atol=1e-4)
    assert host.failures == 0


@pytest.mark.parametrize("value", [0.0, 1e30, -3e38, float("nan"), float("inf")])
def test_nothing_that_a_host_sends_breaks_it_or_stays_after_a_reset(pair: Pair, value: float) -> None:
    done, made = pair
    host, inputs = NnHost(made.file), len(done.manifest.inputs)
    for batch in (1, BATCH + 3):
        out = host.perform("encode", np.full((batch, inputs, 64), value, np.float32))
        assert np.isfinite(out).all()
        assert not out[BATCH:].any()
    host.set("reset", True)
    values, onnx = frames(done, 1, 40), load_data_encoder(done.file)
    wanted, _ = onnx.encode(values, onnx.initial_state(1))
    np.testing.assert_allclose(host.perform("encode", values), wanted, atol=1e-4)
    assert host.failures == 0


def test_the_command_writes_a_script_of_a_model_of_data(tmp_path: Path) -> None:
    checkpoint = save_rows(tmp_path / "rows.ckpt")
    command = [sys.executable, "-m", "latentone.server", "export", str(checkpoint), "-o", str(tmp_path / "rows.ts")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "frames a second on one core" in done.stdout
    assert {file.name for file in tmp_path.iterdir()} == {"rows.ckpt", "rows.ts"}
    assert NnHost(tmp_path / "rows.ts").labels("encode", "input")[0] == "alcohol"
