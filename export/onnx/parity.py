"""Proof that an exported file plays what PyTorch plays, draw for draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from ...models.wavenet_vae.decoder import Decoder
from ..calibrate import Calibration
from ..errors import LatentoneError
from ..runtime import State
from ..runtime.onnx import OnnxEncoder

BLOCK_FRAMES = (1, 2, 3, 1, 5, 8, 1, 13, 4, 16, 1, 7, 10, 2, 6, 1, 20, 3, 9, 1)
MINIMUM_IDENTICAL = {"softmax": 0.999, "logistic": 0.98}
"""Share of draws that must be the very same, by head; each of the others must be a tie. 16-bit samples lie so close together that
float error alone moves some."""
AUDIO_TOLERANCE = 1e-4
LATENT_TOLERANCE = 1e-4


class Drawing(Protocol):
    """A Decoder (see `runtime.Decoder`) that also shows the values drawn, (batch, steps, bands), before audio."""

    runtime: str

    def initial_state(self, batch: int) -> State: ...

    def decode_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, np.ndarray, State]: ...


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
    exported: Drawing,
    blocks: tuple[int, ...] = BLOCK_FRAMES,
    speaker: int | None = None,
    seed: int = 0,
) -> Parity:
    """Play `blocks` (sizes in frames) through both with the same noise and carried state.

    A draw that differs must be a tie: its uniform number is then replaced by one that both must agree about, and both
    play the block again. Raises LatentoneError where they disagree.
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
            unequal = np.argwhere(drawn != reference.head.value(expected).numpy())
            if not len(unequal):
                break
            _, step, band = map(int, unequal[0])
            place = step * h.bands + band
            outputs = outputs_at(reference, raw, expected, torch_state, who, step)[band]
            code, other = int(expected[0, step, band]), reference.head.code_of(float(drawn[0, step, band]))
            if not reference.head.is_tie(outputs, float(noise[0, place]), code, other):
                raise LatentoneError(
                    f"parity: step {step}, band {band}: PyTorch draws {code}, {exported.runtime} {other}, "
                    "and it is no tie"
                )
            noise[0, place] = reference.head.firm_uniform(outputs)
            different += 1
            if different > sum(blocks) * h.control_hop_samples * (1 - MINIMUM_IDENTICAL[h.head]) + 1:
                raise LatentoneError(f"parity: {different} draws differ by step {step} of a block of {frames} frames")
        draws += drawn.size
        sounded, synthesis = reference.synthesise(expected, torch_state["synthesis"])
        torch_state = {**after, "synthesis": synthesis}
        largest = max(largest, float(np.abs(audio[0, 0] - sounded[0].numpy()).max()))
        state = following
    parity = Parity(draws, different, largest)
    if parity.identical < MINIMUM_IDENTICAL[h.head] or largest > AUDIO_TOLERANCE:
        raise LatentoneError(
            f"parity: {parity.identical:.4%} of draws identical (at least {MINIMUM_IDENTICAL[h.head]:.1%} needed), "
            f"audio error {largest:.2g} (at most {AUDIO_TOLERANCE:g})"
        )
    return parity


def outputs_at(
    reference: Decoder,
    raw: torch.Tensor,
    codes: torch.Tensor,
    state: dict[str, torch.Tensor],
    speaker: torch.Tensor | None,
    step: int,
) -> torch.Tensor:
    """What the head took at one step of the block that began in `state` and drew `codes`: (bands, outputs)."""
    h = reference.hyperparameters
    shares, _ = reference.conditioning(raw, state["condition"], speaker)
    values = reference.head.value(codes)
    previous = torch.cat([state["previous"][:, None], values[:, :-1]], dim=1)
    return reference.network(previous, shares.repeat_interleave(h.steps_per_frame, dim=1), state)[0][0, step]


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
