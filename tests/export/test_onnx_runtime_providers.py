"""The provider that was asked for plays, or the CPU does and one line says why; nothing else is printed.

Accelerators are simulated by a session that claims to be one and computes on the CPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import feedforward
import onnx
import onnxruntime
import pytest
from latentone.export.errors import LatentoneError
from latentone.export.runtime import providers
from latentone.export.runtime.onnx import OnnxDecoder, OnnxEncoder
from latentone.export.runtime.onnx_memory import CUDA, HOST
from latentone.export.runtime.operators import CONTROL_FLOW, operators
from latentone.export.runtime.providers import PROVIDERS, open_session
from small import small_model
from test_parity import write as write_wavenet

CPU = PROVIDERS["cpu"].full_name


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return feedforward.write(tmp_path_factory.mktemp("providers") / "straight.onnx")


@pytest.fixture(scope="module")
def looping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("providers") / "looping.onnx"
    write_wavenet(small_model(16), path)
    return path


class Machine:
    """A computer whose ONNX Runtime has `installed` providers, of which `starting` start."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, installed: list[str], starting: list[str]) -> None:
        self.asked: list[list[tuple[str, dict[str, str]]]] = []
        """The providers and options of every session that was tried."""
        self.refuses_graphs = False
        self.raises = False
        machine, real = self, onnxruntime.InferenceSession
        full_names = [PROVIDERS[name].full_name for name in starting]

        class Session(real):
            def __init__(self, model: bytes, options: Any, providers: list[tuple[str, dict[str, str]]]) -> None:
                machine.asked.append(providers)
                if machine.raises and providers[0][0] != CPU:
                    raise RuntimeError("CUDA failure 100: no CUDA-capable device is detected")
                if machine.refuses_graphs and "enable_cuda_graph" in providers[0][1]:
                    raise RuntimeError("This session cannot use the graph capture feature")
                super().__init__(model, options, providers=[CPU])
                self.claimed = [name for name, _ in providers if name in full_names]

            def get_providers(self) -> list[str]:
                return [*self.claimed, CPU]

        monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
        available = [PROVIDERS[name].full_name for name in installed] + [CPU]
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: available)


def test_operators_are_those_that_the_onnx_package_reads(straight: Path, looping: Path) -> None:
    for path in (straight, looping):
        assert operators(path.read_bytes()) == {node.op_type for node in onnx.load(path).graph.node}
    assert operators(looping.read_bytes()) & CONTROL_FLOW == {"Scan"}
    assert not operators(straight.read_bytes()) & CONTROL_FLOW
    whole = straight.read_bytes()
    for broken in (b"", b"ID3\x03 this is a song", whole[: len(whole) // 2], b"\xff" * 100):
        assert not operators(broken) & CONTROL_FLOW


def test_auto_keeps_loops_on_the_cpu_and_gives_the_rest_to_cuda(
    monkeypatch: pytest.MonkeyPatch, straight: Path, looping: Path
) -> None:
    machine = Machine(monkeypatch, ["tensorrt", "cuda"], ["tensorrt", "cuda"])
    assert open_session(looping, "auto").provider == "cpu"
    assert [[name for name, _ in asked] for asked in machine.asked] == [[CPU]]
    opened = open_session(straight, "auto")
    assert (opened.provider, opened.device, opened.note) == ("cuda", CUDA, "")
    assert opened.runtime == f"ONNX Runtime {onnxruntime.__version__} on cuda"


def test_auto_does_not_mention_what_nobody_asked_for(monkeypatch: pytest.MonkeyPatch, straight: Path) -> None:
    Machine(monkeypatch, ["tensorrt", "cuda"], [])
    assert open_session(straight, "auto").runtime == f"ONNX Runtime {onnxruntime.__version__} on cpu"


@pytest.mark.parametrize("raises", [False, True], ids=["left out in silence", "raises"])
@pytest.mark.parametrize("name", ["cuda", "tensorrt", "coreml", "directml"])
def test_what_was_asked_for_and_does_not_start_is_one_line_and_the_cpu(
    monkeypatch: pytest.MonkeyPatch, straight: Path, name: str, raises: bool
) -> None:
    Machine(monkeypatch, ["cuda", "tensorrt", "coreml", "directml"], []).raises = raises
    decoder = OnnxDecoder(straight, name)
    assert f"on cpu ({name} did not start: it needs " in decoder.runtime
    assert len(decoder.runtime.splitlines()) == 1
    assert decoder.stream(1)._device is HOST


def test_so_is_one_that_this_onnx_runtime_was_built_without(monkeypatch: pytest.MonkeyPatch, straight: Path) -> None:
    machine = Machine(monkeypatch, [], [])
    assert "coreml did not start: it needs macOS" in OnnxDecoder(straight, "coreml").runtime
    assert len(machine.asked) == 1


@pytest.mark.parametrize("name", ["cuda", "tensorrt"])
def test_libraries_that_are_really_missing_print_nothing(
    straight: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The real ONNX Runtime of this machine, which on Linux is the build for GPUs."""
    decoder = OnnxDecoder(straight, name)
    if f"on {name}" in decoder.runtime:
        pytest.skip(f"{name} starts on this machine")
    assert f"{name} did not start" in decoder.runtime
    assert capfd.readouterr() == ("", "")


def test_an_unknown_provider_is_an_error_that_names_the_known(straight: Path) -> None:
    with pytest.raises(LatentoneError, match="gpu is not one of auto, cpu, cuda"):
        open_session(straight, "gpu")


def test_cuda_graphs_are_asked_for_without_loops_only(
    monkeypatch: pytest.MonkeyPatch, straight: Path, looping: Path
) -> None:
    machine = Machine(monkeypatch, ["cuda"], ["cuda"])
    for path, capture in ((straight, "1"), (looping, None)):
        assert open_session(path, "cuda").provider == "cuda"
        assert machine.asked[-1][0][1].get("enable_cuda_graph") == capture


def test_cuda_plays_without_graphs_where_they_are_refused(monkeypatch: pytest.MonkeyPatch, straight: Path) -> None:
    machine = Machine(monkeypatch, ["cuda"], ["cuda"])
    machine.refuses_graphs = True
    assert open_session(straight, "cuda").provider == "cuda"
    assert "enable_cuda_graph" not in machine.asked[-1][0][1]


def test_operators_that_tensorrt_lacks_run_on_cuda(monkeypatch: pytest.MonkeyPatch, straight: Path) -> None:
    machine = Machine(monkeypatch, ["tensorrt", "cuda"], ["tensorrt", "cuda"])
    assert open_session(straight, "tensorrt").provider == "tensorrt"
    assert [name for name, _ in machine.asked[-1]] == [PROVIDERS[name].full_name for name in ("tensorrt", "cuda")]


def test_an_encoder_stays_on_the_cpu_unless_told(monkeypatch: pytest.MonkeyPatch, straight: Path) -> None:
    machine = Machine(monkeypatch, ["cuda"], ["cuda"])
    with pytest.raises(LatentoneError, match="is a decoder"):
        OnnxEncoder(straight)
    assert [name for name, _ in machine.asked[-1]] == [CPU]


def test_every_provider_of_auto_is_one() -> None:
    assert set(providers.AUTO) < set(PROVIDERS)
