"""Motions: each goes the way it promises, begins and ends without a jump, and is the same however blocks are cut."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from fakes import FakeDecoder
from latentone.server.events import ControlEvent
from latentone.server.mapping import Mapping
from latentone.server.motion import IdleMotion, Lfo, Slerp, Spline, Walk
from latentone.server.motion.lfo import EDGE_S, Shape
from latentone.server.voices import Voices
from rig import HOP, RATE_HZ, Rig

FRAME_HZ = RATE_HZ / HOP
SHAPES: tuple[Shape, ...] = get_args(Shape)
TURNS = np.arange(0, 3, 1 / 480)


class Knobs:
    """Voices without an engine: what is said, and the places of all knobs that the decoder is given."""

    def __init__(
        self, home: tuple[float, ...] = (0.0,) * 4, glide_s: float = 0.0, voices: int = 1, seed: int = 0
    ) -> None:
        self.mapping = Mapping(home, temperature=0.0, glide_s=glide_s, voices=voices)
        decoder = FakeDecoder(control_samples=1)
        self.voices = Voices(decoder, self.mapping, np.ones(voices, dtype=bool), 2000, seed, None)
        self.sample = 0
        self.given: list[np.ndarray] = []
        advance = decoder.streams[0].advance

        def take(
            latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
        ) -> None:
            self.given.append(latents.copy())
            advance(latents, noise, temperature, active, audio)

        decoder.streams[0].advance = take

    def say(self, address: str, *values: float | str) -> None:
        self.mapping.apply(ControlEvent(address, values))

    def go(self, frames: float) -> np.ndarray:
        """On by so many frames: places (voices, dim, frames)."""
        samples = round(frames * HOP)
        self.voices.follow(self.sample)
        self.voices.play(self.sample, samples)
        self.sample += samples
        return self.given[-1]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_lfo_begins_in_the_middle_on_its_way_up_and_repeats(shape: Shape) -> None:
    lfo = Lfo.at_rate(shape, 0.5, turns_a_second=2.0)
    way = np.array([lfo.at(turns) for turns in TURNS])
    assert way[0] == pytest.approx(0.0, abs=1e-12)
    assert way[1] > 0
    assert (way.min(), way.max()) == (pytest.approx(-0.5, abs=0.01), pytest.approx(0.5, abs=0.01))
    np.testing.assert_allclose(way[480:960], way[:480], atol=1e-9)
    np.testing.assert_allclose(way[:480], -way[480:0:-1], atol=1e-9, err_msg="as far up as down")


def test_an_lfo_is_the_wave_that_it_is_called() -> None:
    def at(shape: Shape, *turns: float) -> list[float]:
        return [Lfo.at_rate(shape, 1.0, 1.0).at(place) for place in turns]

    np.testing.assert_allclose(at("sine", 0.125, 0.25, 0.75), [math.sqrt(0.5), 1, -1])
    np.testing.assert_allclose(at("triangle", 0.125, 0.25, 0.5, 0.75, 0.875), [0.5, 1, 0, -1, -0.5])
    np.testing.assert_allclose(at("square", 0.1, 0.25, 0.4, 0.6, 0.75, 0.9), [1, 1, 1, -1, -1, -1])
    np.testing.assert_allclose(at("saw", 0.25, 0.4, 0.6, 0.75), np.array([0.5, 0.8, -0.8, -0.5]) / 0.98)


@pytest.mark.parametrize("rate_hz", [0.1, 1.0, 7.0, 20.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_lfo_crosses_faster_than_its_soft_edge(shape: Shape, rate_hz: float) -> None:
    """A square that jumped would be 2 from one frame to the next."""
    lfo = Lfo.at_rate(shape, 1.0, rate_hz)
    way = np.array([lfo.at(frame / FRAME_HZ * rate_hz) for frame in range(round(3 * FRAME_HZ / rate_hz))])
    fastest = math.pi / max(1, min(EDGE_S, 0.5 / rate_hz) * FRAME_HZ)  # of half a sine that long
    assert np.abs(np.diff(way)).max() <= fastest + 1e-9


def test_a_walk_is_its_keys_alone_and_stays_within_its_depth() -> None:
    places = np.arange(0, 400, 0.05)
    way = np.array([Walk(0.5, 1).at(turns) for turns in places])
    assert way[0] == pytest.approx(0, abs=1e-12)
    assert np.abs(way).max() <= 0.5
    assert np.abs(way).max() > 0.3, "or it would hardly be heard"
    assert abs(way.mean()) < 0.05
    np.testing.assert_array_equal(way[:100], [Walk(0.5, 1).at(turns) for turns in places[:100]])
    assert abs(np.corrcoef(way, [Walk(0.5, 2).at(turns) for turns in places])[0, 1]) < 0.2


def test_a_walk_is_smooth_and_makes_about_one_turn_a_turn() -> None:
    step = 0.02
    way = np.array([Walk(1.0, 3).at(turns) for turns in np.arange(0, 1000, step)])
    bends = np.abs(np.diff(way, n=2)) / step**2
    assert bends.max() <= 4.0 + 1e-6, "the second derivative of a cubic B-spline of aims within 1"
    spectrum = np.abs(np.fft.rfft((way - way.mean()) * np.hanning(len(way)))) ** 2
    turns_a_turn = np.fft.rfftfreq(len(way), step)
    assert spectrum[turns_a_turn > 1.0].sum() < 0.002 * spectrum.sum(), "band-limited: no tremble on top"
    extremes = np.count_nonzero(np.diff(np.sign(np.diff(way))))
    assert 0.4 < extremes / 1000 < 1.0


def angle(first: np.ndarray, second: np.ndarray) -> float:
    return math.acos(np.clip(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)), -1, 1))


def test_a_slerp_turns_evenly_while_the_distance_goes_evenly() -> None:
    start, end = np.array([1.0, 0.2, -0.3]), np.array([-0.5, 1.5, 0.4])
    way = [Slerp(start[None], end).at(turns)[0] + end for turns in np.linspace(0, 1, 9)]
    np.testing.assert_allclose(way[0], start)
    np.testing.assert_allclose(way[-1], end, atol=1e-12)
    np.testing.assert_allclose(
        [np.linalg.norm(place) for place in way], np.linspace(np.linalg.norm(start), np.linalg.norm(end), 9)
    )
    angles = [angle(before, after) for before, after in pairwise(way)]
    np.testing.assert_allclose(angles, angle(start, end) / 8, rtol=1e-6)


def test_a_slerp_between_opposite_places_goes_around_the_middle() -> None:
    start = np.array([0.6, -0.8, 0.0])
    way = np.array([Slerp(start[None], -2 * start).at(turns)[0] - 2 * start for turns in np.linspace(0, 1, 101)])
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), np.linspace(1, 2, 101))
    assert np.abs(np.diff(way, axis=0)).max() < 0.08
    np.testing.assert_allclose(way[-1], -2 * start, atol=1e-9)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([0.0, 0.0], [1.0, 0.5]),
        ([1.0, 0.5], [0.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([0.5, 0.5], [1.0, 1.0]),
        ([0.5, 0.5], [0.5, 0.5]),
        ([0.5], [-1.0]),
    ],
)
def test_where_there_is_no_arc_a_slerp_is_straight(start: list[float], end: list[float]) -> None:
    slerp = Slerp(np.array([start]), np.array(end))
    for turns in (0.0, 0.25, 1.0):
        there = np.array(start) + turns * (np.array(end) - start)
        np.testing.assert_allclose(slerp.at(turns)[0] + end, there, atol=1e-12)


def test_a_nearly_straight_or_nearly_opposite_slerp_is_no_special_case() -> None:
    start = np.array([1.0, 0.0, 0.0])
    for far in (1e-7, 1e-5, 1e-3, math.pi - 1e-3, math.pi - 1e-5, math.pi - 1e-7):
        end = np.array([math.cos(far), math.sin(far), 0.0])
        way = np.array([Slerp(start[None], end).at(turns)[0] + end for turns in np.linspace(0, 1, 11)])
        np.testing.assert_allclose(np.linalg.norm(way, axis=1), 1.0, atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(np.diff(way, axis=0), axis=1), 2 * math.sin(far / 20), atol=1e-6)


def test_a_spline_is_at_each_place_at_its_time_and_its_speed_never_jumps() -> None:
    places = np.array([[1.0, 0.0], [0.5, -1.0], [-1.0, 0.3]])
    spline = Spline(np.zeros((1, 2)), places)
    for number, place in enumerate([np.zeros(2), *places]):
        np.testing.assert_allclose(spline.at(number / 3)[0] + places[-1], place, atol=1e-12)
    step = 1 / 3000
    way = np.array([spline.at(turns)[0] + places[-1] for turns in np.arange(0, 1 + step / 2, step)])
    speed = np.diff(way, axis=0) / step
    assert np.abs(np.diff(speed, axis=0)).max() < 0.05
    assert np.abs(speed[[0, -1]]).max() < 0.05, "at rest at both ends"


def test_a_knob_swings_around_where_it_is_and_the_others_stay() -> None:
    knobs = Knobs(home=(0.1, 0.5, 0.0, 0.0))
    knobs.say("/motion/lfo/1", 2.0, 0.25)
    way = knobs.go(250)[0]
    frame_ends_s = np.arange(1, 251) / FRAME_HZ
    np.testing.assert_allclose(way[1], 0.5 + 0.25 * np.sin(4 * np.pi * frame_ends_s), atol=1e-6)
    np.testing.assert_array_equal(way[0], np.full(250, np.float32(0.1)))


def test_the_glide_does_not_dull_a_motion() -> None:
    knobs = Knobs(glide_s=5.0)
    knobs.say("/motion/lfo/0", 5.0, 0.5)
    assert np.ptp(knobs.go(250)[0, 0]) == pytest.approx(1.0, abs=0.01)


def test_a_motion_moves_each_voice_around_its_own_target() -> None:
    knobs = Knobs(voices=2)
    knobs.say("/voice/1/latent/0", 0.5)
    knobs.say("/motion/walk/0", 4.0, 0.3)
    first, second = knobs.go(300)[:, 0]
    np.testing.assert_allclose(second - first, 0.5, atol=1e-6)
    assert np.ptp(first) > 0.1
    knobs.say("/voice/1/latent/0", 0.2)
    first, second = knobs.go(100)[:, 0]
    assert np.ptp(first) > 0.02
    np.testing.assert_array_equal(second, np.full(100, np.float32(0.2)))


WAYS = {
    "lfo": ("/motion/lfo/0", 3.0, 0.5, "square"),
    "walk": ("/motion/walk/0", 9.0, 0.8),
    "slerp": ("/slerp_to", 1.0, 1.0, -1.0, 0.5),
    "spline": ("/spline_to", 1.0, *(1.0, 0.0, 0.0, 0.5), *(-1.0, 0.3, 0.8, -0.5)),
    "glide": ("/glide_to", 1.0, 1.0, -1.0),
}


@pytest.mark.parametrize("frames", [10.0, 31.5, 77.25])
@pytest.mark.parametrize(
    "touch", [("/latent/0", 0.9), ("/latent", 0.9), ("/latent_norm/0", 0.95), ("/latent_add/0", 0.4)]
)
@pytest.mark.parametrize("way", [*WAYS.values()], ids=WAYS)
def test_the_first_touch_takes_a_knob_from_where_it_is(way: tuple, touch: tuple, frames: float) -> None:
    """At 50 ms a glide of 2 covers less than 0.3 a frame; a knob that jumped to its middle first would be heard."""
    knobs = Knobs(glide_s=0.05)
    knobs.say(*way)
    before = knobs.go(frames)[0, 0, -1]
    meant = knobs.voices.targets()[0]
    knobs.say(*touch)
    after = knobs.go(250)[0]
    assert abs(after[0, 0] - before) < 0.3
    assert np.abs(np.diff(after[0])).max() < 0.3
    goal = meant + 0.4 if touch[0] == "/latent_add/0" else 0.9
    np.testing.assert_allclose(after[0, -100:], goal, atol=1e-3)


@pytest.mark.parametrize("name", ["slerp", "spline"])
def test_a_touched_knob_leaves_the_way_and_the_others_go_on(name: str) -> None:
    left, whole = Knobs(glide_s=0.05), Knobs(glide_s=0.05)
    for knobs in (left, whole):
        knobs.say(*WAYS[name])
        knobs.go(100)
    left.say("/latent/0", 0.1)
    ways = left.go(200)[0], whole.go(200)[0]
    np.testing.assert_allclose(ways[0][1:], ways[1][1:], atol=1e-6)
    assert ways[0][0, -1] == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize("way", [*WAYS.values()][:4], ids=[*WAYS][:4])
@pytest.mark.parametrize("stop", ["/motion/stop", "/motion/stop/0"])
def test_a_motion_that_is_stopped_leaves_the_knob_where_it_is(way: tuple, stop: str) -> None:
    knobs = Knobs(glide_s=0.05)
    knobs.say(*way)
    place = knobs.go(80)[0, 0, -1]
    knobs.say(stop)
    np.testing.assert_allclose(knobs.go(200)[0, 0], place, atol=1e-5)
    assert knobs.mapping.value_of("/latent/0") == (pytest.approx(float(place), abs=1e-5),)


@pytest.mark.parametrize("name", ["slerp", "spline"])
def test_a_way_arrives_on_time_and_the_knob_rests_there(name: str) -> None:
    knobs = Knobs(glide_s=0.05)
    knobs.say("/latent", 0.3, 0.4, 0.5, 0.6)
    knobs.go(100)
    knobs.say(*WAYS[name])
    assert np.abs(knobs.go(240)[0, 0, -1] - WAYS[name][-4 if name == "spline" else 2]) > 1e-3
    end = WAYS[name][-4:] if name == "spline" else (*WAYS[name][2:], 0.6)
    np.testing.assert_allclose(knobs.go(60)[0, :, 10:], np.tile(np.array(end)[:, None], 50), atol=1e-6)
    assert not knobs.mapping.motions


def test_a_new_motion_of_a_knob_begins_where_the_old_one_left_it() -> None:
    knobs = Knobs()
    knobs.say("/motion/lfo/0", 1.0, 1.0, "triangle")
    place = knobs.go(30)[0, 0, -1]
    knobs.say("/motion/walk/0", 1.0, 0.5)
    assert abs(knobs.go(2)[0, 0, -1] - place) < 0.05


def test_places_beyond_what_a_knob_may_be_are_cut_off() -> None:
    knobs = Knobs()
    knobs.say("/latent/0", 3.9)
    knobs.say("/motion/lfo/0", 2.0, 4.0)
    way = knobs.go(250)[0, 0]
    assert way.max() == 4.0
    assert way.min() == pytest.approx(-0.1, abs=0.02)


def test_a_tempo_change_bends_a_motion_by_beats_and_never_breaks_it() -> None:
    knobs = Knobs()
    knobs.say("/tempo_bpm", 60.0)
    knobs.say("/motion/lfo/0", 1.0, 1.0, "sine", "beat")
    slow = knobs.go(100.5)[0, 0]
    knobs.say("/tempo_bpm", 240.0)
    fast = knobs.go(100.5)[0, 0]
    np.testing.assert_allclose(slow[:100], np.sin(2 * np.pi * np.arange(1, 101) / FRAME_HZ), atol=1e-6)
    beats = 100.5 / FRAME_HZ + 4 * (np.arange(101, 202) - 100.5) / FRAME_HZ
    np.testing.assert_allclose(fast, np.sin(2 * np.pi * beats), atol=1e-6)


def test_the_transport_holds_what_goes_by_beats_and_nothing_else() -> None:
    knobs = Knobs()
    knobs.say("/motion/lfo/0", 1.0, 1.0, "sine", "beat")
    knobs.say("/motion/lfo/1", 1.0, 1.0, "sine", "second")
    place = knobs.go(40)[0, 0, -1]
    knobs.say("/transport", 0)
    held = knobs.go(100)[0]
    np.testing.assert_array_equal(held[0], np.full(100, place))
    assert np.ptp(held[1]) > 0.5
    knobs.say("/transport", 1)
    assert 0 < abs(knobs.go(1)[0, 0, 0] - place) < 0.06


def lively(block_frames: int = 5, control_samples: int = 1, seed: int = 0) -> np.ndarray:
    """Two seconds in which motions of every kind come, go and change in the middle of frames; (channels, samples)."""
    rig = Rig(
        FakeDecoder(control_samples=control_samples),
        glide_s=0.03,
        voices=2,
        block_samples=block_frames * HOP,
        seed=seed,
    )
    rig.send("/voice/1/gate", 1, at_sample=0)
    rig.send("/voice/1/pan", 1, at_sample=0)
    rig.send("/motion/walk/0", 7.0, 0.5, at_sample=100)
    rig.send("/voice/1/latent/0", 0.9, at_sample=5005)
    for sample, address, *values in [
        (6400, "/motion/lfo/0", 3.0, 0.4, "square", "beat"),
        (8011, "/tempo_bpm", 77.7),
        (9003, "/transport", 0),
        (10007, "/transport", 1),
        (12500, "/slerp_to", 0.3, 0.5, 0.5, 1.0),
        (15037, "/glide_curve", "linear"),
        (15037, "/latent_add/0", -0.7),
        (18111, "/spline_to", 0.4, *(0.9, 0, 0, 0), *(-0.9, 0, 0, 0), *(0.1, 0.2, 0.3, 0.4)),
        (22002, "/motion/stop/0"),
        (24001, "/motion/lfo/0", 11.0, 1.0, "saw"),
        (28017, "/panic"),
    ]:
        rig.send(address, *values, at_sample=sample)
    rig.play(2.0)
    return rig.sink.both


@pytest.mark.parametrize("block_frames", [1, 3, 500])
@pytest.mark.parametrize("control_samples", [1, HOP])
def test_the_block_size_is_not_heard_in_motions(block_frames: int, control_samples: int) -> None:
    np.testing.assert_array_equal(lively(block_frames, control_samples), lively(5, control_samples))


def test_a_session_with_motions_repeats_exactly_and_another_seed_walks_another_way() -> None:
    np.testing.assert_array_equal(lively(seed=3), lively(seed=3))
    assert not np.array_equal(lively(seed=3)[:, :5000], lively(seed=4)[:, :5000])


@pytest.mark.parametrize("dim", [2, 4, 6])
def test_another_model_goes_on_with_the_motions_of_the_knobs_that_it_has(dim: int) -> None:
    knobs = Knobs(voices=2)
    for knob in (1, 3):
        knobs.say(f"/motion/lfo/{knob}", 1.0, 0.5)
    knobs.say("/slerp_to", 1.0, 0.8)
    place = knobs.go(20)[0, :2, -1]
    new = knobs.mapping.for_model([0.0] * dim, 0.5)
    np.testing.assert_allclose(new.targets()[:2], place, atol=1e-6, err_msg="before the new one has begun")
    new.motions.join(RATE_HZ, 0, None)
    new.motions.follow(12345)
    new.motions.move(12345 + HOP)
    assert new.targets()[:2] == pytest.approx([0.8 * 21 / 250, 0.5 * math.sin(2 * math.pi * 21 / 250)], abs=1e-6)
    assert new.value_of("/motion/lfo/1") == (1.0, 0.5, "sine", "second")
    assert (new.value_of("/motion/lfo/3") is None) == (dim == 2)


@pytest.mark.parametrize("dim", [2, 6])
def test_an_untouched_instrument_drifts_on_with_another_model(dim: int) -> None:
    mapping = Mapping([0.0] * 4, temperature=0.0, glide_s=0.0, voices=2)
    mapping.motions.join(RATE_HZ, 0, IdleMotion(4))
    mapping.motions.follow(0)
    mapping.motions.move(5 * RATE_HZ)
    new = mapping.for_model([0.0] * dim, 0.5)
    assert new.motions.drifting
    new.motions.join(RATE_HZ, 0, None)
    new.motions.follow(0)
    new.motions.move(RATE_HZ)
    mapping.motions.move(6 * RATE_HZ)
    assert new.targets()[:2] == pytest.approx(mapping.targets()[:2])
