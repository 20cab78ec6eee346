"""Scores: each kind of file becomes the events it describes, at the right samples, or one helpful line."""

import struct
from itertools import pairwise
from pathlib import Path

import mido
import pytest
from latentone.export.errors import LatentoneError
from latentone.server.addresses import Namespace
from latentone.server.config import load_config
from latentone.server.midi.files import player_of_files
from latentone.server.packets import write_message
from latentone.server.scores import Score, read_score

NAMES = ["loudness", "brightness", "pitch", "noisiness"]
RATE_HZ = 16000


def read(path: Path) -> Score:
    player = player_of_files(load_config(None, {}), Namespace(NAMES))
    return read_score(path, RATE_HZ, NAMES, player.commands)


def read_yaml(tmp_path: Path, text: str) -> Score:
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    return read(tmp_path / "s.yaml")


def told(score: Score) -> list[tuple]:
    return [(event.at_sample, event.address, *event.values) for event in score.events]


def test_a_yaml_score_reads_as_it_is_documented(tmp_path):
    score = read_yaml(
        tmp_path,
        """
        seconds: 8
        events:
          - {time: 1.5, address: /latent/brightness, values: [0.8]}
          - [0.0, /latent, 0.1, -0.3]
          - [0.0, /gain_db, -6]
        """,
    )
    assert score.seconds == 8
    assert told(score) == [(0, "/latent", 0.1, -0.3), (0, "/gain_db", -6.0), (24000, "/latent/1", 0.8)]
    assert {event.source for event in score.events} == {"score s.yaml"}


def test_a_plain_list_is_a_score_and_lasts_a_second_longer(tmp_path):
    assert read_yaml(tmp_path, "- [2, /latent/0, 0.5]").seconds == 3.0


def test_a_sweep_is_a_straight_line_without_gaps(tmp_path):
    score = read_yaml(tmp_path, "- {from_s: 1, to_s: 3, address: /latent/0, from: -1, to: 1}")
    places = [event.at_sample or 0 for event in score.events]
    values = [event.values[0] for event in score.events]
    assert (places[0], places[-1], values[0], values[-1]) == (RATE_HZ, 3 * RATE_HZ, -1.0, 1.0)
    assert max(b - a for a, b in pairwise(places)) <= 0.004 * RATE_HZ
    for place, value in zip(places, values, strict=True):
        assert value == pytest.approx(place / RATE_HZ - 2, abs=1e-3)


def test_a_pattern_in_a_score_turns_all_its_knobs(tmp_path):
    assert [event.address for event in read_yaml(tmp_path, "- [0, '/latent/{0,2}', 0.5]").events] == [
        "/latent/0",
        "/latent/2",
    ]


def test_a_score_plays_voices(tmp_path):
    (tmp_path / "s.yaml").write_text("- [0, /voice/1/gate, 1]\n- [1, '/voice/*/pan', 0.5]")
    assert told(read_score(tmp_path / "s.yaml", RATE_HZ, NAMES, lambda _: (), voices=2)) == [
        (0, "/voice/1/gate", 1),
        (RATE_HZ, "/voice/0/pan", 0.5),
        (RATE_HZ, "/voice/1/pan", 0.5),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- [0, /latent/0, 0.5]\n- [1, /latent/9, 0.5]", "line 2: /latent/9: there is no knob 9 (0 to 3)"),
        ("- [0, /voice/1/gate, 1]", "line 1: /voice/1/gate: there is no voice 1 (0 to 0); --voices sets how many"),
        ("- [0, /latent/0, 5]", "line 1: /latent/0: value must be -4 to 4, got 5"),
        ("- [0, /latnt/0, 0.5]", "line 1: /latnt/0: unknown address (did you mean /latent/0?)"),
        ("- [0, /quit]", "line 1: /quit: is for a running server, not for a score"),
        ("- [-1, /latent/0, 0.5]", "line 1: time -1 is not in 0 to 86400 s"),
        ("- [soon, /latent/0, 0.5]", "line 1: time: 'soon' is not a number"),
        ("- [.nan, /latent/0, 0.5]", "line 1: time: nan is not a number"),
        ("# all\n- {time: 0, adress: /latent/0, values: [1]}", "line 2: an entry is [time, address, value, …], {time,"),
        ("- {time: 0, address: /latent/0, values: [1], vol: 3}", "line 1: an entry is"),
        ("- {from_s: 2, to_s: 2, address: /latent/0, from: 0, to: 1}", "line 1: to_s: 2 is not after from_s"),
        ("- {from_s: 2, to_s: 3, address: /latent/0, from: low, to: 1}", "line 1: from: 'low' is not a number"),
        ("- 3", "line 1: an entry is"),
        ("seconds: x\nevents: [[0, /panic]]", "seconds: time: 'x' is not a number"),
        ("seconds: 0\nevents: [[0, /panic]]", "seconds: the score lasts 0 s; it must last longer than 0 s"),
        ("second: 3\nevents: []", "a score is a list of"),
        ("hello", "a score is a list of"),
        ("", "a score is a list of"),
        ("[]", "the score is empty"),
        ("- [0, /latent/0\n- x", "not YAML"),
        ("\0", "not YAML"),
    ],
)
def test_a_mistake_in_a_yaml_score_names_file_line_and_problem(tmp_path, text, problem):
    with pytest.raises(LatentoneError) as caught:
        read_yaml(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 's.yaml'}: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def nrt(*bundles: tuple) -> bytes:
    """What SuperCollider's Score.write makes of [[time, [address, value …] …] …]."""
    content = b""
    for time_s, *messages in bundles:
        packed = [write_message(address, values) for address, *values in messages]
        body = b"#bundle\0" + struct.pack(">Q", int(time_s * 2**32))
        body += b"".join(struct.pack(">i", len(message)) + message for message in packed)
        content += struct.pack(">i", len(body)) + body
    return content


def test_a_supercollider_score_counts_from_zero_and_ends_with_its_last_bundle(tmp_path):
    (tmp_path / "s.osc").write_bytes(
        nrt((0.0, ["/latent/0", 0.5]), (1.25, ["/latent", 1, 0.25], ["/gain_db", -3]), (4.0, ["/c_set", 0, 0]))
    )
    score = read(tmp_path / "s.osc")
    assert told(score) == [(0, "/latent/0", 0.5), (20000, "/latent", 1.0, 0.25), (20000, "/gain_db", -3.0)]
    assert score.seconds == 4.0


def test_a_supercollider_score_without_an_end_lasts_a_second_longer(tmp_path):
    (tmp_path / "s.osc").write_bytes(nrt((2.0, ["/latent/0", 0.5])))
    assert read(tmp_path / "s.osc").seconds == 3.0


def int32(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}i", *numbers)


# [0.0, ["/g_new", 1, 0, 0]] is what Score.new puts first; [2.5, [0]] is how recordNRT ends: an address that is a number.
G_NEW = b"/g_new\0\0" + b",iii\0\0\0\0" + int32(1, 0, 0)
KNOB_0 = b"/latent/0\0\0\0" + b",f\0\0" + struct.pack(">f", 0.5)
DUMMY = int32(0) + b",\0\0\0"


def written_by_sclang(*bundles: tuple[float, bytes]) -> bytes:
    """Score.write: a size, then `#bundle`, seconds and fraction since the beginning, the size of a message, it."""
    content = b""
    for time_s, message in bundles:
        body = b"#bundle\0" + int32(int(time_s), int(time_s % 1 * 2**31) * 2 - (2**32 if time_s % 1 >= 0.5 else 0))
        body += int32(len(message)) + message
        content += int32(len(body)) + body
    return content


def test_a_score_just_as_sclang_writes_it_is_read(tmp_path):
    (tmp_path / "s.osc").write_bytes(written_by_sclang((0.0, G_NEW), (1.25, KNOB_0), (2.5, DUMMY)))
    score = read(tmp_path / "s.osc")
    assert told(score) == [(20000, "/latent/0", 0.5)]
    assert score.seconds == 2.5


def test_the_group_that_sclang_begins_with_is_not_the_end(tmp_path):
    (tmp_path / "s.osc").write_bytes(written_by_sclang((0.0, G_NEW), (0.0, KNOB_0)))
    assert read(tmp_path / "s.osc").seconds == 1.0


@pytest.mark.parametrize("time_s", [0.0, 2.5])
def test_a_score_for_scsynth_alone_is_empty(tmp_path, time_s):
    (tmp_path / "s.osc").write_bytes(written_by_sclang((0.0, G_NEW), (time_s, DUMMY)))
    with pytest.raises(LatentoneError, match="the score is empty"):
        read(tmp_path / "s.osc")


@pytest.mark.parametrize("cut", [1, 7, 30])
def test_a_supercollider_score_that_is_cut_off_says_so(tmp_path, cut):
    (tmp_path / "s.osc").write_bytes(nrt((0.0, ["/latent/0", 0.5]), (1.0, ["/latent/0", 0.5]))[:-cut])
    with pytest.raises(LatentoneError, match=r"bundle 2: its size is .* the file is cut off or damaged"):
        read(tmp_path / "s.osc")


def test_a_mistake_in_a_supercollider_score_names_the_bundle(tmp_path):
    (tmp_path / "s.osc").write_bytes(nrt((0.0, ["/latent/0", 0.5]), (1.0, ["/s_new", "default"])))
    with pytest.raises(LatentoneError, match="bundle 2: /s_new: unknown address"):
        read(tmp_path / "s.osc")


def write_midi(path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    tempo = mido.MidiTrack(
        [mido.MetaMessage("set_tempo", tempo=500_000), mido.MetaMessage("set_tempo", tempo=1_000_000, time=480)]
    )
    knobs = mido.MidiTrack(
        [
            mido.Message("control_change", control=21, value=127, time=240),
            mido.Message("note_on", note=60, time=0),
            mido.Message("control_change", control=21, value=0, time=720),
        ]
    )
    file.tracks += [tempo, knobs]
    file.save(path)


def test_a_midi_file_plays_through_the_bindings_in_its_own_tempo(tmp_path):
    write_midi(tmp_path / "s.mid")
    score = read(tmp_path / "s.mid")
    # 240 ticks at 120 beats a minute are 0.25 s; of the next 720, 240 go at 120 and 480 at 60.
    assert told(score) == [
        (0, "/tempo_bpm", 120.0),
        (4000, "/latent/1", 1.0),
        (4000, "/voice/0/gate", 64 / 127),
        (8000, "/tempo_bpm", 60.0),
        (24000, "/latent/1", -1.0),
    ]
    assert score.seconds == pytest.approx(2.5)


def test_a_midi_file_that_moves_nothing_says_where_to_bind(tmp_path):
    mido.MidiFile(tracks=[mido.MidiTrack([mido.Message("pitchwheel")])]).save(tmp_path / "s.mid")
    with pytest.raises(LatentoneError, match=r"nothing in this MIDI file moves anything; see mapping\.midi"):
        read(tmp_path / "s.mid")


@pytest.mark.parametrize("keep", [6, 20, 45])
def test_a_midi_file_that_is_cut_off_says_so(tmp_path, keep):
    write_midi(tmp_path / "s.mid")
    (tmp_path / "s.mid").write_bytes((tmp_path / "s.mid").read_bytes()[:keep])
    with pytest.raises(LatentoneError, match=r"s\.mid: (damaged|nothing)"):
        read(tmp_path / "s.mid")


def test_another_kind_of_file_is_told_what_a_score_is(tmp_path):
    (tmp_path / "s.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(LatentoneError, match=r"s\.wav: not a score: neither YAML .* nor a MIDI file"):
        read(tmp_path / "s.wav")
    with pytest.raises(LatentoneError, match="cannot be read: No such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(LatentoneError, match="cannot be read: Is a directory"):
        read(tmp_path)
