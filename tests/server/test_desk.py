"""The desk answers what is asked of the parts of an instrument, and never keeps anybody waiting for it."""

import threading
import time

import pytest
from desk_rig import RATE_HZ, DeskRig, until
from latentone.server.addresses import NOTICES, REPLIES, TABLE
from latentone.server.held import MOST_VALUES
from latentone.server.notices import MOST_LISTENERS
from osc_peer import Client, bundle, message, time_tag

ARGUMENTS = {
    "/preset/store": ["x"],
    "/preset/recall": ["x", 1.0],
    "/preset/slerp": ["x", 1.0],
    "/preset/path": [2.0, "x", "x"],
    "/preset/morph": [0.5, "x", "x"],
    "/preset/morph4": [0.5, 0.5, "x", "x", "x", "x"],
    "/preset/delete": ["x"],
    "/model/load": ["b"],
    "/model/attribute": ["gain", 0.5],
    "/input/gain_db": [6.0],
    "/map/learn": ["z3"],
    "/map/add": ["cc 20", "/latent/0"],
    "/map/remove": ["cc 20"],
    "/record/start": ["take"],
    "/source/<source>/rate": [2.0],
    "/source/<source>/loop": [1],
    "/source/<source>/seek": [2.5],
    "/source/<source>/index": [3],
    "/source/<source>/row": [0.5] * 64,
    "/source/<source>/frame": [0.5] * 70,
    "/source/<source>/dwell_s": [0.5],
    "/source/<source>/glide_s": [0.25],
    "/source/<source>/order": ["-label"],
    "/source/<source>/coupling": ["quantile"],
    "/sync": [7],
    "/notify": [0],
}
QUESTIONS = [row for row in TABLE if row.answered_by == "server"]


def ask_row(live: DeskRig, pattern: str) -> list[tuple]:
    """All that comes back for one row of the table; the status after it marks the end."""
    live.client.send(message(pattern.replace("<source>", "steps"), *ARGUMENTS.get(pattern, [])))
    live.client.send(message("/sync", 4711))
    heard = [live.client.hear()]
    while heard[-1] != ("/synced", 4711):
        heard.append(live.client.hear())
    return heard[:-1]


def test_every_question_of_the_table_is_answered_as_it_says(tmp_path):
    with DeskRig(tmp_path, block_s=0.002) as live:
        live.presets.store("x", [0.5, 0.5, 0.5, 0.5])
        learned = [("/map/learned", "/9/slider", "z3")]
        for row in QUESTIONS:
            heard = ask_row(live, row.pattern)
            if row.pattern == "/map/learn":
                assert heard == []
                live.client.send(message("/9/slider", 0.5))
                assert [live.client.hear()] == learned
            elif row.pattern == "/map/remove":
                assert heard == [("/fail", "/map/remove", "cc 20 moves nothing")], "as the part says"
            elif not row.reply:
                assert heard == [], row.pattern
            else:
                *replies, last = row.reply.split("; then ")
                assert heard[-1][0] == last.split()[0], row.pattern
                assert {reply[0] for reply in heard[:-1]} == {reply.split()[0] for reply in replies}, row.pattern
        assert live.ended == [True]


def test_an_attribute_comes_to_the_model_as_it_was_sent(tmp_path):
    with DeskRig(tmp_path) as live:
        for values in ([0.5], [3], ["warm"], [1, 0.25, "x"]):
            assert live.client.ask("/model/attribute", "gain", *values) == ("/done", "/model/attribute", "gain")
            assert live.models.attribute == ("gain", values)
        assert live.client.ask("/model/attribute", "gain")[0] == "/fail", "of nothing there is nothing to set"
        assert live.client.ask("/input/info")[:3] == ("/input/info.reply", "microphone", "a")
        live.client.send(message("/input/gain_db", 6.0))
        until(lambda: live.ear.gain_db == 6.0)


def test_a_server_without_its_parts_says_what_is_missing(tmp_path):
    with DeskRig(tmp_path, block_s=0.002, complete=False) as live:
        alone = {"/status", "/sync", "/notify", "/clearSched", "/version", "/help", "/quit"}
        for row in QUESTIONS:
            if row.pattern in alone:
                continue
            asked = row.pattern.replace("<source>", "steps")
            [(address, about, why)] = ask_row(live, row.pattern)
            part = {"preset": "presets", "model": "models", "map": "maps", "record": "recorder", "source": "sources"}
            part["input"] = "live input"
            assert (address, about, why) == ("/fail", asked, f"this server has no {part[asked.split('/')[1]]}")


def test_sync_answers_after_what_came_before_was_taken_in(tmp_path):
    with DeskRig(tmp_path, block_s=0.1) as live:
        live.client.send(message("/latent/0", 0.5))
        assert live.client.ask("/sync", 77) == ("/synced", 77)
        assert [event.values for event in live.engine.taken] == [(0.5,)]


def test_sync_waits_for_a_model_that_is_being_loaded_and_nobody_else_does(tmp_path):
    with DeskRig(tmp_path, block_s=0.002) as live:
        live.models.loading.clear()
        live.client.send(message("/model/load", "b"))
        live.client.send(message("/sync", 1))
        for number in range(100):
            live.client.send(message("/latent/0", number / 100))
        assert live.client.ask("/preset/list") == ("/preset/list.reply",)
        until(lambda: len(live.engine.taken) == 100)
        live.models.loading.set()
        assert live.client.hear() == ("/done", "/model/load", "b")
        assert live.client.hear() == ("/synced", 1)


def test_another_model_brings_its_knobs(tmp_path):
    with DeskRig(tmp_path, block_s=0.002) as live:
        assert live.client.ask("/latent/warmth", 0.5)[0] == "/fail"
        assert live.client.ask("/model/load", "nonsense") == (
            "/fail",
            "/model/load",
            "there is no model 'nonsense' (a, b)",
        )
        assert live.client.ask("/model/load", "b") == ("/done", "/model/load", "b")
        live.client.send(message("/latent/warmth", 0.5))
        until(lambda: live.engine.taken)
        assert live.engine.taken[-1].address == "/latent/0"
        assert live.client.ask("/latent/2", 0.5) == ("/fail", "/latent/2", "there is no knob 2 (0 to 1)")
        assert live.client.ask("/model/info") == ("/model/info.reply", "b", 16000, 2, 1, 2, "fused (numba)")


def test_a_preset_keeps_what_was_sent_before_it(tmp_path):
    """A script that sets and stores, and sets and stores again, gets what it set each time."""
    with DeskRig(tmp_path, block_s=0.05) as live:
        for number in range(5):
            live.client.send(message("/latent/0", number / 10))
            live.client.send(message("/preset/store", f"p{number}"))
        live.client.send(
            bundle(1, message("/latent/0", 0.75), message("/preset/store", "a"), message("/latent/0", 0.9))
        )
        for _ in range(6):
            assert live.client.hear() == ("/done", "/preset/store")
        assert [live.presets.recall(f"p{number}")[0] for number in range(5)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
        assert live.presets.recall("a")[0] == 0.75


def test_a_knob_turned_after_a_recall_is_turned_after_it(tmp_path):
    with DeskRig(tmp_path) as live:
        live.presets.store("soft", [0.1, 0.2, 0.3, 0.4])
        for number in range(20):
            live.client.send(message("/preset/recall", "soft"))
            live.client.send(message("/latent/0", number / 20))
        assert [event.address for event in live.events(40)] == ["/latent", "/latent/0"] * 20


def test_programs_of_another_host_do_not_wait_for_a_preset(tmp_path, monkeypatch):
    with DeskRig(tmp_path) as live:
        reading = threading.Event()
        monkeypatch.setattr(live.presets, "recall", lambda name: reading.wait(10) and [0.5] * 4)
        live.client.send(message("/preset/recall", "soft"))
        until(lambda: live.desk._turns._in_order.busy("osc 127.0.0.1"))

        class Said:
            address, arguments = "/latent/1", (0.5,)

        live.desk.take([Said()], lambda *_: None, "midi keys")
        assert live.events(1)[0].source == "midi keys"
        reading.set()
        assert live.events(1)[0].address == "/latent"


def test_knobs_do_not_wait_for_a_disk_that_keeps_a_preset_and_a_recall_does(tmp_path, monkeypatch):
    with DeskRig(tmp_path, block_s=0.002) as live:
        writing, store = threading.Event(), live.presets.store
        monkeypatch.setattr(live.presets, "store", lambda *preset: writing.wait(10) and store(*preset))
        live.client.send(message("/latent/0", 0.5))
        live.client.send(message("/preset/store", "soft"))
        live.client.send(message("/latent/0", 0.75))
        until(lambda: len(live.engine.taken) == 2)
        live.client.send(message("/preset/recall", "soft"))
        live.client.send(message("/latent/1", 0.25))
        writing.set()
        assert live.client.hear() == ("/done", "/preset/store")
        until(lambda: len(live.engine.taken) == 4)
        assert [event.address for event in live.engine.taken] == ["/latent/0", "/latent/0", "/latent", "/latent/1"]
        assert live.engine.taken[2].values[0] == 0.5


def test_presets_are_stored_recalled_listed_and_deleted(tmp_path):
    with DeskRig(tmp_path) as live:
        assert live.client.ask("/preset/store", "soft") == ("/done", "/preset/store")
        assert live.client.ask("/preset/list") == ("/preset/list.reply", "soft")
        assert live.client.ask("/preset/recall", "soft") == ("/done", "/preset/recall")
        assert live.client.ask("/preset/recall", "soft", 2) == ("/done", "/preset/recall")
        assert live.client.ask("/preset/slerp", "soft", 3) == ("/done", "/preset/slerp")
        assert live.client.ask("/preset/path", 4, "soft", "soft") == ("/done", "/preset/path")
        knobs = (0.1, 0.2, 0.3, 0.4)
        assert [(event.address, event.values) for event in live.events(4)] == [
            ("/latent", knobs),
            ("/glide_to", (2.0, *knobs)),
            ("/slerp_to", (3.0, *knobs)),
            ("/spline_to", (4.0, *knobs, *knobs)),
        ]
        assert live.client.ask("/preset/delete", "soft") == ("/done", "/preset/delete")
        assert live.client.ask("/preset/recall", "soft")[:2] == ("/fail", "/preset/recall")


def test_morphs_lie_between_their_presets(tmp_path):
    with DeskRig(tmp_path) as live:
        for name, value in {"a": 0.0, "b": 1.0, "c": 2.0, "d": 4.0}.items():
            live.presets.store(name, [value, -value])
        live.client.send(message("/preset/morph", 0.25, "a", "b"))
        live.client.send(message("/preset/morph4", 0.5, 0.75, "a", "b", "c", "d"))
        two, four = live.events(2)
        assert (two.address, two.values) == ("/latent", (0.25, -0.25))
        assert four.values == (0.25 * 0.5 + 0.75 * 3.0, -(0.25 * 0.5 + 0.75 * 3.0))


def test_a_preset_of_another_model_is_refused(tmp_path):
    with DeskRig(tmp_path) as live:
        (tmp_path / "presets.yaml").write_text("big: [0, 0, 0, 0, 0]\nfar: [9]\nfew: [0, 0]\n", encoding="utf-8")
        for name in ("big", "far"):
            for address, *rest in (["/preset/recall"], ["/preset/slerp", 1.0]):
                heard, _, why = live.client.ask(address, name, *rest)
                assert heard == "/fail"
                assert f"preset '{name}' does not fit this model" in why
        assert "needs all 4 knobs, it has 2" in live.client.ask("/preset/path", 1.0, "few", "few")[2]
        assert "of different models" in live.client.ask("/preset/morph", 0.5, "few", "big")[2]
        assert live.queue.take() is None


def test_an_engine_that_takes_nothing_in_is_told_after_a_while(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(message("/latent/0", 0.5))
        live.client.send(message("/preset/store", "a"))
        live.client.send(message("/sync", 77))
        heard = {live.client.hear()[:2], live.client.hear()[:2]}
        assert heard == {("/fail", "/sync"), ("/fail", "/preset/store")}
        assert live.client.ask("/preset/list") == ("/preset/list.reply",), "nothing wrong was stored"


def test_maps_are_taught_and_an_address_that_they_know_is_obeyed(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(message("/1/fader1", 0.5))
        assert [(event.address, event.values) for event in live.events(1)] == [("/latent/2", (0.5,))]
        assert live.client.ask("/1/fader2", 0.5)[:2] == ("/fail", "/1/fader2")
        live.client.send(message("/1/fader1", 99.0))
        assert live.client.hear() == ("/fail", "/1/fader1", "value must be -4 to 4, got 99")
        assert live.client.ask("/map/add", "cc 20", "/latent/0", -1, 1, "s") == ("/done", "/map/add")
        assert live.client.ask("/map/add", "bend", "/latent/1") == ("/done", "/map/add")
        assert live.maps.added == [("cc 20", "/latent/0", -1.0, 1.0, "s"), ("bend", "/latent/1", None, None, None)]
        assert live.client.ask("/map/list") == ("/map/list.reply", "cc 20", "/latent/0", -1.0, 1.0, "linear")


def test_sources_are_played_by_names_that_fit_into_an_address(tmp_path):
    with DeskRig(tmp_path) as live:
        assert live.client.ask("/source/list") == ("/source/list.reply", "slow sweep", "steps")
        live.client.send(message("/source/slow_sweep/rate", 2.0))
        live.client.send(message("/source/slow_sweep/loop", True))
        assert live.client.ask("/source/slow_sweep/play") == ("/done", "/source/slow_sweep/play")
        assert live.sources.said == [("rate", "slow sweep", 2.0), ("loop", "slow sweep", True), ("play", "slow sweep")]


def test_a_coupling_that_takes_long_to_fit_keeps_nothing_but_sync_waiting(tmp_path, monkeypatch):
    """A data set that nobody can stop for half a minute is no instrument; a recording is not to end late either."""
    with DeskRig(tmp_path, block_s=0.002) as live:
        fitted = threading.Event()
        monkeypatch.setattr(live.sources, "set_coupling", lambda name, coupling: fitted.wait(10))
        live.client.send(message("/source/steps/coupling", "learned"))
        live.client.send(message("/sync", 1))
        assert live.client.ask("/source/steps/stop") == ("/done", "/source/steps/stop")
        assert live.client.ask("/record/start", "take") == ("/done", "/record/start", "take.wav")
        fitted.set()
        assert live.client.hear() == ("/done", "/source/steps/coupling")
        assert live.client.hear() == ("/synced", 1)


def test_a_recording_is_started_and_stopped_once(tmp_path):
    with DeskRig(tmp_path) as live:
        assert live.client.ask("/record/start", "take") == ("/done", "/record/start", "take.wav")
        assert live.client.ask("/record/start", "again") == ("/fail", "/record/start", "take is being recorded")
        assert live.client.ask("/record/stop") == ("/record/stop.reply", "take.wav", 1.5)


def test_help_explains_everything_or_one_address(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(message("/help"))
        heard = [live.client.hear() for _ in range(len(TABLE) + 1)]
        assert [reply[1] for reply in heard[:-1]] == [row.usage() for row in TABLE]
        assert heard[-1] == ("/done", "/help")
        assert live.client.ask("/help", "/latent/0")[1] == "/latent/<knob> value (-4 to 4)"
        assert live.client.hear() == ("/done", "/help")
        assert "did you mean /gain_db" in live.client.ask("/help", "/gain")[2]


def test_a_bundle_far_ahead_waits_by_the_wall_clock_until_shortly_before(tmp_path):
    """Sound cards drift: what sample an hour hence is, nobody knows yet."""
    with DeskRig(tmp_path) as live:
        live.engine.latency_ms = 0.0
        live.presets.store("soft", [0.1])
        when_s = time.time() + 0.9
        live.client.send(bundle(time_tag(when_s), message("/latent/0", 1), message("/preset/recall", "soft")))
        live.client.send(bundle(time_tag(when_s + 0.1), message("/latent/1", 1)))
        live.client.send(bundle(time_tag(when_s - 0.05), message("/latent/2", 1)))
        assert live.client.ask("/version")[0] == "/version.reply"
        assert not live.engine.conversions
        assert live.client.hear() == ("/done", "/preset/recall"), "which is when it is queued"
        events = live.events(4)
        assert [event.address for event in events] == ["/latent/2", "/latent/0", "/latent", "/latent/1"]
        assert events[1].at_sample == events[2].at_sample == pytest.approx(when_s * RATE_HZ, abs=1)
        assert len(live.engine.conversions) == 3


def test_an_output_with_much_latency_gets_its_events_earlier(tmp_path):
    with DeskRig(tmp_path) as live:
        live.engine.latency_ms = 5000.0
        live.client.send(bundle(time_tag(time.time() + 5.2), message("/latent/0", 1)))
        assert live.events(1)[0].at_sample is not None


def test_bundles_an_hour_ahead_are_forgotten_when_asked(tmp_path):
    with DeskRig(tmp_path, block_s=0.02) as live:
        for _ in range(100):
            live.client.send(bundle(time_tag(time.time() + 3600), message("/latent/0", 1)))
        until(lambda: len(live.desk._held) == 100)
        live.client.send(bundle(time_tag(time.time() + 0.4), message("/latent/0", 1)))
        live.client.send(message("/clearSched"))
        live.client.send(bundle(time_tag(time.time() + 3600), message("/latent/1", 1)))
        live.client.send(bundle(time_tag(time.time() + 0.4), message("/latent/1", 1)))
        assert live.client.hear() == ("/done", "/clearSched")
        until(lambda: len(live.engine.taken) == 2)
        assert live.engine.cleared_after == [1], "what was sent before it is forgotten, what came after is not"
        assert len(live.desk._held) == 1


def test_a_mistake_in_a_bundle_far_ahead_is_told_now(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.send(bundle(time_tag(time.time() + 3600), message("/latent/0", 99), message("/latent/1", 1)))
        assert live.client.hear() == ("/fail", "/latent/0", "value must be -4 to 4, got 99")


def test_more_than_can_be_held_is_dropped_and_counted(tmp_path):
    with DeskRig(tmp_path) as live:
        many = bundle(time_tag(time.time() + 3600), *[message("/latent", 0.1, 0.2, 0.3, 0.4)] * 1000)
        fit = MOST_VALUES // 5000
        for _ in range(fit):
            live.client.send(many)
            live.client.ask("/version")
        live.client.send(many)
        address, about, why = live.client.hear()
        assert (address, about, why[:7]) == ("/fail", "/latent", "dropped")
        assert live.client.ask("/status")[8] == 1000


def test_those_who_asked_hear_what_happens_and_nobody_else(tmp_path):
    with DeskRig(tmp_path, queue_limit=2) as live, Client(live.osc.port) as other:
        assert live.client.ask("/notify", 1) == ("/done", "/notify")
        assert live.client.ask("/notify", 1) == ("/done", "/notify"), "twice is once"
        other.send(bundle(time_tag(time.time() - 2), message("/latent/0", 1)))
        address, about, late_s = live.client.hear()
        assert (address, about) == ("/late", "/latent/0")
        assert late_s == pytest.approx(2.0, abs=0.5)
        assert other.ask("/latent/*", 0.1)[0] == "/fail"
        assert live.client.hear() == ("/dropped", 4)
        live.engine.underruns = 5
        assert live.client.hear() == ("/underrun", 5)
        assert other.ask("/model/load", "b") == ("/done", "/model/load", "b")
        assert live.client.hear() == ("/model/changed", "b")
        live.desk.notify_all("/record/stopped", "take.wav", "the disk is full")
        assert live.client.hear() == ("/record/stopped", "take.wav", "the disk is full")
        assert live.client.ask("/notify", 0) == ("/done", "/notify")
        live.desk.notify_all("/source/ended", "steps")
        assert live.client.ask("/version")[0] == "/version.reply"
        assert live.client.ask("/notify", 1) == ("/done", "/notify")
        live.leave_desk()
        assert live.client.hear() == ("/quitting",)


def test_of_too_many_listeners_the_oldest_is_forgotten(tmp_path):
    """Programs end without a word; theirs must not be the last places."""
    with DeskRig(tmp_path) as live:
        heard: list[int] = []
        for number in range(MOST_LISTENERS + 5):
            live.desk._notices.add(lambda *_, number=number: heard.append(number))
        live.desk.notify_all("/quitting")
        until(lambda: len(heard) == MOST_LISTENERS)
        assert sorted(heard) == list(range(5, MOST_LISTENERS + 5))


def test_a_storm_of_notices_costs_its_listeners_little(tmp_path):
    with DeskRig(tmp_path) as live:
        live.client.ask("/notify", 1)
        for number in range(2000):
            live.desk.notify_all("/late", "/latent/0", float(number))
        live.desk.notify_all("/source/ended", "steps")
        heard = [live.client.hear()]
        while heard[-1] != ("/source/ended", "steps"):
            heard.append(live.client.hear())
        assert len(heard) < 1000
        assert heard[-2] == ("/late", "/latent/0", 1999.0), "the newest are told"


def test_notices_and_replies_are_never_obeyed_or_answered():
    assert set(NOTICES) <= REPLIES
    assert {row.reply.split()[0] for row in QUESTIONS if row.reply} <= REPLIES


def test_a_fault_in_the_server_is_told_and_survived(tmp_path, monkeypatch):
    with DeskRig(tmp_path, block_s=0.002) as live:
        for address, attribute in (("/model/info", "info"), ("/model/list", "names")):
            monkeypatch.setattr(live.models, attribute, lambda: 1 / 0)
            assert live.client.ask(address)[:2] == ("/fail", address)
        monkeypatch.setattr(live.desk.namespace, "parse", lambda *_: 1 / 0)
        assert live.client.ask("/latent/0", 1)[:2] == ("/fail", "")
        monkeypatch.undo()
        assert live.client.ask("/sync", 1) == ("/synced", 1)
