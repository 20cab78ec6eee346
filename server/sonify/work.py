"""Many passages played at once: in this process, in several, or on a Ray cluster; each way gives the same bytes."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...export.errors import LatentoneError
from .passage import Passage
from .voice import Voice, play_into


@dataclass(frozen=True)
class Job:
    """A passage, and the file that it becomes."""

    passage: Passage
    file: Path


@dataclass(frozen=True)
class Outcome:
    """A job that is over; `error` says why there is no file, if so."""

    job: Job
    error: str = ""


def work(voice: Voice, jobs: Sequence[Job], workers: int, ray_address: str | None = None) -> Generator[Outcome]:
    """Do all jobs, and tell of each when it is done. Closing the iterator, or an interrupt, leaves whole files only.

    ray_address: of a cluster, or `local`. Raises LatentoneError when Ray is missing or cannot be reached, or a worker dies.
    """
    if ray_address is not None:
        from .cluster import on_ray

        return on_ray(voice, jobs, workers, ray_address)
    if min(workers, len(jobs)) <= 1:
        return (_outcome(voice, job) for job in jobs)
    return _in_processes(voice, jobs, min(workers, len(jobs)))


def attempt(voice: Voice, passage: Passage, file: Path, stop: threading.Event | None = None) -> str:
    """Play `passage` into `file`; returns what went wrong, in one line, or nothing."""
    try:
        play_into(voice, passage, file, stop)
    except LatentoneError as error:
        return str(error)
    except Exception as error:  # one row's trouble, whatever it is, is not the others'
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ""


def _outcome(voice: Voice, job: Job) -> Outcome:
    return Outcome(job, attempt(voice, job.passage, job.file))


def _in_processes(voice: Voice, jobs: Sequence[Job], workers: int) -> Generator[Outcome]:
    # Spawned: a fork would take over the threads of ONNX Runtime and numba in whatever state they are.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(workers, context, begin, (stop,)) as pool:
        try:
            waiting: dict[Future[str], Job] = {
                pool.submit(_in_worker, voice, job.passage, job.file): job for job in jobs
            }
            for done in as_completed(waiting):
                yield Outcome(waiting[done], done.result())
        except BrokenProcessPool:
            raise LatentoneError(
                "a worker process ended by itself (is the memory full?): run it again, with fewer --workers; "
                "what is done stays"
            ) from None
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


_stop: Any = None
"""Of a worker process: the event that tells it to leave what it does."""


def begin(stop: Any = None) -> None:
    """In a worker process, first: Ctrl-C is for the one that started it, which may set `stop`; it does not outlive that one."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _in_worker(voice: Voice, passage: Passage, file: Path) -> str:
    return attempt(voice, passage, file, _stop)
