"""`latentone bench`: the runtimes are compared on the same sound, and what is printed can be read by people and programs."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import feedforward
import numpy as np
import pytest
import torch
from command_line import in_this_process
from latentone.export.bench import command, models, plot, rave, report, run
from latentone.export.bench.worker import open_runtime
from latentone.export.errors import LatentoneError
from latentone.export.runtime.load import load_torchscript
from latentone.export.runtime.measure import Material, measure
from streaming_decoder import RatedDecoder

ROW = {
    "runtime", "size", "bands", "voices", "sample_rate_hz", "us_per_sample", "times_real_time", "gflops",
    "share_of_peak", "block_ms", "memory_mb", "block_samples", "audio_s", "overhead_percent",
}  # fmt: skip


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "latentone.server", "bench", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=240, check=False)


def row(runtime: str = "fused", voices: int = 1, times_real_time: float = 2.0, **others: object) -> run.Row:
    block_ms = {"p50": 2.0, "p95": 2.1, "p99": 2.2, "max": 3.0}
    facts = {"size": "live", "bands": 1, "sample_rate_hz": 16000, "gflops": 40.0, "share_of_peak": 0.4, **others}
    us = 62.5 / times_real_time
    return run.Row(runtime, voices=voices, us_per_sample=us, times_real_time=times_real_time, block_ms=block_ms,
                   memory_mb=12.0, block_samples=64, audio_s=30.0, **facts)  # type: ignore[arg-type] # fmt: skip


@pytest.mark.parametrize(("head", "tolerance"), [("softmax", 1e-5), ("logistic", 1e-3)])
def test_every_runtime_plays_the_same_sound(head: str, tolerance: float, tmp_path: Path) -> None:
    """What is compared is the same work: same weights, latents, noise, voices, over blocks of carried state."""
    path = models.write("mini", 16, 16000, head, tmp_path)
    heard = {}
    for runtime in run.USUAL:
        decoder = open_runtime(runtime, path)
        material, stream = Material(decoder.manifest, voices=2, block_frames=2), decoder.stream(2)
        blocks = []
        for index in range(4):
            material.show(index)
            stream.advance(material.latents, material.noise, material.temperature, material.active, material.audio)
            blocks.append(material.audio.copy())
        heard[runtime] = np.concatenate(blocks, axis=2)
    assert 0.01 < heard["fused"].std() < 1
    for runtime in run.USUAL:
        np.testing.assert_allclose(heard[runtime], heard["pytorch"], atol=tolerance, err_msg=runtime)


def test_measuring_ends_after_so_much_sound_or_when_patience_does(tmp_path: Path) -> None:
    decoder = open_runtime("onnx", feedforward.write(tmp_path / "model.onnx"))
    found = measure(decoder, 3, block_samples=50, audio_s=0.1)
    assert (found.voices, found.block_samples) == (3, 64)
    assert len(found.block_s) == 25
    assert found.audio_s == pytest.approx(0.1)
    assert found.times_real_time * found.us_per_sample == pytest.approx(1e6 / 16000)
    assert found.block_ms(50) <= found.block_ms(99) <= found.block_ms(100)

    class Slow:
        manifest = decoder.manifest

        def stream(self, voices: int) -> Slow:
            return self

        def advance(
            self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
        ) -> None:
            time.sleep(2 * audio.shape[2] / decoder.manifest.sample_rate_hz)

    assert len(measure(Slow(), audio_s=1000.0, patience_s=0.0).block_s) == 1


def test_the_rows_are_there_for_programs_and_the_picture_for_people(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    sizes = ("--sizes", "mini", "--bands", "16", "--voices", "1,2", "--threads", 2)
    done = bench(*sizes, "--seconds", 0.05, "--json", "--plot", picture)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert results["peak_gflops"] > 0
    assert results["threads"] == 2
    assert [(r["runtime"], r["voices"]) for r in results["rows"]] == [(n, v) for n in run.USUAL for v in (1, 2)]
    for found in results["rows"]:
        assert set(found) == ROW
        assert set(found["block_ms"]) == {"p50", "p95", "p99", "max"}
        assert (found["size"], found["bands"], found["sample_rate_hz"]) == ("mini", 16, 16000)
        assert found["share_of_peak"] == pytest.approx(found["gflops"] / results["peak_gflops"])
        assert found["audio_s"] > 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_given_model_is_measured_where_it_can_play(tmp_path: Path) -> None:
    model = feedforward.write(tmp_path / "model.onnx")
    done = bench(model, "--voices", "1", "--seconds", 0.05)
    assert done.returncode == 0, done.stderr
    assert "ONNX Runtime" in done.stdout
    assert "PyTorch's rows are left out" in done.stdout
    assert "feedforward in fused: " in done.stdout
    assert "not a WaveNet" in done.stdout


def test_a_torchscript_model_is_measured_beside_libtorch_alone(tmp_path: Path) -> None:
    """A server that cost much more than its library would be blamed for it, and rightly."""
    path = tmp_path / "other.ts"
    torch.jit.script(RatedDecoder(factors=(16, 16, 8)).eval()).save(str(path))
    done = bench(path, "--seconds", 0.5, "--json")
    assert done.returncode == 0, done.stderr
    ours, libtorch = json.loads(done.stdout)["rows"]
    assert (ours["runtime"], libtorch["runtime"]) == ("torchscript", "libtorch (raw)")
    for found in (ours, libtorch):
        assert set(found) == ROW
        assert (found["size"], found["block_samples"], found["sample_rate_hz"]) == ("other", 2048, 44100)
    assert ours["audio_s"] == libtorch["audio_s"] > 0.2
    assert ours["overhead_percent"] > -100
    assert libtorch["overhead_percent"] is None


def test_both_play_the_same_sound_when_they_are_compared(tmp_path: Path) -> None:
    path = rave.write(tmp_path)
    decoder = load_torchscript(path)
    material, stream = Material(decoder.manifest, 1, 1), decoder.stream(1)
    module = torch.jit.load(str(path))
    for index in range(2):
        material.show(index)
        stream.advance(material.latents, material.noise, material.temperature, material.active, material.audio)
        torch.manual_seed(int(material.noise[0, 0] * 2**24))
        with torch.inference_mode():
            wanted = module.decode(torch.from_numpy(decoder.raw_latents(material.latents[0]))[None]).numpy()
        np.testing.assert_allclose(material.audio, wanted, atol=1e-6)
    assert material.audio.std() > 0.001


def test_overhead_is_said_for_people() -> None:
    rows = [row("torchscript", size="rave", overhead_percent=1.25), row("libtorch (raw)", size="rave")]
    results = run.Results("a CPU", 2, 100.0, rows=rows)
    assert any("rave: a block takes +1.2 % longer in our server's runtime" in line for line in report.facts(results))
    [live] = report.plays_live(results)
    assert "with TorchScript" in live


def test_the_block_loop_leaves_nothing_behind() -> None:
    """Memory that grew would end in a garbage collection, or in no memory, in the middle of a concert."""
    done = bench("--allocations", "--sizes", "mini", "--bands", "16", "--samples", 64_000, "--json")
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["allocations"]
    assert found["samples"] == 64_000
    assert found["grown_bytes"] < 1000


def test_without_pytorch_the_shipped_model_is_measured_and_the_rest_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "torch" else real(name))
    chosen, left_out = command._models(None, [*run.USUAL], ["mini"], [1], 16000, "softmax", tmp_path)
    [model] = chosen
    assert (model.size, model.runtimes) == ("voice", ("onnx", "fused"))
    assert "pip install" in left_out[0]
    with pytest.raises(LatentoneError, match="nothing is left to measure"):
        command._models(None, ["pytorch"], ["mini"], [1], 16000, "softmax", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--runtimes", "fused,abacus"), "--runtimes: abacus is not one of pytorch, torchscript, onnx, fused"),
        (("--voices", "9"), "--voices: 9 is not one of 1, 2"),
        (("--bands", "5"), "--bands: 5 is not one of 1, 4, 8, 16"),
        (("--sizes", ""), "--sizes"),
        (("none.onnx",), "no such model file"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    arguments: tuple[str, ...], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first in a process of its own, as a person meets it."""
    done = bench(*arguments) if "abacus" in says else in_this_process(capfd, "bench", *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("threads", "runtime", "said"), [(8, "fused", "up to 2"), (2, "onnx", "one is used"), (1, "fused", "one is used")]
)
def test_how_many_cores_were_used_is_said_for_people(threads: int, runtime: str, said: str) -> None:
    """No more than there are, and one where nothing was spread over them."""
    results = run.Results("a CPU", 2, 100.0, threads, rows=[row(runtime, voices=4)])
    assert said in next(report.facts(results))


def test_what_plays_live_is_said_for_each_model() -> None:
    rows = [
        row(voices=1, times_real_time=1.9),
        row(voices=4, times_real_time=1.1),
        row(voices=8, times_real_time=0.6),
        row("onnx", times_real_time=0.3),
        row(size="paper", times_real_time=0.05),
        row("onnx", size="paper", times_real_time=0.02),
    ]
    live, paper = report.plays_live(run.Results("a CPU", 2, 100.0, rows=rows))
    assert "plays live, 4 voices with fused (1.10 × real time)" in live
    assert "too slow to play live; the fastest, fused, makes 0.05 s" in paper


def test_a_picture_needs_somewhere_to_go(tmp_path: Path) -> None:
    results = run.Results("a CPU", 2, 100.0, rows=[row(), row("onnx", times_real_time=0.3)])
    with pytest.raises(LatentoneError, match="cannot be written"):
        plot.draw(results, tmp_path / "none" / "picture.png")
