"""A file gets its runtime: by rule where bytes must repeat, by measurement where it is played, and the reason is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import feedforward
import numpy as np
import pytest
from latentone.export.bench import models
from latentone.export.errors import LatentoneError
from latentone.export.runtime import choose, cuda
from latentone.export.runtime.choose import Way, choose_decoder
from latentone.export.runtime.fused import FusedDecoder
from latentone.export.runtime.load import load_decoder
from latentone.export.runtime.measure import Measured
from latentone.export.runtime.onnx import OnnxDecoder


@pytest.fixture(scope="module")
def wavenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.write("mini", 16, 16000, "softmax", tmp_path_factory.mktemp("wavenet"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder that plays in ONNX Runtime alone."""
    return feedforward.write(tmp_path_factory.mktemp("foreign") / "foreign.onnx")


class Stopwatch:
    """Stands in for `measure`, with speeds that are made up; counts how often it was asked."""

    def __init__(self, **times_real_time: float) -> None:
        self.times_real_time = times_real_time
        self.asked = 0

    def __call__(self, decoder: object, voices: int, block_samples: int) -> Measured:
        self.asked += 1
        speed = self.times_real_time["fused" if isinstance(decoder, FusedDecoder) else "onnx"]
        return Measured(voices, 16000, 64, np.array([64 / 16000 / speed]))


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stopwatch]:
    def use(**times_real_time: float) -> Stopwatch:
        watch = Stopwatch(**times_real_time)
        monkeypatch.setattr(choose, "measure", watch)
        return watch

    return use


def test_without_a_clock_the_kernel_is_taken_where_it_knows_the_graph(wavenet: Path, foreign: Path) -> None:
    assert isinstance(load_decoder(wavenet), FusedDecoder)
    assert isinstance(load_decoder(wavenet, "onnx"), OnnxDecoder)
    fallen_back = load_decoder(foreign)
    assert isinstance(fallen_back, OnnxDecoder)
    assert "it is a feedforward decoder, not a WaveNet decoder" in fallen_back.runtime
    assert str(foreign) not in fallen_back.runtime


def test_naming_a_provider_means_onnx_runtime(wavenet: Path) -> None:
    assert isinstance(load_decoder(wavenet, provider="cpu"), OnnxDecoder)
    assert choose.ways_to_play("auto", "cpu") == [Way("onnx", "cpu")]
    with pytest.raises(LatentoneError, match="directml needs --runtime onnx"):
        load_decoder(wavenet, "fused", "directml")


def test_the_fused_kernel_falls_back_to_the_cpu_without_cuda(wavenet: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if not cuda.why_not():
        pytest.skip("this machine has CUDA")
    decoder = load_decoder(wavenet, "fused", "cuda")
    assert isinstance(decoder, FusedDecoder)
    assert re.fullmatch(r"fused on one core \(the CUDA kernel cannot run: [^\n]+\)", decoder.runtime)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("load", [load_decoder, choose_decoder])
def test_what_was_asked_for_and_cannot_be_is_one_line_that_names_the_file(
    load: Callable[[Path, str], object], foreign: Path, tmp_path: Path
) -> None:
    with pytest.raises(LatentoneError, match=r"foreign\.onnx: the fused runtime cannot play it: .*not a WaveNet"):
        load(foreign, "fused")
    with pytest.raises(LatentoneError, match="bicycle is not one of auto, fused, onnx"):
        load(foreign, "bicycle")
    with pytest.raises(LatentoneError, match="no such model file"):
        load(tmp_path / "none.onnx", "auto")
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(LatentoneError, match=r"junk\.onnx: not an ONNX model"):
        load(tmp_path / "junk.onnx", "auto")


@pytest.mark.parametrize(("fused", "onnx", "taken"), [(1.9, 0.28, FusedDecoder), (0.5, 2.0, OnnxDecoder)])
def test_auto_takes_the_fastest_and_says_why(
    fused: float, onnx: float, taken: type, wavenet: Path, tmp_path: Path, stopwatch: Callable[..., Stopwatch]
) -> None:
    stopwatch(fused=fused, onnx=onnx)
    choice = choose_decoder(wavenet, folder=tmp_path)
    assert isinstance(choice.decoder, taken)
    assert choice.times_real_time == pytest.approx(max(fused, onnx))
    best, other = sorted((fused, onnx), reverse=True)
    assert f"auto: {best:.2g} × real time; " in choice.decoder.runtime
    assert f" {other:.2g} ×" in choice.decoder.runtime


def test_auto_says_why_the_kernel_cannot(foreign: Path, tmp_path: Path, stopwatch: Callable[..., Stopwatch]) -> None:
    stopwatch(onnx=7.0)
    for _ in range(2):
        runtime = choose_decoder(foreign, folder=tmp_path).decoder.runtime
        assert "auto: 7 × real time" in runtime
        assert "not a WaveNet decoder" in runtime


def test_a_choice_is_remembered_for_the_same_file_and_voices(
    wavenet: Path, foreign: Path, tmp_path: Path, stopwatch: Callable[..., Stopwatch]
) -> None:
    watch = stopwatch(fused=1.9, onnx=0.28)
    choose_decoder(wavenet, folder=tmp_path)
    asked = watch.asked
    again = choose_decoder(wavenet, folder=tmp_path)
    assert watch.asked == asked
    assert isinstance(again.decoder, FusedDecoder)
    assert again.times_real_time == pytest.approx(1.9)
    assert "as measured before" in again.decoder.runtime
    choose_decoder(wavenet, voices=2, folder=tmp_path)
    assert watch.asked == 2 * asked
    choose_decoder(foreign, folder=tmp_path)
    assert watch.asked > 2 * asked


@pytest.mark.parametrize(
    "content", ["", "junk", "[]", "{}", '{"ways": [], "refused": []}', '{"ways": [{"runtime": 3}]}']
)
def test_a_broken_memory_is_measured_anew_and_mended(
    content: str, wavenet: Path, tmp_path: Path, stopwatch: Callable[..., Stopwatch]
) -> None:
    watch = stopwatch(fused=1.9, onnx=0.28)
    choose_decoder(wavenet, folder=tmp_path)
    [file] = tmp_path.iterdir()
    file.write_text(content)
    asked = watch.asked
    assert isinstance(choose_decoder(wavenet, folder=tmp_path).decoder, FusedDecoder)
    assert watch.asked == 2 * asked
    assert json.loads(file.read_text())["ways"][0]["runtime"] == "fused"


def test_what_is_remembered_but_cannot_play_any_more_is_measured_anew(
    foreign: Path, tmp_path: Path, stopwatch: Callable[..., Stopwatch]
) -> None:
    watch = stopwatch(onnx=7.0)
    choose_decoder(foreign, folder=tmp_path)
    [file] = tmp_path.iterdir()
    file.write_text('{"ways": [{"runtime": "fused", "provider": "cpu", "speed": 9}], "refused": []}')
    asked = watch.asked
    assert isinstance(choose_decoder(foreign, folder=tmp_path).decoder, OnnxDecoder)
    assert watch.asked == 2 * asked


def test_nowhere_to_remember_is_no_reason_not_to_play(
    wavenet: Path, tmp_path: Path, stopwatch: Callable[..., Stopwatch]
) -> None:
    stopwatch(fused=1.9, onnx=0.28)
    (tmp_path / "file").write_text("in the way")
    assert isinstance(choose_decoder(wavenet, folder=tmp_path / "file").decoder, FusedDecoder)
