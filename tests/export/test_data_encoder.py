"""An encoder of data leaves PyTorch as one file that answers alike: a failure would be heard as another row, or another pose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from latentone.export.calibrate import Calibration
from latentone.export.errors import LatentoneError
from latentone.export.manifest import DataManifest, LatentRecord, StateRecord
from latentone.export.onnx.data_encoder import CalibratedDataEncoder, State, write_data_encoder
from latentone.export.runtime.load import load_data_encoder, load_decoder
from torch import Tensor, nn

INPUTS, DIM, PAST = 5, 3, 4


class Causal(nn.Module):
    """A convolution over the last five frames, with those before a block as its state."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution = nn.Conv1d(INPUTS, DIM, PAST + 1)

    def forward(self, values: Tensor, state: State) -> tuple[Tensor, State]:
        heard = torch.cat([state["past"], values], dim=2)
        return self.convolution(heard), {"past": heard[:, :, -PAST:]}


class Fickle(nn.Module):
    """Another encoder each time that it is asked, as one would be that was exported in training mode."""

    def forward(self, values: Tensor, state: State) -> tuple[Tensor, State]:
        return values[:, :DIM] * (1.0 if torch.compiler.is_exporting() else 1.001), state


def manifest(*state: StateRecord) -> DataManifest:
    latents = [LatentRecord(name=f"z{i}", mean=0, std=1, quantiles={}) for i in range(DIM)]
    inputs = [f"c{i}" for i in range(INPUTS)]
    return DataManifest(
        schema_version=1,
        kind="data_encoder",
        family="test",
        name="small",
        inputs=inputs,
        latents=latents,
        state=[*state],
    )


def examples(batch: int, frames: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 2, (batch, INPUTS, frames)).astype(np.float32)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    generator = np.random.default_rng(0)
    return Calibration.fit(generator.normal(1, 2, (200, DIM)) @ generator.normal(0, 1, (DIM, DIM)))


@pytest.fixture(scope="module")
def module(calibration: Calibration) -> CalibratedDataEncoder:
    return CalibratedDataEncoder(Causal(), calibration)


@pytest.fixture(scope="module")
def file(module: CalibratedDataEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.encoder.onnx"
    record = StateRecord(name="past", shape=[INPUTS, PAST])
    assert write_data_encoder(module, manifest(record), path, examples(2, 70)) < 1e-5
    return path


def test_what_streams_out_of_the_file_is_what_one_pass_of_pytorch_gives(
    file: Path, module: CalibratedDataEncoder, calibration: Calibration
) -> None:
    values, encoder = examples(2, 70), load_data_encoder(file)
    state, parts = encoder.initial_state(2), []
    for block in np.array_split(values, (1, 4, 5, 33), axis=2):
        latents, state = encoder.encode(block, state)
        parts.append(latents)
    with torch.inference_mode():
        whole, _ = module(torch.from_numpy(values), {"past": torch.zeros(2, INPUTS, PAST)})
    np.testing.assert_allclose(np.concatenate(parts, axis=2), whole.numpy(), atol=1e-5)
    raw = Causal()(torch.from_numpy(values), {"past": torch.zeros(2, INPUTS, PAST)})[0].detach().numpy()
    again = calibration.matrix @ whole.numpy() + calibration.offset[:, None]
    np.testing.assert_allclose(again, raw, atol=1e-4, err_msg="knobs and raw latents are one affine map apart")


def test_a_file_that_answers_otherwise_than_pytorch_is_not_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "small.encoder.onnx"
    path.write_bytes(b"what was there")
    with pytest.raises(LatentoneError, match=r"differs from PyTorch by 0\.001"):
        write_data_encoder(Fickle(), manifest(), path, examples(1, 20))
    assert path.read_bytes() == b"what was there"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_plain_onnx_runs_it_and_a_player_of_audio_refuses_it(file: Path) -> None:
    model = onnx.load(file)
    assert {node.domain for node in model.graph.node} == {""}
    assert str(file.parent).encode() not in file.read_bytes()
    with pytest.raises(LatentoneError, match="another kind of model"):
        load_decoder(file)
