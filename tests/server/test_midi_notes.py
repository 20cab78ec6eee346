"""Notes play voices as on a polyphonic synthesizer: allocation, stealing, pedals, and MPE with a voice a finger."""

from __future__ import annotations

import mido
import pytest
from latentone.server.midi.zones import Zones
from midi_rig import binding, cc, off, on, play, player


def gates(commands) -> list[tuple[int, float]]:
    """(voice, gate) in order."""
    return [(int(address.split("/")[2]), values[0]) for address, values in commands if address.endswith("/gate")]


def test_a_note_opens_a_voice_as_far_as_it_is_struck_and_shuts_it():
    played = player(notes=True)
    assert gates(play(played, on(60, velocity=127), on(64, velocity=1))) == [(0, 1.0), (1, 1 / 127)]
    assert gates(play(played, off(60))) == [(0, 0.0)]
    assert gates(play(played, on(64, velocity=0))) == [(1, 0.0)], "velocity 0 is a note off"
    assert gates(play(played, off(64))) == [], "once only"


def test_a_note_takes_the_voice_that_has_been_silent_for_longest():
    """So that what fades out is cut off as late as can be."""
    played = player(notes=True, voices=3)
    play(played, on(60), on(61), off(61), off(60))
    assert gates(play(played, on(62), on(63), on(64))) == [(2, 1.0), (1, 1.0), (0, 1.0)]


def test_the_oldest_note_gives_way_and_its_note_off_does_nothing():
    played = player(notes=True, voices=2)
    play(played, on(60), on(61))
    assert gates(play(played, on(62))) == [(0, 0.0), (0, 1.0)], "shut and opened: the envelope begins anew"
    assert gates(play(played, off(60))) == []
    assert gates(play(played, off(62))) == [(0, 0.0)]


def test_a_note_that_only_the_pedal_holds_gives_way_first():
    played = player(notes=True, voices=2)
    play(played, on(60), cc(127, 64), on(61), off(61))
    assert gates(play(played, on(62))) == [(1, 0.0), (1, 1.0)]


def test_the_same_key_keeps_its_voice():
    played = player(notes=True)
    play(played, on(60), cc(127, 64), off(60))
    assert gates(play(played, on(60))) == [(0, 0.0), (0, 1.0)]


def test_the_sustain_pedal_holds_what_is_let_go():
    played = player(notes=True)
    assert gates(play(played, cc(127, 64), on(60), off(60))) == [(0, 1.0)]
    assert gates(play(played, on(61))) == [(1, 1.0)]
    assert gates(play(played, cc(0, 64))) == [(0, 0.0)], "the key that is down goes on"
    assert gates(play(played, off(61))) == [(1, 0.0)]


def test_the_sostenuto_pedal_holds_what_is_down_when_it_is_pressed():
    played = player(notes=True)
    assert gates(play(played, on(60), cc(127, 66), on(61), off(60), off(61))) == [(0, 1.0), (1, 1.0), (1, 0.0)]
    assert gates(play(played, cc(0, 66))) == [(0, 0.0)]


def test_a_pedal_holds_its_channel_only():
    played = player(notes=True)
    assert gates(play(played, cc(127, 64, channel=2), on(60), off(60))) == [(0, 1.0), (0, 0.0)]


@pytest.mark.parametrize(("control", "silent"), [(120, [(0, 0.0)]), (123, []), (126, [])])
def test_all_notes_off_leaves_what_a_pedal_holds_and_all_sound_off_does_not(control, silent):
    played = player(notes=True)
    play(played, on(60), cc(127, 66))
    assert gates(play(played, cc(0, control))) == silent
    assert gates(play(played, cc(0, 66))) == ([] if silent else [(0, 0.0)])


def test_all_notes_off_ends_what_no_pedal_holds():
    played = player(notes=True)
    play(played, on(60), on(61, channel=2))
    assert gates(play(played, cc(0, 123))) == [(0, 0.0)], "of its channel"
    assert gates(play(played, off(60))) == []


def test_reset_controllers_lifts_the_pedals():
    played = player(notes=True)
    play(played, cc(127, 64), on(60), off(60))
    assert gates(play(played, cc(0, 121))) == [(0, 0.0)]


def test_a_keyboard_that_is_pulled_out_leaves_no_note_behind():
    played = player(notes=True)
    play(played, on(60), cc(127, 64), on(61), off(61))
    assert gates(played.unplug()) == [(0, 0.0), (1, 0.0)]
    assert gates(play(played, on(60), off(60))) == [(2, 1.0), (2, 0.0)], "nor its pedal"


def test_a_mapped_pad_plays_no_note():
    played = player(binding("key 36 channel 10", "/voice/3/gate", range=[0.0, 1.0]), notes=True)
    assert gates(play(played, on(36, channel=10), off(36, channel=10))) == [(3, 1.0), (3, 0.0)]
    assert gates(play(played, on(36, channel=1))) == [(0, 1.0)]


def test_a_note_moves_the_knobs_of_its_own_voice_before_it_sounds():
    played = player(binding("note"), binding("velocity", "/latent/1"), notes=True)
    play(played, on(60))
    assert play(played, on(64, velocity=127)) == [
        ("/voice/1/latent/0", (0.0,)),
        ("/voice/1/latent/1", (1.0,)),
        ("/voice/1/gate", (1.0,)),
    ]


def test_pressure_on_a_key_is_pressure_on_its_note():
    played = player(binding("mpe pressure"), notes=True)
    play(played, on(60), on(62))
    assert play(played, mido.Message("polytouch", note=62, value=127)) == [("/voice/1/latent/0", (1.0,))]


EXPRESSIVE = [
    binding("mpe bend", "z0"),
    binding("mpe timbre", "z1"),
    binding("mpe pressure", "z2"),
    binding("mpe lift", "z3"),
    binding("bend", "/gain_db", range=[-10.0, 10.0]),
]


def finger(channel: int, bend: int = 0, timbre: int = 64, pressure: int = 0) -> list[mido.Message]:
    return [
        mido.Message("pitchwheel", pitch=bend, channel=channel - 1),
        cc(timbre, 74, channel),
        mido.Message("aftertouch", value=pressure, channel=channel - 1),
    ]


def test_each_finger_on_an_mpe_surface_moves_the_knobs_of_its_note():
    played = player(*EXPRESSIVE, notes=True, mpe_lower=15)
    told = play(played, *finger(2, bend=-8192, timbre=127, pressure=0), on(60, channel=2))
    assert told == [
        ("/voice/0/latent/0", (-1.0,)),
        ("/voice/0/latent/1", (1.0,)),
        ("/voice/0/latent/2", (-1.0,)),
        ("/voice/0/gate", (1.0,)),
    ], "a note begins where its finger is"
    play(played, *finger(3), on(67, channel=3))
    told = play(played, *finger(3, bend=8191, timbre=0, pressure=127))
    assert told == [
        ("/voice/1/latent/0", (1.0,)),
        ("/voice/1/latent/1", (-1.0,)),
        ("/voice/1/latent/2", (1.0,)),
    ], "and the other note stays as it is"
    lifted = mido.Message("note_off", note=67, velocity=127, channel=2)
    assert play(played, lifted) == [("/voice/1/latent/3", (1.0,)), ("/voice/1/gate", (0.0,))]
    assert play(played, *finger(3, bend=0)) == [], "what sounds on after it stays where it was let go"


def test_the_manager_of_a_zone_speaks_for_all_its_notes():
    played = player(*EXPRESSIVE, notes=True, mpe_lower=15)
    play(played, on(60, channel=2))
    assert play(played, mido.Message("pitchwheel", pitch=8191, channel=0)) == [("/gain_db", (10.0,))]
    assert gates(play(played, cc(127, 64, channel=1), off(60, channel=2))) == []
    assert gates(play(played, cc(0, 64, channel=1))) == [(0, 0.0)]


def test_a_controller_says_by_itself_that_it_is_an_mpe_surface():
    played = player(*EXPRESSIVE, notes=True)
    play(played, on(60, channel=2))
    assert play(played, *finger(2, bend=8191)) == [("/gain_db", (10.0,))], "an ordinary keyboard"
    play(played, cc(0, 101), cc(6, 100), cc(15, 6))  # the MPE configuration message on channel 1
    assert play(played, *finger(2, bend=8191))[0] == ("/voice/0/latent/0", (1.0,))


def test_two_zones_share_the_channels_and_the_later_claim_wins():
    zones = Zones(lower=7, upper=7)
    assert [zones.pedal_channel(channel) for channel in range(1, 17)] == [1] * 8 + [16] * 8
    zones.configure(1, 10)
    assert [zones.pedal_channel(channel) for channel in range(1, 17)] == [1] * 11 + [16] * 5
    zones.configure(16, 0)
    assert zones.pedal_channel(13) == 13
    assert not zones.is_member(1)
