"""The mapping: each control event ends up as a target, and nothing else moves."""

import numpy as np
import pytest
from latentone.server.addresses import TABLE, Address, Namespace
from latentone.server.events import ControlEvent
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping, VoiceTargets

HOME = [0.1, -0.2, 0.3]


@pytest.fixture
def mapping() -> Mapping:
    return Mapping(HOME, temperature=0.9, glide_s=0.05, voices=2)


def told(voice: VoiceTargets) -> tuple:
    return (*voice.latents, voice.glide_s, voice.temperature)


def test_it_starts_at_home_and_untouched(mapping):
    for voice in mapping.voices:
        np.testing.assert_array_equal(voice.latents, np.array(HOME, np.float32))
        assert voice.latents.dtype == np.float32
        assert (voice.temperature, voice.glide_s) == (0.9, 0.05)
    assert not mapping.touched


@pytest.mark.parametrize(
    ("address", "values", "latents"),
    [
        ("/latent/1", (0.5,), [0.1, 0.5, 0.3]),
        ("/latent", (0.7, 0.8), [0.7, 0.8, 0.3]),
        ("/latent_norm", (0.75, 0.0), [0.5, -1.0, 0.3]),
        ("/latent_norm/2", (0.5,), [0.1, -0.2, 0.0]),
        ("/latent_add", (0.5, -0.5), [0.6, -0.7, 0.3]),
        ("/latent_add/2", (-8.0,), [0.1, -0.2, -4.0]),
        ("/glide_to", (2.0, 0.7, 0.8), [0.7, 0.8, 0.3]),
        ("/slerp_to", (2.0, 0.7, 0.8), [0.7, 0.8, 0.3]),
        ("/spline_to", (2.0, 0.0, 0.0, 0.0, 0.7, 0.8, 0.9), [0.7, 0.8, 0.9]),
    ],
)
def test_a_knob_of_all_voices_moves_and_the_others_stay(mapping, address, values, latents):
    arrays = [voice.latents for voice in mapping.voices]
    mapping.apply(ControlEvent(address, values))
    for voice, array in zip(mapping.voices, arrays, strict=True):
        np.testing.assert_allclose(voice.latents, latents, rtol=1e-6)
        assert voice.latents is array, "the engine may keep the array"
    assert mapping.touched


@pytest.mark.parametrize(
    ("address", "values", "field", "value"),
    [
        ("/voice/1/latent/2", (0.5,), "latents", [0.1, -0.2, 0.5]),
        ("/voice/1/latent", (0.5,), "latents", [0.5, -0.2, 0.3]),
        ("/voice/1/latent_norm/2", (0.75,), "latents", [0.1, -0.2, 0.5]),
        ("/voice/1/latent_norm", (0.75,), "latents", [0.5, -0.2, 0.3]),
        ("/voice/1/latent_add/2", (0.25,), "latents", [0.1, -0.2, 0.55]),
        ("/voice/1/latent_add", (0.25,), "latents", [0.35, -0.2, 0.3]),
        ("/voice/1/temperature", (0.3,), "temperature", 0.3),
    ],
)
def test_what_is_said_to_one_voice_leaves_the_others_alone(mapping, address, values, field, value):
    first = told(mapping.voices[0])
    mapping.apply(ControlEvent(address, values))
    assert np.allclose(getattr(mapping.voices[1], field), value)
    assert told(mapping.voices[0]) == first
    assert mapping.touched == ("latent" in address)


@pytest.mark.parametrize("address", ["/temperature", "/glide_s"])
def test_what_all_voices_share_is_set_for_all_and_is_no_touch(mapping, address):
    mapping.apply(ControlEvent(address, (1.5,)))
    assert [getattr(voice, address[1:]) for voice in mapping.voices] == [1.5, 1.5]
    assert not mapping.touched


def test_a_long_way_ends_with_the_next_touch_of_that_voice(mapping):
    mapping.apply(ControlEvent("/glide_to", (8.0, 1.0)))
    mapping.apply(ControlEvent("/temperature", (0.0,)))
    assert [voice.glide_s for voice in mapping.voices] == [8.0, 8.0]
    mapping.apply(ControlEvent("/voice/1/latent/0", (0.0,)))
    assert [voice.glide_s for voice in mapping.voices] == [8.0, 0.05]


def test_panic_brings_everything_home_for_good(mapping):
    before = [told(voice) for voice in mapping.voices]
    for event in [
        ("/latent/0", (2.0,)),
        ("/temperature", (2.0,)),
        ("/glide_s", (9.0,)),
        ("/panic", ()),
    ]:
        mapping.apply(ControlEvent(*event))
    assert [told(voice) for voice in mapping.voices] == before
    assert mapping.touched, "whoever panics does not want the idle motion back"


OF_KNOBS = [
    row
    for row in TABLE
    if row.answered_by == "engine"
    and (row.pattern == "/panic" or not Levels().owns(row.pattern.replace("<voice>", "0")))
]
"""What the engine does not leave to the levels."""


def other_than_now(row: Address) -> list[object]:
    """Arguments that change something in a mapping that stands at 0.3 and the like."""
    return [spec.choices[-1] if spec.choices else min(spec.high, spec.low + 1.5) for spec in row.arguments]


@pytest.mark.parametrize("row", OF_KNOBS, ids=lambda row: row.pattern)
def test_it_obeys_every_address_that_the_table_sends_to_the_engine(row):
    mapping = Mapping(HOME[:1], temperature=0.9, glide_s=0.05, voices=2)
    mapping.motions.join(16000, 0, None)
    mapping.apply(ControlEvent("/motion/lfo/0", (1.0, 0.5)))
    before = repr(mapping.save())
    address = row.pattern.replace("<knob>", "0").replace("<voice>", "1")
    arguments = [0] if address in ("/transport", "/input/mix") else other_than_now(row)
    [command] = Namespace(["a"], 2).parse(address, arguments)
    mapping.apply(ControlEvent(command.address, command.values))
    assert repr(mapping.save()) != before


def test_what_this_model_does_not_have_is_passed_over(mapping):
    before = repr(mapping.save())
    for address in ("/latent/3", "/voice/2/gate", "/motion/lfo/7", "/nothing"):
        mapping.apply(ControlEvent(address, (1.0, 1.0)))
        assert mapping.value_of(address) is None
    assert repr(mapping.save()) == before


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("/latent", (0.5, 0.25, -1.0)),
        ("/latent/1", (0.5,)),
        ("/latent_norm", (0.75, 0.5, 0.25)),
        ("/latent_norm/1", (0.75,)),
        ("/voice/1/latent", (0.5, 0.25, -1.0)),
        ("/voice/1/latent_norm/2", (0.25,)),
        ("/glide_s", (2.0,)),
        ("/glide_curve", ("linear",)),
        ("/temperature", (0.5,)),
        ("/voice/1/temperature", (0.5,)),
        ("/tempo_bpm", (90.0,)),
        ("/transport", (0,)),
        ("/motion/lfo/2", (0.5, 0.25, "saw", "beat")),
        ("/motion/walk/2", (0.5, 0.25, "beat")),
    ],
)
def test_what_was_said_can_be_asked_for(mapping, address, values):
    mapping.apply(ControlEvent(address, values))
    assert mapping.value_of(address) == values


def test_what_says_how_to_go_has_no_value(mapping):
    for address in ("/latent_add/0", "/glide_to", "/slerp_to", "/motion/stop", "/motion/lfo/0", "/panic"):
        assert mapping.value_of(address) is None


def test_it_is_again_what_was_saved(mapping):
    for event in [
        ("/latent", (0.5, 0.25)),
        ("/voice/1/latent/2", (0.75,)),
        ("/motion/walk/1", (2.0, 0.5, "beat")),
        ("/slerp_to", (3.0, 1.0)),
        ("/glide_curve", ("linear",)),
        ("/tempo_bpm", (90.0,)),
        ("/transport", (0,)),
    ]:
        mapping.apply(ControlEvent(*event))
    saved = mapping.save()
    other = Mapping(HOME, temperature=0.1, glide_s=0.0, voices=2)
    other.load(saved)
    assert repr(other.save()) == repr(saved)
    mapping.apply(ControlEvent("/latent/0", (-1.0,)))
    assert repr(other.save()) == repr(saved), "it is a copy"
    np.testing.assert_array_equal(other.voices[0].latents, np.array([1.0, 0.25, 0.3], np.float32))


@pytest.mark.parametrize("home", [[0.0, 0.0], [0.0, 0.0, 0.0, 0.7]])
def test_another_model_keeps_what_was_said_and_rests_where_nobody_turned(mapping, home):
    for event in [
        ("/latent/1", (0.5,)),
        ("/voice/1/latent/0", (0.75,)),
        ("/glide_s", (2.0,)),
        ("/glide_curve", ("linear",)),
        ("/voice/1/temperature", (0.2,)),
        ("/tempo_bpm", (90.0,)),
        ("/transport", (0,)),
    ]:
        mapping.apply(ControlEvent(*event))
    new = mapping.for_model(home, 0.6)
    np.testing.assert_allclose(new.voices[0].latents, [0.0, 0.5, *home[2:]], rtol=1e-6)
    np.testing.assert_allclose(new.voices[1].latents, [0.75, 0.5, *home[2:]], rtol=1e-6)
    assert (new.glide_curve, new.touched) == ("linear", True)
    assert [(voice.temperature, voice.glide_s) for voice in new.voices] == [(0.6, 2.0), (0.2, 2.0)]
    assert (new.value_of("/tempo_bpm"), new.value_of("/transport")) == ((90.0,), (0,))
    new.apply(ControlEvent("/panic", ()))
    assert new.voices[0].latents.tolist() == pytest.approx(home)
    assert new.voices[0].temperature == 0.6


def test_a_model_that_nobody_has_touched_leaves_the_next_one_at_home(mapping):
    new = mapping.for_model([0.5], 0.6)
    assert (new.voices[0].latents.tolist(), new.touched) == ([0.5], False)


def test_a_glide_in_beats_follows_the_tempo_until_it_is_given_in_seconds():
    mapping = Mapping(HOME, temperature=0.9, glide_s=0.05, voices=2)
    for address, value, glide_s in [
        ("/tempo_bpm", 60.0, 0.05),
        ("/glide_beats", 2.0, 2.0),
        ("/tempo_bpm", 240.0, 0.5),
        ("/glide_s", 0.7, 0.7),
        ("/tempo_bpm", 60.0, 0.7),
    ]:
        mapping.apply(ControlEvent(address, (value,)))
        assert mapping.value_of("/glide_s") == (glide_s,)
        assert all(voice.glide_s == glide_s for voice in mapping.voices)
