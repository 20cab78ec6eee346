"""OSC packets: what is written can be read, and what is no packet is refused, without hanging."""

import random

import pytest
from latentone.server.packets import (
    IMMEDIATELY,
    PacketError,
    matches,
    read_packet,
    seconds,
    split_bundle,
    write_message,
)
from osc_peer import bundle, malformed, message, time_tag
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder


def test_what_is_written_is_read_by_python_osc_and_by_us():
    packet = write_message("/x", ["grün", -7, 0.5, 2**40])
    assert OscMessage(packet).params == ["grün", -7, 0.5, 2**31 - 1], "64-bit integers never leave"
    [(tag, address, arguments)] = read_packet(packet)
    assert (tag, address, arguments) == (IMMEDIATELY, "/x", ["grün", -7, 0.5, 2**31 - 1])


def test_messages_are_read_as_python_osc_reads_them():
    source = random.Random(3)
    kinds = {
        "i": lambda: source.randrange(-(2**31), 2**31),
        "f": lambda: source.randrange(-4096, 4096) / 256,
        "h": lambda: source.randrange(-(2**63), 2**63),
        "d": source.random,
        "s": lambda: "grün"[: source.randrange(5)] * source.randrange(4),
        "b": lambda: source.randbytes(source.randrange(1, 9)),
        "r": lambda: source.getrandbits(32),
        "T": lambda: True,
        "F": lambda: False,
        "N": lambda: None,
    }
    for _ in range(2000):
        builder = OscMessageBuilder("/" + "x" * source.randrange(9))
        for _ in range(source.randrange(9)):
            tag = source.choice(list(kinds))
            builder.add_arg(kinds[tag](), tag)
        packet = builder.build().dgram
        [(_, address, arguments)] = read_packet(packet)
        assert (address, arguments) == (OscMessage(packet).address, OscMessage(packet).params)


def test_arrays_are_read_however_they_are_nested():
    packet = b"/a\0\0,[i[s]T]f\0\0\0" + b"\0\0\0\7" + b"xy\0\0" + b"\x3f\0\0\0"
    assert read_packet(packet)[0].arguments == [[7, ["xy"], True], 0.5]


@pytest.mark.parametrize(
    "packet",
    [
        b"/a\0\0,f\0\0",
        b"/a\0\0,ff\0\x3f\0\0\0",
        b"/a\0\0,f\0\0\x3f\0\0\0\0\0\0\0",
        b"/a\0\0,s\0\0abcd",
        b"/a\0\0,b\0\0\0\0\0\5abcd",
        b"/a\0\0,b\0\0\xff\xff\xff\xff",
        b"/a\0\0f\0\0\0\x3f\0\0\0",
        b"/a\0\0,[i\0\0\0\0\1",
        b"/a\0\0,i]\0\0\0\0\1",
        b"/abc",
        b"",
    ],
)
def test_what_is_cut_off_or_left_over_is_refused(packet):
    """A knob must not jump to 0 because the end of a packet was lost."""
    with pytest.raises(PacketError):
        read_packet(packet)


def test_a_press_without_a_value_counts_as_one():
    assert read_packet(b"/a\0\0,I\0\0")[0].arguments == [True]


def test_a_bundle_gives_its_messages_in_order_with_their_times():
    outer, inner = time_tag(2_000_000_000), time_tag(2_000_000_001)
    packet = bundle(outer, message("/a"), bundle(inner, message("/b"), message("/c", 1)), bundle(1, message("/d")))
    assert [(m.address, m.time_tag) for m in read_packet(packet)] == [
        ("/a", outer),
        ("/b", inner),
        ("/c", inner),
        ("/d", outer),
    ]
    assert split_bundle(packet)[0] == outer
    assert seconds(inner) - seconds(outer) == 1.0


def test_a_message_of_an_old_sender_without_type_tags_is_one():
    assert read_packet(b"/panic\0\0") == [(IMMEDIATELY, "/panic", [])]


def test_one_malformed_element_refuses_the_whole_bundle():
    """Half of a gesture is worse than none."""
    with pytest.raises(PacketError):
        read_packet(bundle(1, message("/latent/0", 0.5), b"/latent/1\0\0\0,f\xff\0"))


def test_five_thousand_malformed_packets_raise_packet_error_and_nothing_else():
    source = random.Random(11)
    for _ in range(5_000):
        with pytest.raises(PacketError):
            read_packet(malformed(source))


@pytest.mark.parametrize(
    ("pattern", "address", "named"),
    [
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a/?", "/a/", False),
        ("/a/[a-c]x", "/a/bx", True),
        ("/a/[!a-c]x", "/a/bx", False),
        ("/a/[-z]", "/a/-", True),
        ("/{ab,a}b", "/ab", True),
        ("/{ab,a}b", "/abb", True),
        ("/{ab,a}b", "/b", False),
        ("/a.b", "/axb", False),
        ("*", "/a", False),
        ("/**a*", "/bab", True),
        ("/[", "/[", True),
    ],
)
def test_patterns_mean_what_osc_says(pattern, address, named):
    assert matches(pattern, address) is named
