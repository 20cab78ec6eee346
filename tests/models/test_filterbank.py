"""Sub-bands put together again are the recording: a failure would be heard as aliasing over every sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from latentone.models import mulaw
from latentone.models.filterbank import FilterBank
from signals import voice_like

# Ten dB better than the best that 8-bit µ-law leaves (38 dB).
NEAR_PERFECT_DB = 48.0


@pytest.mark.parametrize("bands", [1, 4, 8, 16])
def test_reconstruction_is_near_perfect_and_late_by_exactly_the_stated_delay(bands: int) -> None:
    bank = FilterBank(bands)
    audio = torch.from_numpy(voice_like(1.0, 3))[None]
    delay = bank.latency_samples
    rebuilt, _ = bank.synthesise(bank.analyse(audio))
    error = rebuilt[0, delay:] - audio[0, : audio.shape[1] - delay]
    quality_db = 10 * np.log10(float(audio.square().sum()) / max(float(error.square().sum()), 1e-20))
    assert quality_db > NEAR_PERFECT_DB


@pytest.mark.parametrize("bands", [4, 8, 16])
def test_a_tone_lands_in_its_band(bands: int) -> None:
    bank = FilterBank(bands)
    for band in range(bands):
        frequency = (band + 0.5) / (2 * bands)
        tone = torch.sin(2 * torch.pi * frequency * torch.arange(4096.0))[None]
        level = bank.analyse(tone)[0, :, 64:-64].square().mean(dim=1)
        assert int(level.argmax()) == band
        assert float(level[band] / level.sum()) > 0.99


def test_mulaw_codes_come_back_and_silence_is_silent() -> None:
    codes = torch.arange(256)
    assert torch.equal(mulaw.encode(mulaw.decode(codes)), codes)
    assert float(mulaw.decode(mulaw.encode(torch.zeros(1)))) == 0.0


def test_mulaw_error_stays_within_half_a_code() -> None:
    amplitude = torch.linspace(-0.97, 0.97, 2001)
    error = (mulaw.decode(mulaw.encode(amplitude)) - amplitude).abs()
    # Half a code is ln(256)/256 of a relative step; near zero the first step, 1/5800, rules.
    assert bool((error <= 0.5 * np.log(256) / 128 * (amplitude.abs() + 1 / 255) * 1.02).all())
