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


def test_what_is_written_is_read_by_python_osc_and_by_us():
    packet = write_message("/x", ["grün", -7, 0.5, 2**40])
    assert OscMessage(packet).params == ["grün", -7, 0.5, 2**31 - 1], "64-bit integers never leave"
    [(tag, address, arguments)] = read_packet(packet)
    assert (tag, address, arguments) == (IMMEDIATELY, "/x", ["grün", -7, 0.5, 2**31 - 1])


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
