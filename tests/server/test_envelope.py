"""A gate opens and closes as its envelope says, in straight lines that begin where the sound is."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.envelope import Envelope
from latentone.server.levels import Adsr

RATE_HZ = 1000
ADSR = Adsr(attack_s=0.1, decay_s=0.2, sustain=0.5, release_s=0.1)


def heard(envelope: Envelope, samples: int, blocks: int = 7) -> np.ndarray:
    out = np.zeros(samples, np.float32)
    for at in range(0, samples, blocks):
        envelope.fill(out[at : at + blocks])
    return out


def test_attack_decay_sustain_release() -> None:
    envelope = Envelope(RATE_HZ, 1000)
    envelope.turn(0.8, ADSR)
    opening = heard(envelope, 500)
    np.testing.assert_allclose(opening[:100], 0.8 * np.arange(1, 101) / 100, atol=1e-6)
    np.testing.assert_allclose(opening[100:300], 0.8 - 0.4 * np.arange(1, 201) / 200, atol=1e-6)
    np.testing.assert_allclose(opening[300:], 0.4, atol=1e-6)
    envelope.turn(0.0, ADSR)
    assert (envelope.left_samples, envelope.is_shut) == (100, False)
    closing = heard(envelope, 150)
    np.testing.assert_allclose(closing[:100], 0.4 - 0.4 * np.arange(1, 101) / 100, atol=1e-6)
    assert np.all(closing[100:] == 0)
    assert envelope.is_shut


@pytest.mark.parametrize("blocks", [1, 64, 1000])
def test_the_block_size_is_not_heard(blocks: int) -> None:
    results = []
    for size in (blocks, 7):
        envelope = Envelope(RATE_HZ, 1000)
        envelope.turn(1.0, ADSR)
        first = heard(envelope, 257, size)
        envelope.turn(0.0, ADSR)
        results.append(np.concatenate([first, heard(envelope, 200, size)]))
    np.testing.assert_array_equal(*results)


def test_whenever_it_is_turned_it_goes_on_from_where_it_is() -> None:
    random = np.random.default_rng(0)
    envelope = Envelope(RATE_HZ, 1000)
    parts = []
    for _ in range(100):
        envelope.turn(float(random.choice([0.0, 0.3, 1.0])), ADSR)
        parts.append(heard(envelope, int(random.integers(1, 150))))
    assert np.abs(np.diff(np.concatenate(parts), prepend=0)).max() <= 1 / 100 + 1e-6


def test_it_goes_on_from_a_saved_state() -> None:
    for samples in (50, 100, 150, 400):
        first, second = Envelope(RATE_HZ, 1000), Envelope(RATE_HZ, 1000)
        first.turn(1.0, ADSR)
        heard(first, samples)
        second.load(first.save())
        np.testing.assert_array_equal(heard(first, 300), heard(second, 300))
