"""The ring hands every frame from one process to another once, in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from latentone.server.audio.ring import QUEUED, UNDERRUNS, SharedRing

READER = """
import sys, numpy as np
from latentone.server.audio.ring import SharedRing
ring = SharedRing.attach(sys.argv[1], 64, 2)
left, total, expected = int(sys.argv[2]), 0, 0.0
while left:
    block = np.empty((min(ring.waiting, 17), 2), np.float32)
    ring.read(block)
    assert (block[:, 0] == np.arange(expected, expected + len(block))).all(), "a frame was lost, doubled or torn"
    assert (block[:, 1] == -block[:, 0]).all()
    expected += len(block)
    left -= len(block)
ring.close()
"""


@pytest.fixture
def ring() -> Iterator[SharedRing]:
    ring = SharedRing.create(64, 2, capacity_frames=40)
    yield ring
    ring.close(unlink=True)


def ramp(start: int, count: int) -> np.ndarray:
    up = np.arange(start, start + count, dtype=np.float32)
    return np.stack([up, -up])


def test_it_takes_no_more_than_its_capacity_less_what_the_device_has_queued(ring: SharedRing):
    ring[QUEUED] = 10
    assert ring.write(ramp(0, 100)) == 30
    assert ring.write(ramp(30, 1)) == 0
    ring.read(np.empty((5, 2), np.float32))
    assert ring.write(ramp(30, 100)) == 5


def test_frames_cross_to_another_process_whole_and_in_order(ring: SharedRing):
    total = 20_000
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, ring.name, str(total)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    sent = 0
    while sent < total and reader.poll() is None:
        sent += ring.write(ramp(sent, min(23, total - sent)))
    said, _ = reader.communicate(timeout=20)
    assert reader.returncode == 0, said
    assert said == "", "the resource tracker has nothing to complain about"
    assert ring.waiting == 0


def test_the_memory_is_gone_after_close_and_the_counts_stay():
    ring = SharedRing.create(64, 1, capacity_frames=40)
    ring[UNDERRUNS] = 3
    ring.close(unlink=True)
    assert ring[UNDERRUNS] == 3
    with pytest.raises(FileNotFoundError):
        SharedRing.attach(ring.name, 64, 1)
    assert not (Path("/dev/shm") / ring.name).exists()
