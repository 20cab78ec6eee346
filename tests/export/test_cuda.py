"""The CUDA kernel, in numba's simulator, draws what the CPU kernel draws; without CUDA it says so in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from latentone.export.errors import LatentoneError
from latentone.export.runtime.cuda.pack import in_half, quads, rounded
from latentone.export.runtime.cuda.plan import plan_of
from latentone.export.runtime.fused.tensors import NotFusable, graphs_of, plain_tensors
from latentone.models.wavenet_vae.hyperparameters import Hyperparameters
from latentone.models.wavenet_vae.network import WaveNetVAE
from onnx import numpy_helper
from test_parity import write


def tiny(head: str, bands: int) -> WaveNetVAE:
    """The smallest network that the kernels take, with a dilation that its past goes round and two stacks."""
    torch.manual_seed(0)
    h = Hyperparameters(
        bands=bands, latents=3, head=head, residual=16, gate=32, skip=16, encoder=16, conditioning=6,
        stacks=2, layers_per_stack=2, control_hop_samples=2 * bands, latent_hop_samples=4 * bands,
    )  # fmt: skip
    model = WaveNetVAE(h).eval()
    with torch.no_grad():
        model.decoder.output.weight.mul_(8.0 if head == "softmax" else 1.0)
        model.decoder.project.weight.mul_(3.0)
        # Heard from the start, so that a wrong residual or skip path changes draws.
        for name, parameter in model.decoder.named_parameters():
            if "layers" in name or "skip" in name:
                parameter.mul_(2.0)
    return model


def round_weights(path: Path, to: Path) -> None:
    """The same file with its matrices rounded through half precision."""
    model = onnx.load_model(path)
    for graph in graphs_of(model.graph):
        for tensor in graph.initializer:
            if in_half(tensor.name):
                tensor.CopyFrom(
                    numpy_helper.from_array(rounded(tensor.name, numpy_helper.to_array(tensor)), tensor.name)
                )
    onnx.save_model(model, to)


def program(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env={**kept, **variables}, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `cuda_simulation` found, by the name of a case."""
    folder = tmp_path_factory.mktemp("cuda")
    softmax, logistic, coarse = (str(folder / name) for name in ("softmax.onnx", "logistic.onnx", "coarse.onnx"))
    write(tiny("softmax", 1), Path(softmax))
    write(tiny("logistic", 8), Path(logistic))
    round_weights(Path(softmax), Path(coarse))
    cases = {
        "softmax": ["decode", [softmax, softmax, False, [1, 1], 2, 1.0]],
        "logistic": ["decode", [logistic, logistic, False, [3, 6], 1, 0.9]],
        "cold": ["decode", [softmax, softmax, False, [1], 1, 0.0]],
        "half": ["decode", [softmax, coarse, True, [3], 1, 1.0]],
        "streams": ["streams", [logistic]],
    }
    child = Path(__file__).with_name("cuda_simulation.py")
    result = program(str(child), json.dumps(list(cases.values())), NUMBA_ENABLE_CUDASIM="1")
    assert result.returncode == 0, result.stderr
    return dict(zip(cases, json.loads(result.stdout), strict=True))


@pytest.mark.parametrize("case", ["softmax", "logistic", "cold", "half"])
def test_every_draw_is_the_cpu_kernels(case: str, simulated: dict[str, Any]) -> None:
    found = simulated[case]
    assert found["faults"] == 0
    assert found["ties"] <= 1
    assert found["audio_error"] < 1e-4
    assert found["state_error"] < 1e-4
    assert case == "cold" or found["values"] > 2


def test_voices_rest_reset_and_move_between_runtimes_inside_a_frame(simulated: dict[str, Any]) -> None:
    found = simulated["streams"]
    assert found["audio_error"] < 1e-3
    assert found["state_error"] < 1e-3
    assert found["heard_of_silent"] == 0


def test_half_precision_on_the_gpu_is_half_precision() -> None:
    """The conversion that the simulator replaces, compiled for this CPU: every one of the 65,536 numbers."""
    code = """
import numpy as np
from latentone.export.runtime.cuda.halves import half_of_word
from numba import njit
from numba.extending import intrinsic
half = intrinsic(half_of_word)
@njit
def convert(words):
    out = np.empty(4 * len(words), np.float32)
    for i in range(len(words)):
        out[4 * i], out[4 * i + 1] = half(words[i], 0), half(words[i], 16)
        out[4 * i + 2], out[4 * i + 3] = half(words[i], 32), half(words[i], 48)
    return out
bits = np.arange(65536, dtype=np.uint16)
np.testing.assert_array_equal(convert(bits.view(np.uint64)), bits.view(np.float16).astype(np.float32))
"""
    result = program("-c", code)
    assert result.returncode == 0, result.stderr


def test_quads_hold_columns_a_quarter_apart() -> None:
    matrix = np.arange(16, dtype=np.float32).reshape(2, 8)
    halves = quads(matrix, half=True).view(np.float16).reshape(2, 2, 4)
    np.testing.assert_array_equal(halves[1, 0], matrix[1, [0, 2, 4, 6]])
    np.testing.assert_array_equal(quads(matrix, half=False).view(np.float32).reshape(2, 2, 4), halves)


def test_the_live_network_fits_a_block_and_the_kernels_words_are_true() -> None:
    live = Hyperparameters.of_size("live")
    plan = plan_of(live)
    assert plan.shared * 4 == 10772
    assert plan.step_words * 8 == 1_245_328
    assert plan_of(live, half=False).step_words * 8 == 2 * 1_245_328 - 16
    with pytest.raises(NotFusable, match=r"needs \d+ KiB of a GPU's shared memory"):
        plan_of(Hyperparameters.of_size("paper", stacks=4))


def test_weights_too_large_for_half_precision_are_refused() -> None:
    with pytest.raises(NotFusable, match=r"step\.hidden\.weight .* half precision"):
        rounded("step.hidden.weight", np.array([1e5], np.float32))
    assert rounded("step.hidden.bias", np.array([1e5], np.float32))[0] == 1e5


def test_tensors_of_another_file_are_refused(tmp_path: Path) -> None:
    write(tiny("softmax", 1), tmp_path / "tiny.onnx")
    _, h, tensors = plain_tensors(tmp_path / "tiny.onnx")
    assert tensors["step.hidden.weight"].shape == (h.skip, h.skip)
    model = onnx.load_model(tmp_path / "tiny.onnx")
    model.graph.initializer.remove(next(t for t in model.graph.initializer if t.name == "project.weight"))
    onnx.save_model(model, tmp_path / "broken.onnx")
    with pytest.raises(NotFusable, match=r"no tensor project\.weight"):
        plain_tensors(tmp_path / "broken.onnx")
    with pytest.raises(LatentoneError, match="no such model file"):
        plain_tensors(tmp_path / "none.onnx")


def test_without_cuda_one_line_says_so(tmp_path: Path) -> None:
    """Also where a GPU is at hand: the child is told not to see it. Then the same where numba-cuda is not installed."""
    write(tiny("softmax", 1), tmp_path / "tiny.onnx")
    code = """
import sys
from pathlib import Path
from latentone.export.runtime.cuda import CudaDecoder, available, why_not
from latentone.export.errors import LatentoneError
assert "numba.cuda" not in sys.modules
print(why_not())
try:
    CudaDecoder(Path(sys.argv[1]))
except LatentoneError as error:
    print(error)
available.find_spec = lambda name: None
print(why_not())
"""
    result = program("-c", code, str(tmp_path / "tiny.onnx"), NUMBA_DISABLE_CUDA="1", CUDA_VISIBLE_DEVICES="")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    why, error, uninstalled = result.stdout.splitlines()
    assert why
    assert error == f"the CUDA kernel cannot run: {why}"
    assert uninstalled == "numba-cuda is not installed; pip install 'latentone[gpu]'"
