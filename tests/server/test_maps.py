"""Maps: what a control does to its target, learning, soft takeover, endless encoders, smoothing, and OSC sliders."""

from __future__ import annotations

import threading
import time

import pytest
from latentone.export.errors import LatentoneError
from latentone.server.addresses import Namespace
from latentone.server.config import load_config
from latentone.server.contracts import MapRow
from latentone.server.maps.curves import CURVES
from latentone.server.maps.map_files import ReadyMade
from latentone.server.maps.maps import Maps, Moved
from latentone.server.maps.sources import KINDS, Source, parse_source
from midi_rig import DEFAULTS, NAMES, binding, maps


def turn(maps: Maps, value: int, control: int = 20, channel: int = 1, kind: str = "cc") -> list:
    return maps.moved(Moved(Source(kind, control, channel), value / 127, value))


class Engine:
    """What was last said to each address, as the engine tells; `send` is its other end."""

    def __init__(self, **values: float) -> None:
        self.values = {f"/{name}": value for name, value in values.items()}
        self.heard: list[tuple[str, float]] = []

    def value_of(self, address: str):
        return (self.values[address],) if address in self.values else None

    def send(self, address: str, values) -> None:
        self.heard.append((address, values[0]))
        self.values[address] = values[0]


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_rises_from_one_end_of_the_range_to_the_other(name):
    places = [CURVES[name](step / 100) for step in range(101)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.0, 1.0)


def test_the_exponential_curve_is_fine_at_the_lower_end():
    assert CURVES["exponential"](0.5) < 0.15


def test_steps_divide_the_way_evenly_and_reach_both_ends():
    stepped = maps(binding(curve="steps", steps=3, range=[0.0, 1.0]))
    heard = [turn(stepped, value)[0][1][0] for value in range(128)]
    assert sorted(set(heard)) == [0.0, 0.5, 1.0]
    assert [heard.count(value) for value in (0.0, 0.5, 1.0)] == pytest.approx([128 / 3] * 3, abs=1)


def test_invert_turns_the_control_around():
    inverted = maps(binding(invert=True, range=[-60.0, 0.0], target="/gain_db"))
    assert turn(inverted, 0) == [("/gain_db", (0.0,))]
    assert turn(inverted, 127) == [("/gain_db", (-60.0,))]


@pytest.mark.parametrize(("value", "on"), [(0, 0), (63, 0), (64, 1), (127, 1)])
def test_a_switch_is_on_from_64(value, on):
    """As MIDI's pedals are; a switch of the table is 0 or 1, nothing between."""
    [(address, values)] = turn(maps(binding(target="/transport", range=[0.0, 1.0])), value)
    assert (address, values, type(values[0])) == ("/transport", (on,), int)


def test_several_controls_move_a_knob_and_a_control_several_knobs():
    several = maps(binding(), binding("cc 21"), binding(target="z1"), binding(target="/latent/{2,3}"))
    assert [address for address, _ in turn(several, 127)] == ["/latent/0", "/latent/1", "/latent/2", "/latent/3"]
    assert [address for address, _ in turn(several, 127, control=21)] == ["/latent/0"]


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("z3", "/latent/3"),
        ("brightness", "/latent/1"),
        ("/latent/pitch", "/latent/2"),
        ("/voice/1/pan", "/voice/1/pan"),
    ],
)
def test_a_target_is_an_address_or_a_knob_by_name_or_number(target, address):
    assert turn(maps(binding(target=target), voices=2), 127) == [(address, (1.0,))]


def test_a_knob_that_is_itself_named_like_a_number_is_found_by_its_name():
    misnamed = Maps(Namespace(["z1", "z0"]), [binding(target="z0")], defaults=DEFAULTS)
    assert turn(misnamed, 127) == [("/latent/1", (1.0,))]


def test_another_model_breaks_no_map_and_what_it_lacks_is_named():
    namespace = Namespace(NAMES)
    moving = Maps(namespace, [binding(target="z3"), binding(target="brightness")], defaults=DEFAULTS)
    assert moving.unused() == []
    namespace.use(["a", "brightness"])
    assert turn(moving, 127) == [("/latent/1", (1.0,))]
    assert moving.unused() == ["cc 20 to z3: there is no knob 3 (0 to 1)"]
    assert len(moving.rows()) == 2
    namespace.use(["brightness", "b", "c", "d"])
    assert turn(moving, 127) == [("/latent/3", (1.0,)), ("/latent/0", (1.0,))]


def test_the_default_maps_fit_a_small_model_and_say_what_it_lacks():
    from latentone.server.maps.map_files import read_ready_made

    mapping = load_config(None, {}).mapping
    basic = Maps(
        Namespace(NAMES),
        ready_made=read_ready_made(mapping.include, mapping.midi_defaults),
        defaults=mapping.midi_defaults,
    )
    assert turn(basic, 127, control=23) == [("/latent/3", (1.0,))]
    assert turn(basic, 127, control=24) == []
    assert basic.unused()[0] == "cc 24 to /latent/4: there is no knob 4 (0 to 3)"
    assert len(basic.unused()) == 4


class TestSoftTakeover:
    def test_a_control_takes_hold_when_it_comes_by_the_present_value(self):
        engine = Engine(**{"latent/0": 0.5})
        now = [0.0]
        soft = maps(binding(pickup=True), value_of=engine.value_of, clock=lambda: now[0])
        assert [turn(soft, value) for value in (0, 30, 60, 90)] == [[], [], [], []], "the knob would jump"
        assert [values[0] > 0.5 for _, values in turn(soft, 100)] == [True]
        engine.values["/latent/0"] = 0.3  # the engine tells an older value than the last while the control moves
        assert turn(soft, 127) == [("/latent/0", (1.0,))]

    def test_it_lets_go_when_somebody_else_has_moved_the_knob(self):
        engine = Engine(**{"latent/0": -1.0})
        now = [0.0]
        soft = maps(binding(pickup=True), value_of=engine.value_of, clock=lambda: now[0])
        assert turn(soft, 0)
        engine.values["/latent/0"] = -1.0
        now[0] = 5.0
        assert turn(soft, 3), "nobody has"
        now[0] = 10.0
        engine.values["/latent/0"] = 0.7
        assert turn(soft, 4) == []
        assert turn(soft, 127) != []

    def test_a_target_without_a_value_is_followed_at_once(self):
        assert turn(maps(binding(pickup=True), value_of=Engine().value_of), 5) != []


@pytest.mark.parametrize(
    ("relative", "right", "left"), [("twos_complement", 1, 127), ("signed_bit", 1, 65), ("binary_offset", 65, 63)]
)
def test_an_endless_encoder_turns_the_knob_from_where_it_is(relative, right, left):
    engine = Engine(**{"latent/0": 0.5})
    now = [0.0]
    endless = maps(binding(relative=relative), value_of=engine.value_of, clock=lambda: now[0])
    click = 2 / 127
    assert turn(endless, right) == [("/latent/0", (pytest.approx(0.5 + click),))]
    assert turn(endless, right) == [("/latent/0", (pytest.approx(0.5 + 2 * click),))], "also before the engine knows"
    now[0] = 10.0
    engine.values["/latent/0"] = -1.0
    assert turn(endless, left) == [("/latent/0", (-1.0,))], "it ends at the end of the range"


def test_a_smoothed_control_arrives_without_a_step():
    engine = Engine(**{"latent/0": -1.0})
    with maps(binding(smooth_s=0.15), value_of=engine.value_of, send=engine.send) as smoothed:
        assert turn(smoothed, 127) == []
        until_s = time.monotonic() + 10
        while engine.values["/latent/0"] < 1.0 and time.monotonic() < until_s:
            time.sleep(0.005)
        heard = [value for _, value in engine.heard]
        assert heard[-1] == 1.0
        assert heard == sorted(heard)
        assert len(heard) >= 4
        count = len(engine.heard)
        time.sleep(0.05)
        assert len(engine.heard) == count, "at rest nothing is sent"


class TestLearning:
    def learn(self, moving: Maps, target: str = "z3", low=None, high=None) -> list[tuple[str, str]]:
        told: list[tuple[str, str]] = []
        moving.learn(target, low, high, lambda source, target: told.append((source, target)))
        return told

    def test_the_control_that_is_moved_is_bound(self):
        moving = maps()
        told = self.learn(moving)
        turn(moving, 10, control=77, channel=2)
        assert told == []
        turn(moving, 20, control=77, channel=2)
        assert told == [("cc 77 channel 2", "z3")]
        assert turn(moving, 127, control=77, channel=2) == [("/latent/3", (1.0,))]
        assert turn(moving, 127, control=77, channel=1) == []

    def test_a_worn_knob_that_trembles_is_not(self):
        moving = maps()
        told = self.learn(moving)
        for value in (63, 64, 63, 64, 65, 64) * 10:
            turn(moving, value, control=1)
        turn(moving, 0, control=2)
        turn(moving, 127, control=2)
        assert told == [("cc 2 channel 1", "z3")]

    def test_a_button_is_one_when_it_was_pressed_and_let_go(self):
        moving = maps()
        told = self.learn(moving, "/gain_db", -20.0, 0.0)
        turn(moving, 127, control=41)
        turn(moving, 0, control=41)
        assert told == [("cc 41 channel 1", "/gain_db")]
        assert moving.rows() == [MapRow("cc 41 channel 1", "/gain_db", -20.0, 0.0, "linear")]

    def test_a_14_bit_fader_is_learned_as_one(self):
        from latentone.server.midi.player import MidiPlayer
        from midi_rig import cc

        moving = maps()
        told = self.learn(moving)
        played = MidiPlayer("faders", moving)
        for step in range(40):
            played.commands(cc(step, 3), step * 0.1)
            played.commands(cc(step * 37 % 128, 35), step * 0.1)
        assert told == [("cc14 3 channel 1", "z3")]

    def test_a_parameter_is_learned_and_not_the_controls_that_carry_it(self):
        from latentone.server.midi.player import MidiPlayer
        from midi_rig import cc

        moving = maps()
        told = self.learn(moving)
        played = MidiPlayer("synth", moving)
        for step in range(40):
            for message in (cc(2, 99), cc(44, 98), cc(step * 3, 6), cc(step * 41 % 128, 38)):
                played.commands(message, step * 0.1)
        assert told == [("nrpn 300 channel 1", "z3")]

    def test_a_finger_is_learned_for_every_finger(self):
        moving = maps()
        told = self.learn(moving)
        for channel in (2, 3):
            moving.moved(Moved(Source("mpe timbre", None, channel), channel / 4, voice=0))
        for place in (0.2, 0.8):
            moving.moved(Moved(Source("mpe timbre", None, 2), place, voice=0))
        assert told == [("mpe timbre", "z3")]
        assert moving.moved(Moved(Source("mpe timbre", None, 9), 1.0, voice=0)) == [("/voice/0/latent/3", (1.0,))]

    def test_what_is_learned_comes_over_a_ready_made_map_and_beside_ones_own(self):
        ready_made = [ReadyMade("box", (binding("cc 20", "z0"), binding("cc 21", "z1")))]
        moving = maps(ready_made=ready_made)
        for target in ("z2", "z3"):
            self.learn(moving, target)
            turn(moving, 0)
            turn(moving, 127)
        assert [address for address, _ in turn(moving, 127)] == ["/latent/2", "/latent/3"]
        assert [address for address, _ in turn(moving, 127, control=21)] == ["/latent/1"]

    def test_it_can_be_called_off(self):
        moving = maps()
        told = self.learn(moving)
        moving.cancel()
        turn(moving, 0)
        turn(moving, 127)
        assert (told, moving.rows()) == ([], [])

    @pytest.mark.parametrize(
        ("target", "low", "why"),
        [
            ("z9", None, "there is no knob 9"),
            ("/gian_db", None, "did you mean /gain_db"),
            ("/status", None, "an address that takes one number"),
            ("/envelope", None, "an address that takes one number"),
            ("z0", -9.0, "goes beyond value"),
        ],
    )
    def test_a_target_that_is_none_is_refused_at_once(self, target, low, why):
        with pytest.raises(LatentoneError, match=why):
            self.learn(maps(), target, low)


class TestOsc:
    def test_a_slider_of_a_phone_moves_a_knob_and_needs_no_patch(self):
        moving = maps()
        moving.add("/1/fader1", "z3", 0.0, 1.0, "s")
        assert moving.heard_osc("/1/fader1", [0.5]) == [("/latent/3", (0.5,))]
        assert moving.heard_osc("/1/fader1", [2]) == [("/latent/3", (1.0,))]
        assert moving.heard_osc("/1/fader1", ["on"]) is None
        assert moving.heard_osc("/1/fader2", [0.5]) is None

    def test_a_pad_has_two_arguments(self):
        moving = maps(binding("/3/xy"), binding("/3/xy argument 2", "z1", input=[0, 127], invert=True))
        assert moving.heard_osc("/3/xy", [1.0, 127]) == [("/latent/0", (1.0,)), ("/latent/1", (-1.0,))]

    @pytest.mark.parametrize(("sent", "full"), [((0.1, 0.5), 1.0), ((10, 60), 127)])
    def test_a_slider_is_learned_with_its_range(self, sent, full):
        moving = maps()
        told: list[str] = []
        moving.learn("z3", None, None, lambda source, target: told.append(source))
        assert moving.heard_osc("/fader", sent[:1]) == [], "it is being learned: no reason to complain"
        moving.heard_osc("/fader", sent[1:])
        assert told == ["/fader"]
        assert moving.heard_osc("/fader", [full]) == [("/latent/3", (1.0,))]


def test_maps_are_added_listed_and_removed():
    moving = maps(binding("cc 20 channel 2"))
    moving.add("CC 20  channel 3", "/gain_db", None, None, None)
    moving.add("cc 20 channel 3", "/gain_db", -20, 0, "exponential")
    assert moving.rows() == [
        MapRow("cc 20 channel 2", "/latent/0", -1.0, 1.0, "linear"),
        MapRow("cc 20 channel 3", "/gain_db", -20.0, 0.0, "exponential"),
    ], "the same control to the same target is one mapping"
    moving.remove("cc 20 channel 3")
    assert len(moving.rows()) == 1
    moving.remove("cc 20")
    assert moving.rows() == []
    with pytest.raises(LatentoneError, match="cc 20 moves nothing"):
        moving.remove("cc 20")


@pytest.mark.parametrize(
    "source", ["cc 20", "cc14 31", "nrpn 16383 channel 16", "bend", "mpe lift", "/1/fader1", "/a argument 2"]
)
def test_a_source_is_written_as_it_is_read(source):
    assert str(parse_source(source)) == source


def test_every_kind_of_source_can_be_written():
    for name, kind in KINDS.items():
        source = Source(name, kind.highest, 3)
        assert parse_source(str(source)) == source


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("cc", "needs a number from 0 to 127"),
        ("cc 128", "needs a number from 0 to 127"),
        ("cc14 32", "needs a number from 0 to 31"),
        ("bend 3", "stands without a number"),
        ("cc 1 channel 17", "a channel is 1 to 16"),
        ("knob 3", "is not a control"),
        ("", "is not a control"),
        ("/a*", "is not an OSC address"),
    ],
)
def test_a_source_that_is_none_is_told_what_there_is(source, why):
    with pytest.raises(LatentoneError, match=why):
        parse_source(source)


def test_threads_may_map_and_move_at_once():
    moving = maps(binding())
    faults: list[BaseException] = []

    def change() -> None:
        try:
            for number in range(300):
                moving.add(f"cc {number % 100}", "z1", None, None, None)
                moving.remove(f"cc {number % 100}")
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    while thread.is_alive():
        turn(moving, 64, control=50)
        moving.rows()
    thread.join()
    assert not faults
