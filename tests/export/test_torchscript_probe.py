"""What a foreign model does not say is found by playing it: its latency, and whether it can be made in blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from latentone.export.errors import LatentoneError
from latentone.export.inspect_command import inspect
from latentone.export.runtime.load import load_torchscript
from streaming_decoder import Autoencoder, DelayedDecoder, ForgetfulDecoder, RatedDecoder
from test_torchscript_runtime import written


@pytest.mark.parametrize("delay_samples", [1, 100, 1500])
def test_the_latency_of_a_model_is_measured(tmp_path: Path, delay_samples: int) -> None:
    """Said wrong, a performer would play ahead or behind by as much."""
    decoder = load_torchscript(written(tmp_path / "late.ts", DelayedDecoder(delay_samples)))
    assert decoder.manifest.latency_samples == pytest.approx(delay_samples, abs=1)


def test_an_effect_without_end_counts_from_its_beginning(tmp_path: Path) -> None:
    class Endless(DelayedDecoder):
        @torch.jit.export
        def decode(self, latents: torch.Tensor) -> torch.Tensor:
            total = torch.cumsum(latents.mean(dim=1, keepdim=True).repeat_interleave(64, dim=2), dim=2) * 1e-6
            joined = torch.cat([self.late, total], dim=2)
            self.late.copy_(joined[:, :, joined.size(2) - self.delay_samples :])
            return joined[:, :, : total.size(2)]

    decoder = load_torchscript(written(tmp_path / "endless.ts", Endless(640)))
    assert decoder.manifest.latency_samples == pytest.approx(640, abs=64)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_model_that_does_not_stream_is_said_to_click(tmp_path: Path, noise: float) -> None:
    torch.manual_seed(0)
    decoder = load_torchscript(written(tmp_path / "whole.ts", ForgetfulDecoder(noise)))
    [note] = [note for note in decoder.notes if "does not stream" in note]
    assert "click at block borders" in note
    assert len(note.splitlines()) == 1
    assert decoder.manifest.model_dump()["measured"] == {"latency": True, "streams": False}


def test_it_really_clicks_where_that_is_said_and_nowhere_else(tmp_path: Path) -> None:
    """Held latents sound without a step at block borders in a model that streams; in the other there is one at each."""
    torch.manual_seed(0)
    steps = {}
    for name, model in (("cached", Autoencoder()), ("forgetful", ForgetfulDecoder())):
        decoder = load_torchscript(written(tmp_path / f"{name}.ts", model))
        stream, audio, heard = decoder.stream(1), np.zeros((1, 1, 64), np.float32), []
        for _ in range(40):
            stream.advance(
                np.full((1, 4, 1), 0.4, np.float32), np.zeros((1, 1), np.float32), np.ones(1), np.ones(1, bool), audio
            )
            heard.append(audio[0, 0].copy())
        steps[name] = np.abs(np.diff(np.concatenate(heard[20:]))).max()
    assert steps["forgetful"] > 100 * steps["cached"]


def test_a_model_that_streams_is_not_accused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    for index, model in enumerate((RatedDecoder(), Autoencoder(), RatedDecoder(factors=(16, 16, 8)))):
        decoder = load_torchscript(written(tmp_path / f"{index}.ts", model))
        assert decoder.manifest.model_dump()["measured"]["streams"]
        assert not any("does not stream" in note for note in decoder.notes)


def test_looking_leaves_no_trace_in_the_sound(tmp_path: Path) -> None:
    decoder = load_torchscript(written(tmp_path / "late.ts", DelayedDecoder(100)))
    stream, audio = decoder.stream(1), np.ones((1, 1, 64), np.float32)
    stream.advance(np.zeros((1, 4, 1), np.float32), np.zeros((1, 1), np.float32), np.ones(1), np.ones(1, bool), audio)
    assert not audio.any()


def test_attributes_are_read_and_set_in_every_voice(tmp_path: Path) -> None:
    stream = load_torchscript(written(tmp_path / "model.ts", Autoencoder())).stream(2)
    known = stream.attributes()
    assert known["loudness"] == (["float"], [1.0])
    assert known["steps"] == (["int"], [3])
    assert known["bypass"] == (["bool"], [0])
    assert known["mode"] == (["string"], ["warm"])
    assert known["table"] == (["tensor"], ["tensor"])
    both, audio = np.ones(2, bool), np.zeros((2, 1, 64), np.float32)
    latents, noise = np.full((2, 4, 1), 0.5, np.float32), np.zeros((2, 1), np.float32)
    stream.set_attribute("loudness", [0.0])
    stream.set_attribute("steps", [4.0])
    stream.set_attribute("bypass", ["true"])
    stream.set_attribute("mode", ["cold"])
    stream.advance(latents, noise, np.ones(2), both, audio)
    assert not audio.any(), "what was set is heard in both voices"
    assert stream.attributes()["steps"] == (["int"], [4])
    assert stream.attributes()["bypass"] == (["bool"], [1])
    assert stream.attributes()["mode"] == (["string"], ["cold"])


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("gain", [1.0], "no attribute 'gain'.*it has loudness, steps"),
        ("loudness", [], "takes 1 values .float., got 0"),
        ("loudness", ["loud"], "takes float, got 'loud'"),
        ("steps", [1.5], "takes int, got 1.5"),
        ("table", [1.0], "is a tensor, which no message can set"),
        ("loudness", [-1.0], "refused by the model"),
    ],
)
def test_what_an_attribute_does_not_take_is_one_line(
    tmp_path: Path, name: str, values: list[float | int | str], says: str
) -> None:
    stream = load_torchscript(written(tmp_path / "model.ts", Autoencoder())).stream(1)
    with pytest.raises(LatentoneError, match=says):
        stream.set_attribute(name, values)


def test_inspect_shows_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inspect(written(tmp_path / "late.ts", DelayedDecoder(441)))
    assert "441 samples (10.0 ms), measured" in capsys.readouterr().out
    inspect(written(tmp_path / "model.ts", Autoencoder()))
    said = capsys.readouterr().out
    assert "attribute loudness" in said
    assert "float, 1.0" in said
    assert "latentone calibrate model.ts" in said
