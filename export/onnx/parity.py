"""Proof that an exported file plays what PyTorch plays, draw for draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...models import mulaw
from ...models.wavenet_vae.decoder import MINIMUM_TEMPERATURE, Decoder
from ..calibrate import Calibration
from ..errors import LatentoneError
from ..runtime.onnx import OnnxDecoder, OnnxEncoder

BLOCK_FRAMES = (1, 2, 3, 1, 5, 8, 1, 13, 4, 16, 1, 7, 10, 2, 6, 1, 20, 3, 9, 1)
TIE = 1e-4
"""How near its uniform number a cumulative probability has to be for a different draw to be float error, not a fault."""
MINIMUM_IDENTICAL = 0.999
AUDIO_TOLERANCE = 1e-4
LATENT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Parity:
    """What was compared: draws, how many differed (each a tie), and the largest error of audio and state."""

    draws: int
    different: int
    largest_error: float

    @property
    def identical(self) -> float:
        return 1.0 - self.different / self.draws


@torch.inference_mode()
def check_decoder(
    reference: Decoder,
    calibration: Calibration,
    exported: OnnxDecoder,
    blocks: tuple[int, ...] = BLOCK_FRAMES,
    speaker: int | None = None,
    seed: int = 0,
) -> Parity:
    """Play `blocks` (sizes in frames) through both with the same noise and carried state.

    A draw that differs must be a tie: its uniform number is then moved to the middle of the reference's choice, and
    both play the block again, so that both go on from the reference's draw. Raises LatentoneError where they disagree.
    """
    h = reference.hyperparameters
    generator = np.random.default_rng(seed)
    temperature = np.ones(1, dtype=np.float32)
    state, torch_state = exported.initial_state(1), reference.initial_state(1)
    matrix, offset = calibration.matrix, calibration.offset[:, None]
    who = None if speaker is None else torch.tensor([speaker])
    draws = different = 0
    largest = 0.0
    for frames in blocks:
        knobs = generator.normal(0, 0.5, (1, h.latents, frames)).astype(np.float32)
        raw = torch.tensor(matrix @ knobs + offset, dtype=torch.float32)
        noise = generator.random((1, frames * h.control_hop_samples), dtype=np.float32)
        while True:
            expected, after = reference.draw(
                raw, torch.from_numpy(noise), torch.from_numpy(temperature), torch_state, who
            )
            drawn, audio, following = exported.decode_and_draw(knobs, noise, temperature, state)
            codes = np.round(drawn * (mulaw.LEVELS // 2)).astype(np.int64) + mulaw.SILENCE
            unequal = np.argwhere(codes != expected.numpy())
            if not len(unequal):
                break
            _, step, band = unequal[0]
            low, high = _interval(reference, raw, expected, torch_state, who, int(step), int(band))
            uniform = noise[0, step * h.bands + band]
            if min(abs(uniform - low), abs(uniform - high)) > TIE:
                raise LatentoneError(
                    f"parity: step {step}, band {band}: PyTorch draws {expected[0, step, band]}, "
                    f"ONNX Runtime {codes[0, step, band]}, and it is no tie"
                )
            noise[0, step * h.bands + band] = (low + high) / 2
            different += 1
            if different > sum(blocks) * h.control_hop_samples * (1 - MINIMUM_IDENTICAL) + 1:
                raise LatentoneError(f"parity: {different} draws differ by step {step} of a block of {frames} frames")
        draws += codes.size
        wanted, synthesis = reference.synthesise(expected, torch_state["synthesis"])
        torch_state = {**after, "synthesis": synthesis}
        largest = max(largest, float(np.abs(audio[0, 0] - wanted[0].numpy()).max()))
        state = following
    parity = Parity(draws, different, largest)
    if parity.identical < MINIMUM_IDENTICAL or largest > AUDIO_TOLERANCE:
        raise LatentoneError(
            f"parity: {parity.identical:.4%} of draws identical (at least {MINIMUM_IDENTICAL:.1%} needed), "
            f"audio error {largest:.2g} (at most {AUDIO_TOLERANCE:g})"
        )
    return parity


def _interval(
    reference: Decoder,
    raw: torch.Tensor,
    codes: torch.Tensor,
    state: dict[str, torch.Tensor],
    speaker: torch.Tensor | None,
    step: int,
    band: int,
) -> tuple[float, float]:
    """The cumulative probabilities between which the uniform number lay when the reference drew `codes[0, step, band]`."""
    h = reference.hyperparameters
    shares, _ = reference.conditioning(raw, state["condition"], speaker)
    values = mulaw.companded_value(codes)
    previous = torch.cat([state["previous"][:, None], values[:, :-1]], dim=1)
    logits, _ = reference.network(previous, shares.repeat_interleave(h.steps_per_frame, dim=1), state)
    cumulative = torch.softmax(logits[0, step, band] / max(1.0, MINIMUM_TEMPERATURE), dim=-1).cumsum(dim=-1)
    code = int(codes[0, step, band])
    return float(cumulative[code - 1]) if code else 0.0, float(cumulative[code])


@torch.inference_mode()
def check_encoder(module: torch.nn.Module, exported: OnnxEncoder, seed: int = 0) -> float:
    """Largest difference between PyTorch's and ONNX Runtime's latents, relative to the largest of them.

    Raises LatentoneError over 1e-4.
    """
    hop = exported.manifest.hop_samples
    generator = np.random.default_rng(seed)
    worst = 0.0
    for batch, hops in ((1, 1), (2, 7), (1, 50)):
        audio = (generator.normal(0, 0.1, (batch, hops * hop)) * np.linspace(0, 1, hops * hop)).astype(np.float32)
        wanted = module(torch.from_numpy(audio)).numpy()
        worst = max(worst, float(np.abs(exported.encode(audio) - wanted).max() / max(1.0, np.abs(wanted).max())))
    if worst > LATENT_TOLERANCE:
        raise LatentoneError(f"parity: encoder differs by {worst:.2g} (at most {LATENT_TOLERANCE:g} allowed)")
    return worst
