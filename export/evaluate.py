"""How good a model is, in figures: on recordings that it never saw, from its checkpoint and its exported files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from ..models import vae
from ..models.wavenet_vae import data, network
from .descriptors import log_mel_db
from .provenance import check_made_of
from .runtime.load import encoder_file_of, load_decoder, load_encoder
from .sweep import listen, play
from .weights import rounded

CLIP_S = 1.0
BATCH = 16
KNOBS = 8
RESYNTHESES = 16
RESYNTHESIS_S = 4.0
PLAYABLE_RHO = 0.8


@dataclass(frozen=True)
class Figures:
    """What `latentone evaluate` reports. Distances are mean absolute differences of 80-band log-mel spectrograms in dB."""

    held_out_files: int
    held_out_s: float
    bits: float
    """Cross-entropy of a µ-law code given its true past and the right latents."""
    bits_shuffled: float
    """The same with the latents shuffled in time: the gap is how much they are used."""
    active_units: int
    latents: int
    log_mel_db: float
    """Free-running resynthesis to the original."""
    log_mel_db_shuffled: float
    log_mel_db_codec: float
    """Coding and decoding alone: the floor that quantisation sets."""
    level_difference_db: float
    r2: list[float]
    """A knob: how well it comes back when the resynthesis is encoded again (1 is exactly)."""
    knobs: list[dict[str, float]]
    """A knob: Spearman's ρ with each descriptor over a sweep."""
    knob_names: list[str]
    temperature: float

    @property
    def playable_knobs(self) -> int:
        """How many of the swept knobs move some descriptor with |ρ| of at least 0.8."""
        return sum(max(abs(rho) for rho in knob.values()) >= PLAYABLE_RHO for knob in self.knobs)

    def to_dict(self) -> dict[str, object]:
        return {**asdict(self), "playable_knobs": self.playable_knobs}


@torch.inference_mode()
def evaluate(
    checkpoint: Path,
    model_file: Path,
    held_out: list[Path],
    root: Path,
    temperature: float | None = None,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Figures:
    """Measure `checkpoint` and its export `model_file` (with the encoder beside it) on the `held_out` recordings.

    temperature: for resynthesis; None takes the manifest's. Raises LatentoneError when a file cannot be used.
    """
    model, _ = network.load(checkpoint)
    h = model.hyperparameters
    decoder, encoder = load_decoder(model_file), load_encoder(encoder_file_of(model_file))
    check_made_of(model_file, decoder.manifest, model, checkpoint)
    model = rounded(model, decoder.manifest.weights.get("kind", "float32"))
    say(f"reading {len(held_out)} held-out recordings")
    recordings = data.prepare(held_out, root, model, fit=False, progress=False)
    say("measuring bits")
    bits, bits_shuffled, active = measure_bits(model, recordings)

    say("resynthesising")
    generator = np.random.default_rng(seed)
    latents = round(RESYNTHESIS_S * h.sample_rate_hz / h.latent_hop_samples)
    long_enough = [r for r in recordings if len(r.codes) >= latents * h.steps_per_latent] or recordings
    chosen = [
        long_enough[i] for i in np.linspace(0, len(long_enough) - 1, min(RESYNTHESES, len(long_enough))).astype(int)
    ]
    delay = decoder.manifest.latency_samples
    originals, codecs = map(np.stack, zip(*(_original(model, one, latents) for one in chosen), strict=True))
    knobs = encoder.encode(originals)
    shuffled = np.stack([clip[:, generator.permutation(clip.shape[1])] for clip in knobs])
    heat = decoder.manifest.temperature if temperature is None else temperature

    def resynthesis(of: np.ndarray) -> np.ndarray:
        """The decoder's delay is taken out, so that it lies beside the original."""
        audio = play(decoder, np.repeat(of, h.frames_per_latent, axis=2), seed, heat)
        return np.pad(audio[:, delay:], ((0, 0), (0, delay)))

    free, free_shuffled = resynthesis(knobs), resynthesis(shuffled)
    say(f"sweeping {min(KNOBS, h.latents)} knobs")
    heard = listen(decoder, range(min(KNOBS, h.latents)), seed + 1)
    return Figures(
        held_out_files=len(recordings),
        held_out_s=round(sum(len(r.codes) for r in recordings) * h.bands / h.sample_rate_hz, 1),
        bits=round(bits, 3),
        bits_shuffled=round(bits_shuffled, 3),
        active_units=active,
        latents=h.latents,
        log_mel_db=_distance_db(free, originals, h.sample_rate_hz),
        log_mel_db_shuffled=_distance_db(free_shuffled, originals, h.sample_rate_hz),
        log_mel_db_codec=_distance_db(codecs, originals, h.sample_rate_hz),
        level_difference_db=round(float(10 * np.log10(np.mean(free**2) / np.mean(originals**2))), 2),
        r2=[round(float(value), 3) for value in r_squared(encoder.encode(free), knobs)],
        knobs=[{name: round(rho, 3) for name, rho in knob.rho.items()} for knob in heard],
        knob_names=decoder.manifest.latent_names[: len(heard)],
        temperature=heat,
    )


@torch.inference_mode()
def measure_bits(model: network.WaveNetVAE, recordings: list[data.Recording]) -> tuple[float, float, int]:
    """Bits a code with the right latents, with those shuffled in time, and how many latents are active."""
    h = model.hyperparameters
    torch.manual_seed(0)
    clips = data.Clips(recordings, h, data.clip_latents(CLIP_S, h), random=False)
    right, shuffled, weight, means = 0.0, 0.0, 0, []
    for batch in DataLoader(clips, BATCH):
        losses = model.losses(batch, data.MARGIN_LATENTS, 0.0, 0.0)
        size = len(batch["codes"])
        right += float(losses.bits) * size
        shuffled += float(model.losses(batch, data.MARGIN_LATENTS, 0.0, 0.0, shuffle=True).bits) * size
        weight += size
        means.append(losses.mean.transpose(1, 2).flatten(0, 1))
    return right / weight, shuffled / weight, vae.active_units(torch.cat(means))


def _original(model: network.WaveNetVAE, recording: data.Recording, latents: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `latents` latents of a recording as audio (samples,), and the same after coding and decoding alone."""
    from ..models import audio_files

    h = model.hyperparameters
    samples = latents * h.latent_hop_samples
    audio = audio_files.load(recording.path, h.sample_rate_hz)[:samples]
    audio = np.pad(audio, (0, samples - len(audio)))
    coded, _ = model.decoder.synthesise(model.decoder.codes(torch.from_numpy(audio)[None]))
    delay = model.decoder.latency_samples
    return audio, np.pad(coded[0, delay:].numpy(), (0, delay))


def _distance_db(audio: np.ndarray, originals: np.ndarray, sample_rate_hz: int) -> float:
    distances = [
        np.abs(log_mel_db(one, sample_rate_hz) - log_mel_db(other, sample_rate_hz)).mean()
        for one, other in zip(audio, originals, strict=True)
    ]
    return round(float(np.mean(distances)), 2)


def r_squared(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Coefficient of determination a dimension, (dim,); both (batch, dim, frames)."""
    residual = np.square(found - wanted).sum(axis=(0, 2))
    total = np.square(wanted - wanted.mean(axis=(0, 2), keepdims=True)).sum(axis=(0, 2))
    return 1 - residual / np.maximum(total, 1e-9)
