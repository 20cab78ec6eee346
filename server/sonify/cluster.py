"""Passages played on a Ray cluster: the decoder travels to each node once, and finished files travel back."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from ...export.errors import LatentoneError
from .folder import write_whole
from .passage import Passage
from .voice import Voice, file_sha256
from .work import Job, Outcome, attempt

LOCAL = "local"
CONNECTING_S = 10.0
_AHEAD = 2
"""Passages handed out for each that can be played at once."""
_LOCAL_STORE_BYTES = 100 * 2**20
"""For objects on their way, of a cluster of this machine only."""


def on_ray(voice: Voice, jobs: Sequence[Job], workers: int, address: str) -> Generator[Outcome]:
    """Do all jobs on the cluster at `address`, or on one started here for it, `local`, with `workers` cores.

    Raises LatentoneError when Ray is missing or the cluster cannot be reached.
    """
    ray = _ray()
    _join(ray, address, workers)
    try:
        yield from _hand_out(ray, voice, jobs)
    finally:
        ray.shutdown()


def _ray() -> Any:
    try:
        import ray
    except ModuleNotFoundError:
        raise LatentoneError("--ray needs ray: pip install 'latentone[cluster]'") from None
    return ray


def _join(ray: Any, address: str, workers: int) -> None:
    _knock(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    here = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": _LOCAL_STORE_BYTES}
    try:
        ray.init(address=address, **quiet, **(here if address == LOCAL else {}))
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise LatentoneError(f"--ray {address}: cannot be reached: {' '.join(str(error).split())}") from None


def _knock(address: str) -> None:
    """Raises LatentoneError where nobody listens at `host:port`: Ray itself would go on trying for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), CONNECTING_S).close()
    except OSError as error:
        raise LatentoneError(f"--ray {address}: cannot be reached: {error.strerror or error}") from None


def _hand_out(ray: Any, voice: Voice, jobs: Sequence[Job]) -> Generator[Outcome]:
    """A few jobs ahead of what can be played, so that neither the cluster waits nor results pile up."""
    decoder_file = Path(voice.config.model.name)
    decoder = ray.put(decoder_file.read_bytes())
    play = ray.remote(num_cpus=1, max_retries=2)(_on_node)
    most = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    left, handed = iter(jobs), {}
    while True:
        while len(handed) < most and (job := next(left, None)) is not None:
            handed[play.remote(decoder, decoder_file.name, voice, job.passage)] = job
        if not handed:
            return
        [done], _ = ray.wait(list(handed), num_returns=1)
        yield _kept(ray, handed.pop(done), done)


def _kept(ray: Any, job: Job, done: Any) -> Outcome:
    """Write what a node sent back into the job's file, whole or not at all."""
    try:
        content, error = ray.get(done)
    except ray.exceptions.RayError as failure:
        return Outcome(job, f"the cluster lost it: {' '.join(str(failure).split())}")
    if error:
        return Outcome(job, error)
    write_whole(job.file, content)
    return Outcome(job)


def _on_node(decoder: bytes, name: str, voice: Voice, passage: Passage) -> tuple[bytes, str]:
    """On a node: the file's content, or why there is none."""
    moved = voice.moved(_decoder_here(decoder, name, voice.decoder_sha256))
    with tempfile.TemporaryDirectory(prefix="latentone-") as folder:
        file = Path(folder) / "row.wav"
        error = attempt(moved, passage, file)
        return (b"", error) if error else (file.read_bytes(), "")


def _decoder_here(content: bytes, name: str, sha256: str) -> Path:
    """The decoder as a file of this node, written once; nodes of one machine share it."""
    folder = Path(tempfile.gettempdir()) / f"latentone-{os.getuid() if hasattr(os, 'getuid') else ''}-{sha256[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / name
    if not file.is_file() or file_sha256(file) != sha256:
        write_whole(file, content)
    return file
