"""Each kind of MIDI message moves what it is bound to, and what means nothing here is passed over."""

from __future__ import annotations

import random

import mido
import pytest
from latentone.server.maps.curves import control_place
from midi_rig import binding, cc, play, player


def bend(value: int, channel: int = 1) -> mido.Message:
    return mido.Message("pitchwheel", pitch=value, channel=channel - 1)


@pytest.mark.parametrize(("value", "knob"), [(0, -1.0), (64, 0.0), (127, 1.0)])
def test_a_control_spans_the_range_and_its_detent_is_the_middle(value, knob):
    assert play(player(binding()), cc(value)) == [("/latent/0", (knob,))]


@pytest.mark.parametrize("bits", [7, 14])
def test_a_control_never_goes_back_while_it_is_turned_up(bits):
    places = [control_place(value, bits) for value in range(1 << bits)]
    assert places == sorted(places)
    assert (places[0], places[1 << (bits - 1)], places[-1]) == (0.0, 0.5, 1.0)


def test_a_binding_listens_to_its_channel_or_to_all():
    played = player(binding(channel=10), binding(target="/latent/brightness"))
    assert [address for address, _ in play(played, cc(64, channel=10))] == ["/latent/0", "/latent/1"]
    assert [address for address, _ in play(played, cc(64, channel=9))] == ["/latent/1"]


@pytest.mark.parametrize(
    ("source", "message", "knob"),
    [
        ("bend", bend(8191), 1.0),
        ("bend", bend(0), 0.0),
        ("bend channel 3", bend(-8192, channel=3), -1.0),
        ("pressure", mido.Message("aftertouch", value=127), 1.0),
        ("keypressure 60", mido.Message("polytouch", note=60, value=127), 1.0),
        ("key 36", mido.Message("note_on", note=36, velocity=64), 0.0),
        ("key 36", mido.Message("note_on", note=36, velocity=0), -1.0),
        ("key 36", mido.Message("note_off", note=36), -1.0),
        ("note", mido.Message("note_on", note=127, velocity=1), 1.0),
        ("velocity", mido.Message("note_on", note=1, velocity=127), 1.0),
    ],
)
def test_every_kind_of_control_can_move_a_knob(source, message, knob):
    assert play(player(binding(source)), message) == [("/latent/0", (knob,))]


COARSE_AND_FINE = [(8191, 0), (8192, 1), (8193, 2), (8320, 3)]
"""14-bit values, across a change of the coarse half; and a place in the sequence."""


@pytest.mark.parametrize("fine_first", [False, True])
def test_a_14_bit_control_never_jumps_between_its_halves(fine_first):
    """A fader that rises by single steps across 8191 and 8192 would be heard to jump by 1/64 of its range."""
    played = player(binding("cc14 1", range=[0.0, 1.0]))
    heard = []
    for step, (value, _) in enumerate(COARSE_AND_FINE):
        halves = [cc(value >> 7, 1), cc(value & 127, 33)]
        for half in halves[:: -1 if fine_first else 1]:
            heard += played.commands(half, step * 0.1)
    assert heard == [("/latent/0", (control_place(value, 14),)) for value, _ in COARSE_AND_FINE]


def test_a_14_bit_control_that_was_heard_from_its_middle_on_is_understood_after_a_rest():
    played = player(binding("cc14 1", range=[0.0, 1.0]))
    played.commands(cc(127, 33), 0.0)
    for at_s, value in ((1.0, 128), (2.0, 255), (3.0, 256)):
        told = played.commands(cc(value >> 7, 1), at_s) + played.commands(cc(value & 127, 33), at_s + 0.001)
        assert told == [("/latent/0", (control_place(value, 14),))]


def test_a_sender_of_coarse_halves_alone_reaches_both_ends():
    played = player(binding("cc14 1", range=[0.0, 1.0]))
    told = [play(played, cc(value, 1)) for value in (63, 127, 127, 0)]
    assert told[1:] == [[("/latent/0", (1.0,))], [("/latent/0", (1.0,))], [("/latent/0", (0.0,))]]


def test_a_sender_that_leaves_out_the_coarse_half_is_heard_at_its_fine_ones():
    played = player(binding("cc14 1", range=[0.0, 1.0]))
    play(played, cc(64, 1), cc(0, 33))
    assert play(played, cc(1, 33), cc(2, 33)) == [
        ("/latent/0", (control_place(8193, 14),)),
        ("/latent/0", (control_place(8194, 14),)),
    ]


def nrpn(number: int, value: int, channel: int = 1, first: int = 99) -> list[mido.Message]:
    chosen = [cc(number >> 7, first, channel), cc(number & 127, first - 1, channel)]
    return [*chosen, cc(value >> 7, 6, channel), cc(value & 127, 38, channel)]


def test_registered_and_other_parameters_are_told_apart():
    played = player(binding("nrpn 300"), binding("rpn 300", "/latent/1"))
    assert play(played, *nrpn(300, 16383)) == [("/latent/0", (1.0,))]
    assert play(played, *nrpn(300, 0, first=101)) == [("/latent/1", (-1.0,))]
    assert play(played, *nrpn(301, 0)) == []


def test_a_parameter_is_stepped_up_and_down_within_its_range():
    played = player(binding("nrpn 5", range=[0.0, 1.0]))
    play(played, *nrpn(5, 16382))
    up, down = cc(0, 96), cc(0, 97)
    assert play(played, up, up, down) == [
        ("/latent/0", (1.0,)),
        ("/latent/0", (1.0,)),
        ("/latent/0", (control_place(16382, 14),)),
    ]


def test_the_null_parameter_takes_no_value():
    """Senders choose it after each parameter, so that a stray data wheel changes nothing."""
    played = player(binding("nrpn 5"), binding("cc 6", "/latent/1"))
    play(played, *nrpn(5, 0), cc(127, 99), cc(127, 98))
    assert [address for address, _ in play(played, cc(1, 6), cc(1, 38), cc(0, 96))] == ["/latent/1"]


def test_parameters_are_chosen_channel_by_channel():
    played = player(binding("nrpn 5", range=[0.0, 1.0]))
    play(played, *nrpn(5, 0, channel=1), *nrpn(6, 0, channel=2))
    assert play(played, cc(127, 6, channel=2), cc(127, 38, channel=2)) == []
    assert play(played, cc(127, 6), cc(127, 38)) == [("/latent/0", (1.0,))]


def test_reset_controllers_brings_bend_and_pressure_home():
    played = player(binding("bend"), binding("pressure", "/latent/1"))
    play(played, bend(8191), mido.Message("aftertouch", value=127))
    assert play(played, cc(0, 121)) == [("/latent/0", (0.0,)), ("/latent/1", (-1.0,))]


def test_start_continue_and_stop_are_the_transport():
    played = [play(player(), mido.Message(name)) for name in ("start", "stop", "continue")]
    assert played == [[("/transport", (1,))], [("/transport", (0,))], [("/transport", (1,))]]


def test_program_changes_are_told():
    told: list[int] = []
    assert play(player(program=told.append), mido.Message("program_change", program=3)) == []
    assert told == [3]


@pytest.mark.parametrize(
    "message",
    [
        mido.Message("sysex", data=[1, 2, 3]),
        mido.Message("active_sensing"),
        mido.Message("songpos", pos=99),
        mido.Message("song_select", song=1),
        mido.Message("quarter_frame"),
        mido.Message("tune_request"),
        mido.Message("reset"),
        cc(1, control=99),
        mido.Message("note_on"),
        bend(100),
    ],
)
def test_what_is_not_bound_does_nothing(message):
    assert play(player(binding()), message) == []


def test_no_stream_of_messages_makes_it_raise():
    rng = random.Random(7)
    played = player(binding(), binding("cc14 1"), binding("nrpn 0"), binding("mpe bend"), notes=True)
    heard = 0
    for step in range(20_000):
        data = [rng.choice((0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0)) | rng.randrange(16), rng.randrange(128)]
        if data[0] & 0xF0 not in (0xC0, 0xD0):
            data.append(rng.randrange(128))
        for address, values in played.commands(mido.Message.from_bytes(data), step * 0.001):
            heard += 1
            assert address.startswith("/")
            assert all(-1.0 <= float(value) <= 1.0 for value in values)
    assert heard > 1000
