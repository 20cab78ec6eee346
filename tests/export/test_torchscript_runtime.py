"""Models made for nn~ play in our server; so do our own exports, as they do in our other runtimes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import FakeDecoder
from latentone.export.errors import LatentoneError
from latentone.export.runtime import Decoder
from latentone.export.runtime.choose import choose_decoder
from latentone.export.runtime.load import SHIPPED_MODELS, load_decoder
from latentone.export.runtime.torchscript.device import gpus
from latentone.server.layers import SWAP_S
from latentone.server.mapping import Mapping
from rig import RATE_HZ as OUT_HZ
from rig import Rig
from streaming_decoder import Autoencoder, RatedDecoder, StreamingDecoder

RATE_HZ = 44100


def written(path: Path, model: torch.nn.Module) -> Path:
    torch.jit.script(model.eval()).save(str(path))
    return path


def foreign(folder: Path, channels: int = 1, factors: tuple[int, ...] = (4, 4, 4)) -> Path:
    torch.manual_seed(0)
    return written(folder / "other.ts", RatedDecoder(factors=factors, channels=channels))


@pytest.mark.parametrize(("factors", "ratio"), [((4, 4, 4), 64), ((16, 16, 8), 2048)])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_file_says_what_it_is_as_hosts_read_it(
    tmp_path: Path, factors: tuple[int, ...], ratio: int, channels: int
) -> None:
    decoder = load_decoder(foreign(tmp_path, channels, factors))
    manifest = decoder.manifest
    assert (len(manifest.latents), manifest.hop_samples, manifest.channels) == (16, ratio, channels)
    assert (manifest.sample_rate_hz, decoder.control_samples, manifest.name) == (RATE_HZ, ratio, "other")
    assert "does not say how far they reach" in decoder.runtime
    audio, _ = decoder.decode(
        np.zeros((2, 16, 3), np.float32),
        np.zeros((2, 3), np.float32),
        np.ones(2, np.float32),
        decoder.initial_state(2),
    )
    assert audio.shape == (2, channels, 3 * ratio)


def test_the_sample_rate_is_asked_for_where_a_file_does_not_say_it(tmp_path: Path) -> None:
    path = written(tmp_path / "old.ts", StreamingDecoder())
    with pytest.raises(LatentoneError, match=r"set model\.sample_rate_hz"):
        load_decoder(path)
    assert load_decoder(path, sample_rate_hz=48000).manifest.sample_rate_hz == 48000
    assert choose_decoder(path, sample_rate_hz=48000).decoder.manifest.sample_rate_hz == 48000


def test_what_is_no_such_model_is_one_line(tmp_path: Path) -> None:
    song = tmp_path / "song.ts"
    song.write_bytes(b"ID3\x03 this is a song")
    silent = written(tmp_path / "silent.ts", torch.nn.Linear(2, 2))
    for path, says in ((song, "not a TorchScript file"), (silent, "no decode method"), (tmp_path / "no.ts", "no such")):
        with pytest.raises(LatentoneError, match=says) as caught:
            load_decoder(path)
        assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(LatentoneError, match="is TorchScript"):
        load_decoder(silent, "onnx")


def test_without_torch_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'torch' else real(name, *rest)\n"
        "from pathlib import Path; from latentone.export.runtime.load import load_decoder\n"
        "try: load_decoder(Path('a.ts'))\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "pip install 'latentone[torchscript]'" in done.stdout, done.stderr


@pytest.mark.parametrize(("channels", "factors"), [(1, (4, 4, 4)), (2, (4, 4, 4)), (2, (16, 16, 8))])
def test_it_plays_in_the_server_and_the_same_score_is_the_same_sound(
    tmp_path: Path, channels: int, factors: tuple[int, ...]
) -> None:
    path = foreign(tmp_path, channels, factors)
    heard = []
    for _ in range(2):
        rig = Rig(load_decoder(path), voices=2, seed=4)
        rig.send("/latent/0", 1.0, at_sample=2000)
        rig.send("/voice/1/gate", 1.0, at_sample=4000)
        rig.send("/voice/1/latent/3", -1.0, at_sample=6000)
        rig.play(0.3)
        heard.append(rig.sink.both.copy())
    assert np.abs(heard[0]).max() > 0.01
    np.testing.assert_array_equal(*heard)


def test_a_knob_is_heard(tmp_path: Path) -> None:
    decoder = load_decoder(foreign(tmp_path))
    stream = decoder.stream(1)
    audio = np.zeros((1, 1, 1024), np.float32)
    levels = []
    for value in (0.0, 1.0):
        stream.reset(0)
        latents = np.full((1, 16, 16), value, np.float32)
        stream.advance(latents, np.zeros((1, 16), np.float32), np.ones(1, np.float32), np.ones(1, bool), audio)
        levels.append(audio[0, 0, 512:].mean())
    assert abs(levels[0] - levels[1]) > 0.01


def test_saved_state_goes_on_bit_by_bit_and_a_voice_that_rests_stands_still(tmp_path: Path) -> None:
    decoder = load_decoder(foreign(tmp_path))
    generator = np.random.default_rng(0)
    latents = generator.normal(size=(2, 16, 4)).astype(np.float32)
    noise = generator.random((2, 4), np.float32)
    warmth, both, first = np.ones(2, np.float32), np.ones(2, bool), np.array([True, False])
    stream, audio = decoder.stream(2), np.zeros((2, 1, 256), np.float32)
    stream.advance(latents, noise, warmth, both, audio)
    saved = stream.save()
    stream.advance(latents, noise, warmth, both, audio)
    again = np.zeros_like(audio)
    other = decoder.stream(2)
    other.load(saved)
    other.advance(latents, noise, warmth, first, again)
    np.testing.assert_array_equal(again[0], audio[0])
    other.advance(latents, noise, warmth, ~first, again)
    np.testing.assert_array_equal(again[1], audio[1])


def test_it_takes_over_from_another_model_and_leaves_again_without_a_click(tmp_path: Path) -> None:
    """The largest step between samples at the swaps is no larger than in what sounds around them."""
    rig = Rig()
    rig.send("/latent/0", 0.3)
    rig.play(0.2)

    def swap_to(decoder: Decoder) -> None:
        mapping = Mapping([0.0] * len(decoder.manifest.latents), temperature=0.0, glide_s=0.0, voices=1)
        layer = rig.engine.new_layer(decoder, mapping)
        layer.warm_up()
        rig.engine.layers.swap(layer)

    swap_to(load_decoder(foreign(tmp_path)))
    rig.play(0.7)
    assert rig.engine.layer.runtime_name == "torchscript"
    swap_to(FakeDecoder())
    heard = rig.play(1.2)
    steps = np.abs(np.diff(heard))
    alone = steps[round(0.4 * OUT_HZ) : round(0.69 * OUT_HZ)].max()
    swaps = [steps[round(at * OUT_HZ) : round((at + 2 * SWAP_S) * OUT_HZ)].max() for at in (0.2, 0.7)]
    assert alone > 0.001
    assert max(swaps) <= 1.1 * alone


@pytest.mark.parametrize("provider", ["cuda", "mps"])
def test_a_gpu_that_is_not_there_leaves_its_place_to_the_cpu_and_says_so(tmp_path: Path, provider: str) -> None:
    if provider in gpus():
        pytest.skip(f"torch sees {provider} here")
    path = foreign(tmp_path)
    decoder = load_decoder(path, provider=provider)
    assert f"torchscript on the CPU (torch {torch.__version__} sees no {provider} here)" in decoder.runtime
    assert choose_decoder(path, provider=provider).decoder.runtime.startswith("torchscript on the CPU")
    audio, _ = decoder.decode(
        np.zeros((1, 16, 2), np.float32), np.zeros((1, 2), np.float32), np.ones(1, np.float32), decoder.initial_state(1)
    )
    assert np.isfinite(audio).all()


@pytest.mark.parametrize("provider", ["cuda", "mps"])
def test_a_gpu_that_is_there_plays_what_the_cpu_plays(tmp_path: Path, provider: str) -> None:
    if provider not in gpus():
        pytest.skip(f"torch sees no {provider} here")
    torch.manual_seed(0)
    path, heard = written(tmp_path / "other.ts", Autoencoder()), []
    latents = np.random.default_rng(0).uniform(-1, 1, (1, 4, 8)).astype(np.float32)
    for where in ("cpu", provider):
        stream, audio = load_decoder(path, provider=where).stream(1), np.zeros((1, 1, 512), np.float32)
        stream.advance(latents, np.zeros((1, 8), np.float32), np.ones(1, np.float32), np.ones(1, bool), audio)
        heard.append(audio)
    np.testing.assert_allclose(heard[1], heard[0], atol=1e-3)


def test_what_a_provider_cannot_play_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LatentoneError, match="mps is for TorchScript files"):
        load_decoder(SHIPPED_MODELS / "voice.onnx", provider="mps")
    with pytest.raises(LatentoneError, match="plays, on cpu, cuda, mps"):
        load_decoder(foreign(tmp_path), provider="tensorrt")
