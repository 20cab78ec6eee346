"""Weights of less precision: the file is smaller, plays what was proved, says what it lost, and is the same instrument."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from latentone.export.errors import LatentoneError
from latentone.export.export import Exported, Request, export
from latentone.export.onnx.narrow import tensors_of
from latentone.export.runtime.load import load_decoder
from latentone.export.runtime.onnx import OnnxDecoder
from latentone.export.torchscript.write import script
from latentone.export.weights import as_bytes, rounded
from small import LATENTS, small_model
from torch import nn


@pytest.fixture(scope="module", params=["float16", "int8"])
def variant(request: pytest.FixtureRequest, checkpoint: Path, exported: Exported) -> tuple[Request, Exported]:
    kind = request.param
    output = checkpoint.with_name(f"{kind}.onnx")
    order = Request(checkpoint, output, None, None, None, None, "", "", 0, kind, exported.decoder)
    return order, export(order)


def test_the_files_are_smaller_and_hold_the_rounded_weights_exactly(
    variant: tuple[Request, Exported], exported: Exported
) -> None:
    order, done = variant
    share = {"float16": 0.56, "int8": 0.34}[order.weights]
    for file, whole in ((done.decoder, exported.decoder), (done.encoder, exported.encoder)):
        assert file.stat().st_size < share * whole.stat().st_size
    tensors, plain = tensors_of(onnx.load(done.decoder)), tensors_of(onnx.load(exported.decoder))
    name = "step.hidden.weight"
    assert np.array_equal(tensors[name], done.model.decoder.hidden.weight.detach().numpy().T)
    step = np.abs(plain[name]).max(axis=0) / 254 if order.weights == "int8" else np.abs(plain[name]) / 2048
    assert (np.abs(tensors[name] - plain[name]) <= 1.001 * step + 1e-7).all()


def test_every_runtime_draws_what_pytorch_draws_with_these_weights(variant: tuple[Request, Exported]) -> None:
    order, done = variant
    assert [runtime.split(" ")[0] for runtime in done.decoder_parity] == ["ONNX", "fused"]
    assert all(proof.identical >= 0.999 for proof in done.decoder_parity.values())
    assert done.encoder_error < 1e-4
    scripted = script(replace(order, output=done.decoder.with_suffix(".ts")), done)
    assert scripted.decoder_parity.identical >= 0.999
    assert scripted.manifest.weights == done.manifest.weights
    noise, knobs = np.random.default_rng(0).random((1, 640), np.float32), np.zeros((1, LATENTS, 10), np.float32)
    onnx_decoder, ours = OnnxDecoder(done.decoder), load_decoder(scripted.file)
    heard = [one.decode(knobs, noise, np.ones(1, np.float32), one.initial_state(1))[0] for one in (onnx_decoder, ours)]
    np.testing.assert_allclose(heard[1], heard[0], atol=1e-4)


def test_it_is_the_same_instrument_and_says_what_it_lost(variant: tuple[Request, Exported], exported: Exported) -> None:
    order, done = variant
    cost = load_decoder(done.decoder).manifest.weights
    assert cost == done.manifest.weights
    assert cost["kind"] == order.weights
    assert cost["measured_on"] == "1 held-out recordings"
    assert cost["loss_bits"] == pytest.approx(cost["bits"] - cost["bits_float32"], abs=2e-6)
    assert abs(cost["loss_bits"]) < 0.02
    assert set(cost["times_real_time"]) == {"onnx", "fused"}
    assert done.manifest.latents == exported.manifest.latents
    assert done.manifest.weights_sha256 == exported.manifest.weights_sha256
    assert done.manifest.temperature == exported.manifest.temperature
    assert done.manifest.trained_on == exported.manifest.trained_on
    assert exported.manifest.weights == {}


def test_knobs_are_not_taken_over_from_other_weights(checkpoint: Path, exported: Exported, tmp_path: Path) -> None:
    model = onnx.load(exported.decoder)
    for entry in model.metadata_props:
        entry.value = entry.value.replace(exported.manifest.weights_sha256, "0" * 64)
    other = tmp_path / "other.onnx"
    onnx.save(model, other)
    order = Request(checkpoint, tmp_path / "x.onnx", None, None, None, None, "", "", 0, "float32", other)
    with pytest.raises(LatentoneError, match="their weights differ"):
        export(order)
    assert [path.name for path in tmp_path.iterdir()] == ["other.onnx"]


def test_bytes_are_whole_steps_of_each_output_and_nothing_else_is_touched() -> None:
    weight = torch.randn(40, 64, generator=torch.Generator().manual_seed(0)) * torch.logspace(-4, 1, 40)[:, None]
    weight[3] = 0.0
    found = as_bytes(weight)
    assert not found[3].any()
    for before, after in zip(weight, found, strict=True):
        assert (before - after).abs().max() <= before.abs().max() / 250
        assert len(after.unique()) <= 255
    model = small_model()
    for kind in ("float16", "int8"):
        kept = rounded(model.decoder, kind)
        changed = {
            name
            for (name, old), new in zip(model.decoder.named_parameters(), kept.parameters(), strict=True)
            if not torch.equal(old, new)
        }
        assert "hidden.weight" in changed
        assert not {name for name in changed if name.startswith("filter_bank") or name.endswith("bias")}


def test_weights_out_of_half_precisions_range_are_refused_by_name() -> None:
    module = nn.Linear(64, 64)
    with torch.no_grad():
        module.weight[0, 0] = 1e6
    with pytest.raises(LatentoneError, match=r"weight holds 1e\+06"):
        rounded(module, "float16")
