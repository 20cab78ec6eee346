"""A ring of audio frames in shared memory, from the engine's process to the one that owns the sound card."""

from __future__ import annotations

import contextlib
import sys
import threading
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import numpy as np

# One 64-bit word each. What the writer, the callback and its process write lie on cache lines of their own.
WRITTEN, STOP = 0, 1
READ, PLAYED, CAPACITY, RING_DRY, DEVICE_LATE = 8, 9, 10, 11, 12
STAMP, STAMP_FRAME, STAMP_NS, CALLED_NS, DELAY_NS, BLOCK = 16, 17, 18, 19, 20, 21
CLOCK_NS = 24
WORDS = 32
HEADER_BYTES = WORDS * 8
STAMP_TRIES = 8


class Stamp(NamedTuple):
    """When the device took what, by `time.monotonic`."""

    frame: int
    """The first frame of the ring that it took."""
    block_frames: int
    smooth_ns: int
    """When it began to take it, without the jitter of its calls."""
    called_ns: int
    """When it was really called."""
    delay_ns: int
    """From there until it is heard."""


class SharedRing:
    """One writer, one reader, no lock: each side moves only its own counter, and counters only grow.

    The words besides the two counters:
    `STOP`: set by the parent: play what is there, then end.
    `PLAYED`: frames the device has taken in all, silence included; it stands still only when the device does.
    `CAPACITY`: frames that may wait in the ring: this is the latency.
    `RING_DRY`, `DEVICE_LATE`: how often the ring ran dry, and how often the device reported an underflow of its own.
    `STAMP`: even when the words after it belong together, which are a `Stamp`, in ns of the device's own clock.
    `CLOCK_NS`: what brings that clock to `time.monotonic`; 0 while it is not known.
    """

    def __init__(self, memory: SharedMemory, frames: int, channels: int) -> None:
        self._memory = memory
        self._words = np.ndarray(WORDS, np.int64, memory.buf)
        self._frames = np.ndarray((frames, channels), np.float32, memory.buf, HEADER_BYTES)
        self._length = frames

    @classmethod
    def create(cls, frames: int, channels: int, capacity_frames: int) -> SharedRing:
        """A new, empty ring for the parent."""
        ring = cls(SharedMemory(create=True, size=HEADER_BYTES + frames * channels * 4), frames, channels)
        ring._words[:] = 0
        ring._frames[:] = 0.0  # every page is there before the callback needs it
        ring._words[CAPACITY] = capacity_frames
        return ring

    @classmethod
    def attach(cls, name: str, frames: int, channels: int) -> SharedRing:
        """The parent's ring, for the child. The parent alone answers for the memory's end."""
        if sys.version_info >= (3, 13):
            return cls(SharedMemory(name, track=False), frames, channels)
        # before 3.13 attaching registers the memory with a tracker of the child's own, which would unlink it and warn
        register, resource_tracker.register = resource_tracker.register, lambda *_: None
        try:
            return cls(SharedMemory(name), frames, channels)
        finally:
            resource_tracker.register = register

    @property
    def name(self) -> str:
        return self._memory.name

    @property
    def frames(self) -> int:
        return self._length

    def __getitem__(self, word: int) -> int:
        return int(self._words[word])

    def __setitem__(self, word: int, value: int) -> None:
        self._words[word] = value

    @property
    def waiting(self) -> int:
        """Frames written and not yet read."""
        return self[WRITTEN] - self[READ]

    def write(self, audio: np.ndarray) -> int:
        """Copy as much of `audio` (channels, samples) as the capacity has room for; returns how many samples."""
        count = min(self.room, audio.shape[1])
        if count <= 0:
            return 0
        start = self[WRITTEN] % self._length
        first = min(count, self._length - start)
        self._frames[start : start + first] = audio[:, :first].T
        self._frames[: count - first] = audio[:, first:count].T
        _fence()
        self[WRITTEN] += count
        return count

    @property
    def room(self) -> int:
        """Frames that `write` would take now."""
        return min(self[CAPACITY], self._length) - self.waiting

    def read(self, limit: int) -> np.ndarray:
        """A copy of the oldest frames that wait, (frames, channels), at most `limit`; makes room for as many. For a reader
        that is no callback."""
        count = min(self.waiting, limit)
        _fence()
        start = self[READ] % self._length
        first = min(count, self._length - start)
        taken = np.concatenate([self._frames[start : start + first], self._frames[: count - first]])
        _fence()
        self[READ] += count
        return taken

    def stamp(self) -> Stamp | None:
        """What the callback last said; None while it has said nothing. From any thread."""
        for _ in range(STAMP_TRIES):
            before, clock_ns = self[STAMP], self[CLOCK_NS]
            _fence()
            stamp = Stamp(
                self[STAMP_FRAME], self[BLOCK], self[STAMP_NS] + clock_ns, self[CALLED_NS] + clock_ns, self[DELAY_NS]
            )
            _fence()
            if before == self[STAMP] and before % 2 == 0:
                return stamp if before and clock_ns else None
        return None

    @property
    def addresses(self) -> tuple[int, int]:
        """Where words and frames lie in this process's memory."""
        return self._words.ctypes.data, self._frames.ctypes.data

    def close(self, unlink: bool = False) -> None:
        """Let go of the memory, and with `unlink` end it. The words stay readable as they were last."""
        self._words = self._words.copy()
        self._frames = np.empty((0, 0), np.float32)
        with contextlib.suppress(BufferError):  # a thread that reads a word just now lets go of it an instant later
            self._memory.close()
        if unlink:
            self._memory.unlink()


def _fence() -> None:
    """Let no memory access pass this point: ARM may otherwise show the counter before the frames it stands for.

    Releasing a lock keeps earlier accesses before it, taking one keeps later accesses after it.
    """
    lock = threading.Lock()
    lock.acquire()
    lock.release()
    lock.acquire()
