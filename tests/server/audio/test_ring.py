"""The ring hands every frame from one process to another once, in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from latentone.server.audio.ring import READ, RING_DRY, SharedRing

READER = """
import sys, numpy as np
from latentone.server.audio import callback, ring as words
ring = words.SharedRing.attach(sys.argv[1], 64, 2)
own, numbers = np.zeros(callback.OWN_WORDS, np.int64), np.zeros(callback.BEFORE + 4)
own[callback.RATE_HZ], own[callback.SOUNDING], own[callback.RISEN], own[callback.FALLEN] = 1000, 1, 5, 5  # fades last 5 frames
taken, left = [], int(sys.argv[2])
while left:
    count = min(ring.waiting, 17)
    if count:
        block = np.empty((count, 2), np.float32)
        callback.fill(block, ring._words, ring._frames, own, numbers)
        taken.append(block)
        left -= count
heard = np.concatenate(taken)
assert (heard[:, 0] == np.arange(len(heard))).all(), "a frame was lost, doubled or torn"
assert (heard[:, 1] == -heard[:, 0]).all()
assert ring[words.RING_DRY] == 0
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


def test_it_takes_no_more_than_its_capacity(ring: SharedRing):
    assert ring.write(ramp(0, 100)) == 40
    assert ring.write(ramp(40, 1)) == 0
    ring[READ] += 5
    assert ring.room == 5
    assert ring.write(ramp(40, 100)) == 5


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
    ring[RING_DRY] = 3
    ring.close(unlink=True)
    assert ring[RING_DRY] == 3
    with pytest.raises(FileNotFoundError):
        SharedRing.attach(ring.name, 64, 1)
    assert not (Path("/dev/shm") / ring.name).exists()
