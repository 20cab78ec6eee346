"""Critically sampled sub-bands: a near-perfect-reconstruction cosine-modulated filter bank (pseudo-QMF).

Prototype: Kaiser-windowed sinc whose cutoff is searched so that neighbouring bands' aliasing and the overall
ripple cancel best (Lin and Vaidyanathan 1998, "A Kaiser window approach for the design of prototype filters of
cosine modulated filterbanks"). Modulation: Nguyen 1994, eq. 13.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .streaming import CausalConv1d

KAISER_BETA = 9.0


def prototype(bands: int) -> np.ndarray:
    """Low-pass prototype of `bands` × 16 - 1 taps (odd, symmetric), float64."""
    from scipy.optimize import minimize_scalar

    taps = 16 * bands - 1
    centre = taps // 2
    n = np.arange(taps) - centre
    window = np.kaiser(taps, KAISER_BETA)

    def filtered(cutoff: float) -> np.ndarray:
        return cutoff * np.sinc(cutoff * n) * window

    def ripple(cutoff: float) -> float:
        taps_at_cutoff = filtered(cutoff)
        product = np.convolve(taps_at_cutoff, taps_at_cutoff)
        side = product[2 * centre + 2 * bands :: 2 * bands]
        return float(np.abs(side).max())

    found = minimize_scalar(ripple, bounds=(0.4 / bands, 0.8 / bands), method="bounded", options={"xatol": 1e-9})
    best = filtered(float(found.x))  # pyright: ignore[reportAttributeAccessIssue]
    # Unit gain through analysis and synthesis: the 0-lag of the prototype's autocorrelation carries it.
    return best / math.sqrt(2 * bands * float(np.sum(best**2)))


class FilterBank(nn.Module):
    """Split a waveform into `bands` critically sampled bands and put it together again.

    Analysis looks ahead by half a filter, so band samples sit where they sound; synthesis is causal and streams.
    The whole therefore delays by `latency_samples`, half a filter. With one band both are the identity.
    """

    analysis_filters: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.bands = bands
        if bands == 1:
            self.latency_samples = 0
            self.register_buffer("analysis_filters", torch.ones(1, 1, 1))
            self.synthesis = CausalConv1d(1, 1, kernel=1, bias=False)
            nn.init.ones_(self.synthesis.weight)
        else:
            low_pass = prototype(bands)
            taps = len(low_pass)
            self.latency_samples = taps // 2
            n = np.arange(taps) - taps // 2
            band = np.arange(bands)[:, None]
            phase = (-1.0) ** band * math.pi / 4
            angle = (2 * band + 1) * math.pi / (2 * bands) * n
            scale = 2 * low_pass * math.sqrt(bands)
            analysis = torch.tensor(scale * np.cos(angle + phase), dtype=torch.float32)
            synthesis = torch.tensor(scale * np.cos(angle - phase), dtype=torch.float32)
            # conv1d correlates, so analysis taps go in reversed: reversing them is negating the phase.
            self.register_buffer("analysis_filters", analysis.flip(-1)[:, None, :])
            # Polyphase synthesis: output phase p of step k is a causal convolution over steps with taps p, p + B, p + 2B …
            polyphase = F.pad(synthesis, (0, 1)).view(bands, -1, bands)  # (band, step lag, phase)
            self.synthesis = CausalConv1d(bands, bands, kernel=polyphase.shape[1], bias=False)
            with torch.no_grad():
                self.synthesis.weight.copy_(polyphase.permute(2, 0, 1).flip(-1))
        self.requires_grad_(False)

    def analyse(self, audio: Tensor) -> Tensor:
        """(batch, samples), a multiple of `bands`, to (batch, bands, steps)."""
        padded = F.pad(audio[:, None, :], (self.latency_samples, self.latency_samples))
        return F.conv1d(padded, self.analysis_filters, stride=self.bands)[..., : audio.shape[-1] // self.bands]

    def synthesise(self, bands: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(batch, bands, steps) to (batch, steps × bands) samples, delayed by `latency_samples`; also the next past."""
        phases, next_past = self.synthesis(bands, past)  # (batch, phase, steps)
        return phases.transpose(1, 2).reshape(bands.shape[0], -1), next_past
