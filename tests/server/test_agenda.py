"""What is said counts in the order in which it was said, wholly or not at all, whatever model plays by then."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeDecoder, fake_manifest
from latentone.server.mapping import Mapping
from test_layers import Stage


def test_what_is_said_after_a_panic_stands() -> None:
    """In one bundle or one breath: panic, then where the piece goes on."""
    stage = Stage(voices=2)
    stage.send("/latent/0", 0.4)
    stage.play(0.1)
    stage.send("/panic")
    stage.send("/latent/0", 0.8)
    stage.send("/gain_db", -6.0206)
    assert stage.play(0.3)[-1] == pytest.approx(0.2, abs=1e-4)


def test_a_panic_ends_what_was_said_before_it() -> None:
    stage = Stage(voices=2)
    for at in (None, 7001):
        for address, value in (("/latent/0", 0.9), ("/voice/1/gate", 1.0), ("/gain_db", -6.0)):
            stage.send(address, value, at=at)
        stage.send("/panic", at=at)
    assert stage.play(0.3)[-1] == 0.0
    assert stage.engine.status().voices == 1
    assert stage.engine.levels.gain_db == 0.0


@pytest.mark.parametrize("samples", range(0, 256, 16))
def test_a_panic_is_never_forgotten_by_half(samples: int) -> None:
    """Cleared just before its sample, when the knobs, which are ahead of the sound, have been sent home already."""
    stage = Stage(block_samples=16)
    stage.send("/latent/0", 0.8)
    stage.send("/gain_db", -6.0)
    stage.send("/panic", at=1003)
    stage.play((1003 - 256 + samples) / 48000)
    stage.engine.clear_scheduled()
    stage.play(0.1)
    assert (stage.engine.targets()[0] == 0.0) == (stage.engine.levels.gain_db == 0.0)


@pytest.mark.parametrize(
    "said",
    [
        ("/latent", *[0.5] * 6),
        ("/voice/0/latent_add", *[0.5] * 6),
        ("/glide_to", 0.1, *[0.5] * 6),
        ("/slerp_to", 0.1, *[0.5] * 6),
        ("/spline_to", 0.1, *[0.5] * 12),
        ("/latent/5", 0.5),
        ("/motion/lfo/5", 2.0, 0.5),
    ],
)
def test_what_was_meant_for_a_model_with_more_knobs_does_not_end_the_sound(said: tuple) -> None:
    """A bundle that waits while a model is loaded: the knobs that this one has are turned, the rest is passed over."""
    stage = Stage()
    small = FakeDecoder()
    small.manifest = fake_manifest(dim=3)
    stage.engine.layers.swap(stage.engine.new_layer(small, Mapping([0.0] * 3, temperature=0.0, glide_s=0.0)), 4800)
    stage.send(*said, at=9600)
    heard = stage.play(0.5)
    status = stage.engine.status()
    assert (status.faults, len(stage.engine.targets())) == (0, 3)
    assert np.all(np.isfinite(heard))
    if said[0] in ("/latent", "/glide_to", "/slerp_to", "/voice/0/latent_add"):
        np.testing.assert_allclose(stage.engine.targets(), 0.5, atol=1e-3)
