"""The network does what the paper and the instrument ask: causal, streamable, every position counted, latents in use."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from latentone.export.errors import LatentoneError
from latentone.models import mulaw
from latentone.models.wavenet_vae import data, network
from latentone.models.wavenet_vae.heads import HEADS
from latentone.models.wavenet_vae.hyperparameters import SIZES, Hyperparameters


def small(bands: int = 4, **others: object) -> network.WaveNetVAE:
    torch.manual_seed(0)
    h = Hyperparameters.of_size("mini", bands=bands, latents=6, layers_per_stack=4, **others)
    return network.WaveNetVAE(h).eval()


def test_sizes_are_those_named() -> None:
    channels = {name: (size["residual"], size["gate"], size["skip"]) for name, size in SIZES.items()}
    assert channels == {"mini": (32, 64, 64), "live": (64, 128, 128), "paper": (384, 768, 256)}
    assert Hyperparameters.of_size("live").dilations == [2**i for i in range(10)] * 2


@pytest.mark.parametrize("wrong", [{"bands": 3}, {"latent_hop_samples": 321}, {"control_hop_samples": 100}])
def test_impossible_sizes_are_refused_by_name(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Hyperparameters.of_size("mini", **wrong)


@pytest.mark.parametrize("bands", [1, 4, 8])
def test_drawing_step_by_step_follows_the_distribution_that_training_saw(bands: int) -> None:
    """Draw a block, then ask the teacher-forced network for the same steps: every draw is where its noise points."""
    model = small(bands)
    h = model.hyperparameters
    latents = torch.randn(2, h.latents, 2)
    frames = latents.repeat_interleave(h.frames_per_latent, dim=-1)
    noise = torch.rand(2, frames.shape[-1] * h.control_hop_samples)
    codes, _ = model.decoder.draw(frames, noise, torch.ones(2), model.decoder.initial_state(2))
    with torch.inference_mode():
        logits = model.decoder.teacher_forced(latents, codes, history=0)
        cumulative = logits.softmax(-1).cumsum(-1)
    uniform = noise.unflatten(-1, (-1, bands))
    upper = cumulative.gather(-1, codes[..., None])[..., 0]
    lower = (cumulative.gather(-1, (codes - 1).clamp(min=0)[..., None])[..., 0]) * (codes > 0)
    assert bool(((lower - 1e-4 <= uniform) & (uniform <= upper + 1e-4)).all())


def test_blocks_of_any_size_sound_as_one() -> None:
    model = small()
    h = model.hyperparameters
    latents, noise = torch.randn(1, h.latents, 30), torch.rand(1, 30 * h.control_hop_samples)
    heat = torch.full((1,), 0.9)
    whole, _ = model.decoder.decode(latents, noise, heat, model.decoder.initial_state(1))
    state, parts, start = model.decoder.initial_state(1), [], 0
    for frames in (1, 2, 9, 1, 17):
        hop = h.control_hop_samples
        block = noise[:, start * hop : (start + frames) * hop]
        audio, state = model.decoder.decode(latents[..., start : start + frames], block, heat, state)
        parts.append(audio)
        start += frames
    torch.testing.assert_close(torch.cat(parts, dim=-1), whole, rtol=0, atol=1e-6)


def test_held_latents_condition_the_fine_control_rate_as_the_coarse_one() -> None:
    model = small()
    h = model.hyperparameters
    latents = torch.randn(1, h.latents, 8)
    with torch.inference_mode():
        fine, _ = model.decoder.condition(latents.repeat_interleave(h.frames_per_latent, dim=-1))
        coarse = torch.nn.functional.conv1d(
            torch.nn.functional.pad(latents, (2, 0)), model.decoder.condition.weight, model.decoder.condition.bias
        )
    torch.testing.assert_close(fine, coarse.repeat_interleave(h.frames_per_latent, dim=-1))


def test_temperature_zero_draws_the_most_likely_code() -> None:
    logits = torch.randn(1, 4, mulaw.LEVELS) * 3
    codes = HEADS["softmax"].draw(logits, torch.rand(1, 4), torch.zeros(1))
    assert torch.equal(codes, logits.argmax(-1))


def test_free_bits_charge_nothing_until_a_latent_carries_enough(recordings: Path) -> None:
    model = small()
    files = sorted(recordings.iterdir())[:2]
    clip = data.cut(data.prepare(files, recordings, model, fit=True, progress=False)[0], 10, 40, model.hyperparameters)
    batch = {key: value[None] for key, value in clip.items()}
    with torch.inference_mode():
        cheap = model.losses(batch, data.MARGIN_LATENTS, 1.0, free_nats=1e3)
        dear = model.losses(batch, data.MARGIN_LATENTS, 1.0, free_nats=0.0)
    nats = float(cheap.bits) * torch.log(torch.tensor(2.0))
    assert float(cheap.objective) == pytest.approx(float(nats) + 6 * 1e3, rel=1e-4)
    assert float(dear.objective) == pytest.approx(float(nats + dear.kl_nats), rel=1e-4)


def test_a_share_of_the_steps_scores_about_what_all_do(recordings: Path) -> None:
    model = small()
    files = sorted(recordings.iterdir())[:2]
    clip = data.cut(data.prepare(files, recordings, model, fit=True, progress=False)[0], 10, 80, model.hyperparameters)
    batch = {key: value[None] for key, value in clip.items()}
    torch.manual_seed(0)
    with torch.inference_mode():
        every = model.losses(batch, data.MARGIN_LATENTS, 0.0, 0.0)
        quarter = model.losses(batch, data.MARGIN_LATENTS, 0.0, 0.0, scored=0.25)
        latents, wanted = torch.randn(1, 6, 80), torch.tensor([40, 41, 400])
        outputs = model.decoder.teacher_forced(latents, batch["codes"], history=0)
        chosen = model.decoder.teacher_forced(latents, batch["codes"], history=0, wanted=wanted)
    assert float(quarter.bits) != float(every.bits)
    assert float(quarter.bits) == pytest.approx(float(every.bits), rel=0.02)
    torch.testing.assert_close(chosen, outputs[:, wanted])


def test_clips_hold_what_the_recording_holds_there(recordings: Path) -> None:
    model = small()
    h = model.hyperparameters
    recording = data.prepare([sorted(recordings.iterdir())[0]], recordings, model, fit=True, progress=False)[0]
    clip = data.cut(recording, 3, 10, h)
    steps = h.steps_per_latent
    assert torch.equal(clip["codes"], recording.codes[3 * steps : 13 * steps].long())
    first = 2 * (data.MARGIN_LATENTS - 3)
    assert torch.equal(clip["features"][:, first : first + 20], recording.features[:, :20])
    beyond = data.cut(recording, len(recording.codes) // steps - 1, 10, h)
    assert bool((beyond["codes"][steps:] == mulaw.SILENCE).all())


def test_noise_on_the_past_is_as_loud_as_a_share_of_each_band() -> None:
    torch.manual_seed(0)
    levels = torch.tensor([0.0, 0.01, 0.5])
    noise = network.noise_like(torch.randn(50, 2000, 3) * levels, most=0.5)
    share = noise.square().mean(1).sqrt()[:, 1:] / levels[1:]
    assert bool((noise[..., 0] == 0.0).all())
    assert 0.0004 < float(share.min()) < 0.002
    assert 0.2 < float(share.max()) < 0.6
    torch.testing.assert_close(share[:, 0], share[:, 1], rtol=0.2, atol=0.0)


def test_jitter_moves_about_its_share_by_one_place() -> None:
    torch.manual_seed(1)
    ramp = torch.arange(5000.0)[None, None]
    moved = (network.jittered(ramp, 0.12) - ramp)[0, 0]
    assert set(moved.unique().tolist()) == {-1.0, 0.0, 1.0}
    assert float((moved != 0).float().mean()) == pytest.approx(0.12, abs=0.02)


def test_speakers_change_the_sound() -> None:
    model = small(speakers=("a", "b"))
    latents = torch.randn(1, 6, 4)
    with torch.inference_mode():
        first, _ = model.decoder.conditioning(latents, speaker=torch.tensor([0]))
        second, _ = model.decoder.conditioning(latents, speaker=torch.tensor([1]))
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_a_bad_checkpoint_is_one_clear_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LatentoneError, match=r"broken\.ckpt") as caught:
        network.load(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_saved_model_comes_back(tmp_path: Path) -> None:
    model = small()
    network.save(tmp_path / "model.ckpt", model, training={"elapsed_s": 1.0})
    loaded, record = network.load(tmp_path / "model.ckpt")
    assert loaded.hyperparameters == model.hyperparameters
    assert record["training"] == {"elapsed_s": 1.0}
    for one, other in zip(model.state_dict().values(), loaded.state_dict().values(), strict=True):
        assert torch.equal(one, other)
