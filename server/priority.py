"""A thread that must not be late asks the system to run before others."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

REALTIME_PRIORITY = 10
"""Of 1 to 99: before every ordinary thread, behind the sound server and the kernel's own."""
NICE = -11
"""What sound servers take where real time is not to be had."""


def ask() -> str:
    """Ask for real-time priority for the thread that calls, or else for a better share of the processor.

    Returns a sentence for people when it is not granted, and "" when it is. On Linux only: elsewhere nothing is asked.
    Processes and threads that this one starts are not real-time.
    """
    if sys.platform != "linux":
        return "the engine plays at normal priority: this system is not asked for real time"
    import resource

    if resource.getrlimit(resource.RLIMIT_RTTIME)[0] != resource.RLIM_INFINITY:
        # The system would end the program for a decoder that cannot keep up, and so never rests.
        why, remedy = "this session limits the time of real-time threads", "`ulimit -R unlimited` lifts that"
    else:
        try:
            policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(0, policy, os.sched_param(REALTIME_PRIORITY))
            return ""
        except OSError:
            why = "the system does not grant real time"
            remedy = (
                "a line `@audio - rtprio 95` in /etc/security/limits.d/audio.conf, being in the group audio "
                "(`sudo usermod -aG audio $USER`) and a new login change that"
            )
    share = "normal priority"
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        share = f"nice {NICE}"
    return f"the engine plays at {share}, so a busy machine may make gaps: {why}; {remedy}"


def give_up(thread: threading.Thread) -> None:
    """Make a thread of this process an ordinary one again.

    One that never rests, as a decoder that cannot keep up makes it, would in real time take a processor from all others.
    """
    if sys.platform == "linux" and thread.is_alive() and thread.native_id is not None:
        with contextlib.suppress(OSError):  # it has just ended
            os.sched_setscheduler(thread.native_id, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
