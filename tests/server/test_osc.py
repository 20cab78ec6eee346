"""OSC over UDP: what a program sends becomes events, with their times, and whoever may not send is told so."""

import shutil
import subprocess
import time

import pytest
from desk_rig import RATE_HZ, DeskRig, until
from latentone.export.errors import LatentoneError
from latentone.server.allowed import LOCAL, LOOPBACK, Allowed, allowed_by_default
from latentone.server.controllers.osc import OscController
from latentone.server.events import ControlEvent
from osc_peer import DEADLINE_S, Client, bundle, message, time_tag
from pythonosc.osc_message import OscMessage


def test_a_message_becomes_an_event_that_says_where_it_came_from(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(message("/latent/brightness", 0.5))
        [event] = live.events(1)
        assert event == ControlEvent("/latent/1", (0.5,), None, f"osc 127.0.0.1:{live.client.port}")


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="liblo's oscsend is not installed (Debian: liblo-tools)")
def test_a_shell_can_play_it_with_oscsend(tmp_path):
    with DeskRig(tmp_path) as live:
        for kind, value in (("f", "0.25"), ("i", "1"), ("d", "0.5"), ("s", "0.75"), ("T", None)):
            command = ["oscsend", "127.0.0.1", str(live.osc.port), "/latent/0", kind]
            subprocess.run(command + ([value] if value else []), check=True, timeout=DEADLINE_S)
        assert [event.values for event in live.events(5)] == [(0.25,), (1.0,), (0.5,), (0.75,), (1.0,)]


def test_a_pattern_reaches_several_voices(tmp_path):
    with DeskRig(tmp_path, voices=3) as live:
        live.client.send(message("/voice/*/gate", 1))
        assert [event.address for event in live.events(3)] == [f"/voice/{voice}/gate" for voice in range(3)]
        assert live.client.ask("//gate", 1)[:2] == ("/fail", "//gate"), "OSC 1.0 has no such pattern"


def test_messages_of_a_bundle_keep_their_order(tmp_path):
    with DeskRig(tmp_path) as live:
        elements = [message("/latent/0", value / 100) for value in range(100)]
        live.client.send(bundle(1, *elements[:50], bundle(1, *elements[50:])))
        assert [event.values[0] for event in live.events(100)] == pytest.approx([v / 100 for v in range(100)])


def test_a_time_tag_names_the_sample(tmp_path):
    with DeskRig(tmp_path) as live:
        when_s = time.time() + 0.3
        later = bundle(time_tag(when_s + 0.1), message("/latent/1", 2))
        live.client.send(bundle(time_tag(when_s), message("/latent/0", 1), later, bundle(1, message("/latent/2", 3))))
        by_address = {event.address: event.at_sample for event in live.events(3)}
        assert by_address["/latent/0"] == pytest.approx(when_s * RATE_HZ, abs=1)
        assert by_address["/latent/1"] == pytest.approx((when_s + 0.1) * RATE_HZ, abs=1)
        assert by_address["/latent/2"] == by_address["/latent/0"], "a bundle is not earlier than the one around it"


def test_immediately_is_with_the_next_block(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(bundle(1, message("/latent/0", 1)))
        assert live.events(1)[0].at_sample is None
        assert live.client.ask("/status")[9] == 1, "which is not late"


def test_a_late_bundle_takes_effect_at_once_and_is_counted_once(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(bundle(time_tag(time.time() - 5), *[message("/latent/0", 1)] * 5))
        assert {event.at_sample for event in live.events(5)} == {None}
        assert live.client.ask("/status")[9] == 1 + 1


def test_a_bundle_stays_together_while_the_clock_goes_on(tmp_path):
    """A chord of knobs must not be spread over two frames, nor part of it come now and the rest later."""
    with DeskRig(tmp_path) as live:
        live.client.send(
            bundle(time_tag(time.time() + 0.3), *[message("/latent/0", value / 50) for value in range(50)])
        )
        assert len({event.at_sample for event in live.events(50)}) == 1
        assert len(live.engine.conversions) == 1


def test_bundles_in_a_bundle_are_queued_as_a_whole_or_not_at_all(tmp_path):
    """Half of a gesture is worse than none."""
    with DeskRig(tmp_path, queue_limit=3) as live:
        when_s = time.time() + 0.3
        inner = bundle(time_tag(when_s + 0.1), message("/latent/2", 1), message("/latent/3", 1))
        live.client.send(bundle(time_tag(when_s), message("/latent/0", 1), message("/latent/1", 1), inner))
        assert live.client.hear()[0] == "/fail"
        assert live.queue.take() is None
        assert live.client.ask("/status")[8] == 4


def test_what_is_answered_at_once_is_refused_in_a_bundle_to_come(tmp_path):
    with DeskRig(tmp_path) as live:
        for address, *values in (["/preset/store", "x"], ["/sync", 1], ["/quit"]):
            live.client.send(bundle(time_tag(time.time() + 60), message(address, *values)))
            assert live.client.hear() == ("/fail", address, "acts at once only: send it without a time to come")
        assert live.client.ask("/preset/list") == ("/preset/list.reply",)
        live.client.send(bundle(time_tag(time.time() - 1), message("/sync", 2)))
        assert live.client.hear() == ("/synced", 2), "a time that is past means at once"
        assert not live.ended


def test_status_has_a_fixed_order_and_no_64_bit_integers(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(message("/status"))
        raw = live.client.socket.recv(65535)
        assert b",siifffiiiiii\0" in raw
        assert OscMessage(raw).params == ["voice", 4, 3, 0.5, 0.75, 62.5, RATE_HZ, 0, 1, 0, 1, 0]


def test_a_mistake_is_answered_with_the_address_and_why(tmp_path):
    with DeskRig(tmp_path) as live:
        assert live.client.ask("/latent/0", 9.0) == ("/fail", "/latent/0", "value must be -4 to 4, got 9")
        assert live.client.ask("/latent/0", float("nan"))[0] == "/fail"
        for wrong, meant in {
            "/gain": "/gain_db",
            "/preset/restore": "/preset/store",
            "/models/load": "/model/load",
        }.items():
            assert live.client.ask(wrong, 9.0) == ("/fail", wrong, f"unknown address (did you mean {meant}?)")
        assert live.queue.take() is None


def test_a_mistake_in_a_bundle_does_not_hold_up_the_rest(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(bundle(1, message("/latent/0", 9.0), message("/latent/1", 0.5)))
        assert live.client.hear()[:2] == ("/fail", "/latent/0")
        assert live.events(1)[0].address == "/latent/1"


def test_a_full_queue_is_told_to_the_sender(tmp_path):
    with DeskRig(tmp_path, queue_limit=1) as live:
        live.client.send(message("/latent/0", 0.5))
        assert live.client.ask("/latent/0", 0.5)[0] == "/fail"
        assert live.client.ask("/status")[8] == 1


def test_a_pattern_that_does_not_fit_into_the_queue_turns_nothing(tmp_path):
    """/fail means that nothing happened; half of a chord would be neither."""
    with DeskRig(tmp_path, queue_limit=3) as live:
        assert live.client.ask("/latent/*", 0.5)[0] == "/fail"
        assert live.queue.take() is None
        assert live.client.ask("/status")[8] == 4
        live.client.send(message("/latent/[0-2]", 0.5))
        assert len(live.events(3)) == 3


def test_replies_go_to_the_reply_port_when_there_is_one(tmp_path):
    with Client(0) as listener, DeskRig(tmp_path, reply_port=listener.port) as live:
        live.client.send(message("/sync", 5))
        assert listener.hear() == ("/synced", 5)


def test_a_reply_is_not_answered(tmp_path):
    """Two servers that were pointed at each other by mistake must not shout /fail for ever."""
    with DeskRig(tmp_path) as live:
        for address in ("/fail", "/done", "/synced", "/status.reply", "/late", "/map/learned", "/nodes.reply"):
            live.client.send(message(address, "x"))
        assert live.client.ask("/version")[0] == "/version.reply"


def test_a_busy_port_is_one_line_that_says_what_to_do(tmp_path):
    with DeskRig(tmp_path) as live:
        with pytest.raises(LatentoneError) as caught, OscController("127.0.0.1", live.osc.port, live.desk):
            pass
        assert str(caught.value) == (
            f"osc: 127.0.0.1:{live.osc.port} is in use by another program; "
            "choose another with --osc-port or osc.port in the config"
        )


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host"])
def test_a_host_that_is_not_this_machine_is_one_line(tmp_path, host):
    desk = DeskRig(tmp_path).desk
    with pytest.raises(LatentoneError, match=r"^osc: [^\n]*osc\.host"), OscController(host, 0, desk):
        pass


def test_who_is_not_allowed_is_told_once_and_counted_and_turns_nothing(tmp_path, caplog):
    with DeskRig(tmp_path, allowed=Allowed(["192.168.7.0/24"])) as live:
        for _ in range(50):
            live.client.send(message("/latent/0", 0.5))
        assert live.client.hear() == (
            "/fail",
            "",
            "127.0.0.1 is not allowed to send here; osc.allow of the server's settings says who is",
        )
        with OscController("127.0.0.1", 0, live.desk) as open_to_us, Client(open_to_us.port) as client:
            until(lambda: client.ask("/status")[-1] == 50)
        assert live.queue.take() is None
        assert caplog.text.count("osc.allow") == 1, "a flood does not fill the screen"


@pytest.mark.parametrize(
    ("networks", "host", "inside"),
    [
        (LOOPBACK, "127.0.0.1", True),
        (LOOPBACK, "::1", True),
        (LOOPBACK, "192.168.1.5", False),
        (LOCAL, "192.168.1.5", True),
        (LOCAL, "::ffff:192.168.1.5", True),
        (LOCAL, "fe80::1%eth0", True),
        (LOCAL, "203.0.113.9", False),
        (["203.0.113.9"], "203.0.113.9", True),
        (["10.1.2.3/8"], "10.200.0.1", True),
        (["10.0.0.0/8"], "::1", False),
    ],
)
def test_an_address_is_inside_a_network_or_not(networks, host, inside):
    allowed = Allowed(networks)
    assert (host in allowed, host in allowed) == (inside, inside)


@pytest.mark.parametrize(
    ("host", "who"), [("127.0.0.1", LOOPBACK), ("localhost", LOOPBACK), ("0.0.0.0", LOCAL), ("::", LOCAL)]
)
def test_only_a_port_that_is_open_to_the_network_lets_others_in(host, who):
    assert allowed_by_default(host) == who
