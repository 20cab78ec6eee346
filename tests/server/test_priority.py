"""The engine's thread asks to run before others: it never fails, and says what to change where it is refused."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

import pytest
from latentone.server import priority

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")


def in_a_thread(work: Callable[[], object]) -> None:
    """A thread of its own, so that the tests' is left as it is."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def policy() -> int:
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK


def test_this_machine_grants_it_or_the_sentence_says_what_to_change() -> None:
    def ask() -> None:
        said = priority.ask()
        assert (policy() == os.SCHED_FIFO) == (said == "")
        assert said == "" or "rtprio" in said or "ulimit" in said

    in_a_thread(ask)
    assert policy() == os.SCHED_OTHER, "only the thread that asks"


def test_threads_that_it_starts_are_ordinary_and_it_can_give_up() -> None:
    def ask() -> None:
        if priority.ask():
            pytest.skip("real time is not granted here")
        in_a_thread(lambda: policy() == os.SCHED_OTHER or pytest.fail("a child inherited real time"))
        priority.give_up(threading.current_thread())
        assert policy() == os.SCHED_OTHER

    in_a_thread(ask)


def test_refused_it_asks_for_a_better_share_and_names_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "setpriority", lambda *values: asked.append(values))
    assert "/etc/security/limits.d" in (said := priority.ask())
    assert f"nice {priority.NICE}" in said
    assert asked == [(os.PRIO_PROCESS, threading.get_native_id(), priority.NICE)]
    monkeypatch.setattr(os, "setpriority", refuse)
    assert "normal priority" in priority.ask()


def test_where_real_time_is_limited_it_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit ends a program whose real-time thread never rests: worse than a gap."""
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (200_000, 200_000))
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: pytest.fail("asked for real time"))
    assert "ulimit" in priority.ask()


def test_another_system_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "not asked" in priority.ask()


def test_giving_up_for_a_thread_that_has_ended_is_no_error() -> None:
    thread = threading.Thread(target=lambda: None)
    priority.give_up(thread)
    thread.start()
    thread.join()
    priority.give_up(thread)
    assert not thread.is_alive()
