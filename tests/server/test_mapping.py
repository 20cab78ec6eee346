"""The mapping: each control event ends up as a target, and nothing else moves."""

import numpy as np
import pytest
from latentone.server.addresses import TABLE, Namespace
from latentone.server.events import ControlEvent
from latentone.server.mapping import Mapping

HOME = [0.1, -0.2, 0.3]


@pytest.fixture
def mapping() -> Mapping:
    return Mapping(HOME, gain_db=-6.0, temperature=0.9, glide_s=0.05)


def test_it_starts_at_home_and_untouched(mapping):
    np.testing.assert_array_equal(mapping.latents, np.array(HOME, np.float32))
    assert mapping.latents.dtype == np.float32
    assert (mapping.gain_db, mapping.temperature, mapping.glide_s, mapping.touched) == (-6.0, 0.9, 0.05, False)


@pytest.mark.parametrize(
    ("address", "values", "latents"),
    [
        ("/latent/1", (0.5,), [0.1, 0.5, 0.3]),
        ("/latent", (0.7, 0.8), [0.7, 0.8, 0.3]),
        ("/glide_to", (2.0, 0.7, 0.8), [0.7, 0.8, 0.3]),
    ],
)
def test_a_knob_moves_and_the_others_stay(mapping, address, values, latents):
    array = mapping.latents
    mapping.apply(ControlEvent(address, values))
    np.testing.assert_allclose(mapping.latents, latents, rtol=1e-6)
    assert mapping.latents is array, "the engine may keep the array"
    assert mapping.touched


@pytest.mark.parametrize(
    ("address", "field"), [("/gain_db", "gain_db"), ("/temperature", "temperature"), ("/glide_s", "glide_s")]
)
def test_what_is_no_knob_leaves_the_idle_motion_alone(mapping, address, field):
    mapping.apply(ControlEvent(address, (1.5,)))
    assert getattr(mapping, field) == 1.5
    assert not mapping.touched


def test_a_long_way_ends_with_the_next_touch(mapping):
    mapping.apply(ControlEvent("/glide_to", (8.0, 1.0)))
    assert mapping.glide_s == 8.0
    mapping.apply(ControlEvent("/gain_db", (0.0,)))
    assert mapping.glide_s == 8.0
    mapping.apply(ControlEvent("/latent/0", (0.0,)))
    assert mapping.glide_s == 0.05


def test_panic_brings_everything_home_for_good(mapping):
    for event in [
        ("/latent/0", (2.0,)),
        ("/gain_db", (3.0,)),
        ("/temperature", (2.0,)),
        ("/glide_s", (9.0,)),
        ("/panic", ()),
    ]:
        mapping.apply(ControlEvent(*event))
    np.testing.assert_array_equal(mapping.latents, np.array(HOME, np.float32))
    assert (mapping.gain_db, mapping.temperature, mapping.glide_s) == (-6.0, 0.9, 0.05)
    assert mapping.touched, "whoever panics does not want the idle motion back"


def test_it_obeys_every_address_that_the_table_sends_to_the_engine():
    for row in [row for row in TABLE if row.answered_by == "engine"]:
        mapping = Mapping(HOME, gain_db=-6.0, temperature=0.9, glide_s=0.05)
        mapping.apply(ControlEvent("/latent/2", (1.0,)))
        before = (*mapping.latents, mapping.gain_db, mapping.temperature, mapping.glide_s)
        address = row.pattern.replace("<knob>", "0")
        [command] = Namespace(["a", "b", "c"]).parse(address, [1.25] * len(row.arguments))
        mapping.apply(ControlEvent(command.address, command.values))
        assert (*mapping.latents, mapping.gain_db, mapping.temperature, mapping.glide_s) != before, address
