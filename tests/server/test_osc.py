"""The OSC port, spoken to over real sockets: what is sent arrives, what is asked is answered, nothing stops it."""

import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from latentone.export.errors import LatentoneError
from latentone.server.addresses import TABLE, StatusReply
from latentone.server.controllers.osc import OscController, ServerActions
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.presets import Presets
from osc_peer import DEADLINE_S, Client, bundle, malformed, message, time_tag
from pythonosc.osc_message import OscMessage

NAMES = ["loudness", "brightness", "pitch", "noisiness"]
RATE_HZ = 16000


@pytest.fixture
def play(tmp_path) -> Iterator[Callable[..., SimpleNamespace]]:
    """Opens a controller with everything around it; closes all at the end."""
    opened: list[OscController] = []
    clients: list[Client] = []
    engines: list[threading.Thread] = []
    closing = threading.Event()

    def play(reply_port: int | None = None, queue_limit: int = 4096, block_s: float | None = None) -> SimpleNamespace:
        """With `block_s` something takes from the queue as the engine does, so often, and keeps it in `taken`."""
        queue = EventQueue(queue_limit)
        taken: list[ControlEvent] = []
        if block_s is not None:
            engine = threading.Thread(target=take_in, args=(queue, taken, block_s, closing))
            engine.start()
            engines.append(engine)
        asked_to_quit: list[bool] = []
        actions = ServerActions(
            status=lambda: StatusReply("voice", 4, 3, 0.5, 0.75, 62.5, RATE_HZ, queue.dropped, 1),
            targets=lambda: [float(taken[-1].values[0]) if taken else 0.1, 0.2, 0.3, 0.4],
            sample_at=lambda unix_time_s: round(unix_time_s * RATE_HZ),
            quit=lambda: asked_to_quit.append(True),
            presets=Presets(tmp_path / "presets.yaml"),
        )
        controller = OscController("127.0.0.1", 0, reply_port, queue, NAMES, actions)
        opened.append(controller.__enter__())
        clients.append(Client(controller.port))
        return SimpleNamespace(
            osc=controller, client=clients[-1], queue=queue, taken=taken, asked_to_quit=asked_to_quit
        )

    yield play
    for controller in opened:
        controller.__exit__()
    for client in clients:
        client.socket.close()
    closing.set()
    for engine in engines:
        engine.join()


def take_in(queue: EventQueue, taken: list[ControlEvent], block_s: float, closing: threading.Event) -> None:
    while not closing.wait(block_s):
        while (event := queue.take()) is not None:
            time.sleep(0.01)  # between taking and applying
            taken.append(event)


def events(queue: EventQueue, count: int) -> list[ControlEvent]:
    """The next `count` events of `queue`; fails when they do not come."""
    taken: list[ControlEvent] = []
    deadline = time.monotonic() + DEADLINE_S
    while len(taken) < count:
        event = queue.take()
        if event is not None:
            taken.append(event)
        else:
            assert time.monotonic() < deadline, f"only {taken} came"
            time.sleep(0.002)
    return taken


def test_a_message_becomes_an_event_that_says_where_it_came_from(play):
    live = play()
    live.client.send(message("/latent/brightness", 0.5))
    [event] = events(live.queue, 1)
    assert event == ControlEvent("/latent/1", (0.5,), None, f"osc 127.0.0.1:{live.client.port}")


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="liblo's oscsend is not installed (Debian: liblo-tools)")
def test_a_shell_can_play_it_with_oscsend(play):
    live = play()
    for kind, value in (("f", "0.25"), ("i", "1"), ("d", "0.5"), ("s", "0.75"), ("T", None)):
        command = ["oscsend", "127.0.0.1", str(live.osc.port), "/latent/0", kind]
        subprocess.run(command + ([value] if value else []), check=True, timeout=DEADLINE_S)
    assert [event.values for event in events(live.queue, 5)] == [(0.25,), (1.0,), (0.5,), (0.75,), (1.0,)]


def test_messages_of_a_bundle_keep_their_order(play):
    live = play()
    elements = [message("/latent/0", value / 100) for value in range(100)]
    live.client.send(bundle(1, *elements[:50], bundle(1, *elements[50:])))
    assert [event.values[0] for event in events(live.queue, 100)] == pytest.approx([v / 100 for v in range(100)])


def test_a_time_tag_names_the_sample(play):
    live = play()
    when_s = time.time() + 60
    later = bundle(time_tag(when_s + 1), message("/latent/1", 2))
    live.client.send(bundle(time_tag(when_s), message("/latent/0", 1), later, bundle(1, message("/latent/2", 3))))
    first, second, inner = events(live.queue, 3)
    assert first.at_sample == pytest.approx(when_s * RATE_HZ, abs=1)
    assert second.at_sample == pytest.approx((when_s + 1) * RATE_HZ, abs=1)
    assert inner.at_sample == first.at_sample, "a bundle is not earlier than the one around it"


def test_a_late_bundle_takes_effect_at_once_and_is_counted(play):
    live = play()
    live.client.send(bundle(time_tag(time.time() - 5), message("/latent/0", 1)))
    assert events(live.queue, 1)[0].at_sample is None
    assert live.client.ask("/status")[-3:-1] == (1 + 1, 0)


def test_status_has_a_fixed_order_and_no_64_bit_integers(play):
    live = play()
    live.client.send(message("/status"))
    raw = live.client.socket.recv(65535)
    assert b",siifffiiiii\0" in raw
    assert OscMessage(raw).params == ["voice", 4, 3, 0.5, 0.75, 62.5, RATE_HZ, 0, 1, 0, 1]


def test_a_late_bundle_is_one_however_much_is_in_it(play):
    live = play()
    live.client.send(bundle(time_tag(time.time() - 5), *[message("/latent/0", 1)] * 5))
    assert {event.at_sample for event in events(live.queue, 5)} == {None}
    assert live.osc.late == 1


def test_a_bundle_stays_together_while_the_clock_goes_on(play, monkeypatch):
    """A chord of knobs must not be spread over two frames, nor part of it come now and the rest later."""
    live = play()
    drift = iter(range(1000))
    monkeypatch.setattr(
        live.osc, "_server", replace(live.osc._server, sample_at=lambda at_s: round(at_s * RATE_HZ) + 500 * next(drift))
    )
    live.client.send(bundle(time_tag(time.time() + 60), *[message("/latent/0", value / 50) for value in range(50)]))
    assert len({event.at_sample for event in events(live.queue, 50)}) == 1


def test_what_is_answered_at_once_is_refused_in_a_bundle_to_come(play):
    live = play()
    for address, *values in (["/preset/store", "x"], ["/sync", 1], ["/quit"]):
        live.client.send(bundle(time_tag(time.time() + 60), message(address, *values)))
        assert live.client.hear() == ("/fail", address, "acts at once only: send it without a time to come")
    assert live.client.ask("/preset/list") == ("/preset/list.reply",)
    live.client.send(bundle(time_tag(time.time() - 1), message("/sync", 2)))
    assert live.client.hear() == ("/synced", 2), "a time that is past means at once"
    assert not live.asked_to_quit


def test_sync_answers_after_what_came_before_was_taken_in(play):
    live = play(block_s=0.1)
    live.client.send(message("/latent/0", 0.5))
    assert live.client.ask("/sync", 77) == ("/synced", 77)
    assert [event.values for event in live.taken] == [(0.5,)]


def test_a_preset_keeps_what_was_sent_before_it_in_the_same_bundle(play):
    live = play(block_s=0.1)
    live.client.send(bundle(1, message("/latent/0", 0.75), message("/preset/store", "a")))
    assert live.client.hear() == ("/done", "/preset/store")
    assert live.osc._server.presets.recall("a")[0] == 0.75


def test_an_engine_that_takes_nothing_in_is_told_after_a_while(play):
    live = play()
    live.client.send(message("/latent/0", 0.5))
    assert live.client.ask("/sync", 77)[:2] == ("/fail", "/sync")
    assert live.client.ask("/preset/store", "a")[:2] == ("/fail", "/preset/store")
    assert live.client.ask("/preset/list") == ("/preset/list.reply",), "nothing wrong was stored"


def test_a_mistake_is_answered_with_the_address_and_why(play):
    live = play()
    assert live.client.ask("/latent/0", 9.0) == ("/fail", "/latent/0", "value must be -4 to 4, got 9")
    assert live.client.ask("/gain", 9.0)[:2] == ("/fail", "/gain")
    assert live.client.ask("/latent/0", float("nan"))[0] == "/fail"
    assert live.queue.take() is None


def test_a_mistake_in_a_bundle_does_not_hold_up_the_rest(play):
    live = play()
    live.client.send(bundle(1, message("/latent/0", 9.0), message("/latent/1", 0.5)))
    assert live.client.hear()[:2] == ("/fail", "/latent/0")
    assert events(live.queue, 1)[0].address == "/latent/1"


def test_a_full_queue_is_told_to_the_sender(play):
    live = play(queue_limit=1)
    live.client.send(message("/latent/0", 0.5))
    assert live.client.ask("/latent/0", 0.5)[0] == "/fail"
    assert live.client.ask("/status")[8] == 1


def test_a_pattern_that_does_not_fit_into_the_queue_turns_nothing(play):
    """/fail means that nothing happened; half of a chord would be neither."""
    live = play(queue_limit=3)
    assert live.client.ask("/latent/*", 0.5)[0] == "/fail"
    assert live.queue.take() is None
    assert live.client.ask("/status")[8] == 4
    live.client.send(message("/latent/[0-2]", 0.5))
    assert len(events(live.queue, 3)) == 3


def test_presets_are_stored_recalled_listed_and_deleted(play):
    live = play()
    assert live.client.ask("/preset/store", "soft") == ("/done", "/preset/store")
    assert live.client.ask("/preset/list") == ("/preset/list.reply", "soft")
    assert live.client.ask("/preset/recall", "soft") == ("/done", "/preset/recall")
    assert live.client.ask("/preset/recall", "soft", 2) == ("/done", "/preset/recall")
    at_once, slowly = events(live.queue, 2)
    assert (at_once.address, at_once.values) == ("/latent", (0.1, 0.2, 0.3, 0.4))
    assert (slowly.address, slowly.values) == ("/glide_to", (2.0, 0.1, 0.2, 0.3, 0.4))
    assert live.client.ask("/preset/delete", "soft") == ("/done", "/preset/delete")
    assert live.client.ask("/preset/recall", "soft")[:2] == ("/fail", "/preset/recall")


def test_a_preset_in_a_timed_bundle_comes_at_its_time(play):
    live = play()
    live.client.ask("/preset/store", "soft")
    when_s = time.time() + 60
    live.client.send(bundle(time_tag(when_s), message("/preset/recall", "soft")))
    assert events(live.queue, 1)[0].at_sample == pytest.approx(when_s * RATE_HZ, abs=1)


def test_a_preset_of_a_larger_model_is_refused(play, tmp_path):
    live = play()
    (tmp_path / "presets.yaml").write_text("big: [0, 0, 0, 0, 0]\nfar: [9]\n", encoding="utf-8")
    for name in ("big", "far"):
        address, _, why = live.client.ask("/preset/recall", name)
        assert address == "/fail"
        assert f"preset '{name}' does not fit this model" in why


def test_help_explains_everything_or_one_address(play):
    live = play()
    live.client.send(message("/help"))
    heard = [live.client.hear() for _ in range(len(TABLE) + 1)]
    assert [reply[1] for reply in heard[:-1]] == [row.usage() for row in TABLE]
    assert heard[-1] == ("/done", "/help")
    assert live.client.ask("/help", "/latent/0")[1] == "/latent/<knob> value (-4 to 4)"
    assert live.client.hear() == ("/done", "/help")
    assert "did you mean /gain_db" in live.client.ask("/help", "/gain")[2]


def test_every_question_of_the_table_is_answered(play):
    live = play(block_s=0.01)
    arguments = {"/preset/store": ["x"], "/preset/recall": ["x"], "/preset/delete": ["x"], "/sync": [1]}
    for row in [row for row in TABLE if row.answered_by == "server"]:
        reply = live.client.ask(row.pattern, *arguments.get(row.pattern, []))
        assert reply[0] == row.reply.split()[0], row.pattern
        if row.pattern == "/help":
            while reply != ("/done", "/help"):
                reply = live.client.hear()
    live.client.ask("/sync", 1)  # the reply to /quit goes out before the server is told to end
    assert live.asked_to_quit == [True]


def test_replies_go_to_the_reply_port_when_there_is_one(play):
    listener = Client(0)
    live = play(reply_port=listener.port)
    live.client.send(message("/sync", 5))
    assert listener.hear() == ("/synced", 5)
    listener.socket.close()


def test_a_reply_is_not_answered(play):
    """Two servers that were pointed at each other by mistake must not shout /fail for ever."""
    live = play()
    for address in ("/fail", "/done", "/synced", "/status.reply"):
        live.client.send(message(address, "x"))
    assert live.client.ask("/sync", 1) == ("/synced", 1)


def test_a_busy_port_is_one_line_that_says_what_to_do(play):
    live = play()
    second = OscController("127.0.0.1", live.osc.port, None, live.queue, NAMES, live.osc._server)
    with pytest.raises(LatentoneError) as caught, second:
        pass
    assert str(caught.value) == (
        f"osc: 127.0.0.1:{live.osc.port} is in use by another program; "
        "choose another with --osc-port or osc.port in the config"
    )


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host"])
def test_a_host_that_is_not_this_machine_is_one_line(play, host):
    live = play()
    with (
        pytest.raises(LatentoneError, match=r"^osc: [^\n]*osc\.host"),
        OscController(host, 0, None, live.queue, NAMES, live.osc._server),
    ):
        pass


def test_a_fault_in_the_server_is_told_and_survived(play, monkeypatch):
    live = play()
    monkeypatch.setitem(live.osc._answers, "/version", lambda *_: 1 / 0)
    assert live.client.ask("/version")[:2] == ("/fail", "")
    assert live.client.ask("/sync", 1) == ("/synced", 1)


def test_two_thousand_malformed_packets_are_counted_and_change_nothing(play):
    live = play()
    source = random.Random(20240607)
    sent = 0
    while sent < 2000:
        for _ in range(20):
            live.client.send(malformed(source))
            sent += 1
        for _ in range(20):
            assert live.client.hear()[0] == "/fail"
    assert live.osc.malformed == sent
    assert live.queue.take() is None
    live.client.send(message("/latent/0", 0.5))
    assert events(live.queue, 1)[0].values == (0.5,)


def test_good_packets_with_bent_bytes_never_stop_it(play):
    """Some still are OSC and some are even obeyed; none may stop the thread or get past the table's ranges."""
    live = play(block_s=0.001)
    source = random.Random(7)
    good = bundle(1, message("/latent/0", 0.5), message("/gain_db", -6.0), message("/preset/recall", "x", 1.0))
    for number in range(1000):
        bent = bytearray(good)
        for _ in range(source.randrange(1, 6)):
            bent[source.randrange(len(bent))] = source.randrange(256)
        live.client.send(bytes(bent))
        if number % 20 == 19:
            live.client.send(message("/sync", number))
            while live.client.hear() != ("/synced", number):
                pass
    assert live.taken
    for event in live.taken:
        low, high = (-4, 4) if event.address.startswith("/latent") else (-90, 60)
        assert all(low <= float(value) <= high for value in event.values), event
