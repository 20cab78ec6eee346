"""What ends the program is heard whenever it comes: Ctrl-C that is lost leaves a stage with a sound that nobody can stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from latentone.server.process import hear_ctrl_c, sigterm_like_ctrl_c
from numba import njit
from numba.core.registry import cpu_target

DEADLINE_S = 10.0


@pytest.fixture(autouse=True)
def as_python_starts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def while_llvm_works(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that are in it come to this process inside the callback by which LLVM hands over what it has compiled."""
    engine = cpu_target.target_context.codegen()._engine._ee  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
    hand_over, signals = engine._object_cache_notify, []

    def interrupted(*compiled: object) -> None:
        while signals:
            os.kill(os.getpid(), signals.pop())
        hand_over(*compiled)

    monkeypatch.setattr(engine, "_object_cache_notify", interrupted)
    return signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_ends_the_program_is_heard_although_llvm_is_at_work(number: int, while_llvm_works: list[int]) -> None:
    hear_ctrl_c()
    while_llvm_works.append(number)

    def compile_and_wait() -> None:
        assert njit(lambda x: x + number)(1) == 1 + number
        assert not while_llvm_works, "it came"
        threading.Event().wait(DEADLINE_S)

    with pytest.raises(KeyboardInterrupt), sigterm_like_ctrl_c():
        compile_and_wait()


def test_ctrl_c_is_heard_although_something_is_being_finalised() -> None:
    class Finalised:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    def finalise_and_wait() -> None:
        Finalised()
        threading.Event().wait(DEADLINE_S)

    hear_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        finalise_and_wait()


def test_where_ctrl_c_is_ignored_it_stays_so() -> None:
    """A shell has what it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hear_ctrl_c()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
