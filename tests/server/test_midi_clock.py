"""MIDI clock that trembles becomes a tempo that stands still, and follows at once when it is really changed."""

from __future__ import annotations

import mido
import numpy as np
import pytest
from latentone.server.midi.clock import TempoFollower
from midi_rig import play, player


def ticks_s(tempo_bpm: float, beats: int, jitter_s: float, seed: int, from_s: float = 0.0) -> np.ndarray:
    times_s = from_s + np.arange(1, 24 * beats + 1) * 60 / (24 * tempo_bpm)
    return np.sort(times_s + np.random.default_rng(seed).normal(0, jitter_s, len(times_s)))


def tempos(follower: TempoFollower, times_s: np.ndarray) -> list[float]:
    return [tempo for time_s in times_s if (tempo := follower.tick(float(time_s))) is not None]


@pytest.mark.parametrize("tempo_bpm", [40.0, 120.0, 133.7, 240.0])
def test_an_even_clock_is_told_once_within_two_beats(tempo_bpm):
    follower = TempoFollower()
    assert tempos(follower, ticks_s(tempo_bpm, 2, 0.0, 0)) == [pytest.approx(tempo_bpm, abs=0.01)]
    assert tempos(follower, ticks_s(tempo_bpm, 30, 0.0, 0, from_s=2 * 60 / tempo_bpm)) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_clock_that_trembles_by_milliseconds_does_not_make_the_tempo_tremble(seed):
    told = tempos(TempoFollower(), ticks_s(120.0, 64, 0.002, seed))
    assert len(told) <= 6
    assert told[-1] == pytest.approx(120.0, abs=0.3)


@pytest.mark.parametrize(("before_bpm", "after_bpm"), [(120.0, 90.0), (90.0, 140.0), (120.0, 121.0)])
def test_a_new_tempo_is_followed(before_bpm, after_bpm):
    follower = TempoFollower()
    times_s = ticks_s(before_bpm, 8, 0.0005, 1)
    tempos(follower, times_s)
    told = tempos(follower, ticks_s(after_bpm, 8, 0.0005, 2, from_s=times_s[-1]))
    assert told[-1] == pytest.approx(after_bpm, abs=0.2)


def test_after_a_rest_the_clock_begins_anew():
    follower = TempoFollower()
    tempos(follower, ticks_s(120.0, 4, 0.0, 0))
    assert tempos(follower, ticks_s(60.0, 4, 0.0, 0, from_s=100.0)) == [pytest.approx(60.0, abs=0.01)]


def test_a_clock_that_no_music_has_is_not_told():
    assert tempos(TempoFollower(), ticks_s(900.0, 8, 0.0, 0)) == []


def test_a_player_tells_the_tempo_of_its_clock():
    played = player()
    told = [
        command for time_s in ticks_s(90.0, 2, 0.0, 0) for command in played.commands(mido.Message("clock"), time_s)
    ]
    assert told == [("/tempo_bpm", (90.0,))]
    assert play(player(), mido.MetaMessage("set_tempo", tempo=500_000)) == [("/tempo_bpm", (120.0,))], "of a file"
