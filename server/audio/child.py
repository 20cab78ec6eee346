"""One life of the audio process, with the ring that feeds it, as the parent sees them."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

from .devices import ANSWER_DEADLINE_S, AudioUnavailable, end, launch
from .ring import CAPACITY, DEVICE_LATE, PLAYED, RING_DRY, STOP, SharedRing

STALL_S = 1.0
"""A device that has taken nothing for so long is gone: no hardware buffer and no busy machine comes near it."""
REOPEN_DEADLINE_S = 5.0
GRACE_S = 5e-5
"""How long after a callback is due it is looked for: it takes its time, too."""
SHORTEST_WAIT_S, LONGEST_WAIT_S = 2e-4, 0.02


class Child:
    """Opened by being made, which raises LatentoneError where the device does not open.

    With `given_up` it waits for the device to appear until that is set.
    """

    def __init__(self, request: dict[str, Any], given_up: threading.Event | None = None) -> None:
        if given_up is None:
            self._process, self.opened = launch(request, ANSWER_DEADLINE_S)
        else:
            self._process, self.opened = launch({**request, "patient": True}, REOPEN_DEADLINE_S, given_up)
        self._rate_hz: int = self.opened["sample_rate_hz"]
        self.first_sample: int | None = None
        """The number that the first sample of the ring has among all that the sink was given."""
        self.ring = SharedRing.create(
            self.opened["ring_frames"], self.opened["channels"], self.opened["capacity_frames"]
        )
        self._played_frames = 0
        self._progress_at_s = time.monotonic()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self.ring.name + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            self.close(grace_s=0.0)
            raise AudioUnavailable(f"the audio process ended after opening {self.opened['device']}") from error

    def is_lost(self) -> bool:
        """Whether the process has ended or the device has stopped taking audio."""
        played_frames, now_s = self.ring[PLAYED], time.monotonic()
        if played_frames != self._played_frames:
            self._played_frames, self._progress_at_s = played_frames, now_s
            return False
        return now_s - self._progress_at_s > STALL_S or self._process.poll() is not None

    def wait_for_room(self, frames: int) -> None:
        """Sleep until the device is due to have made room for `frames`, or for as many as may be waited for at once."""
        time.sleep(self._due_s(frames))

    def _due_s(self, frames: int) -> float:
        stamp = self.ring.stamp()
        if stamp is None:
            return SHORTEST_WAIT_S
        wanted = min(frames, max(stamp.block_frames, self.ring[CAPACITY] // 2))
        blocks = max(1, math.ceil((wanted - self.ring.room) / stamp.block_frames))
        # a late call says little of the next, and an early one means that the device skipped
        called_s = min(stamp.smooth_ns, stamp.called_ns) / 1e9
        due_s = called_s + blocks * stamp.block_frames / self._rate_hz + GRACE_S
        return min(max(due_s - time.monotonic(), SHORTEST_WAIT_S), LONGEST_WAIT_S)

    def played(self) -> tuple[int, float] | None:
        """A sample that the sink was given, and when it is or was heard, by `time.monotonic`."""
        stamp, first_sample = self.ring.stamp(), self.first_sample
        if stamp is None or first_sample is None:
            return None
        return first_sample + stamp.frame, (stamp.smooth_ns + stamp.delay_ns) / 1e9

    @property
    def underruns(self) -> tuple[int, int]:
        """How often the ring ran dry, and how often the device said that it was late."""
        return self.ring[RING_DRY], self.ring[DEVICE_LATE]

    @property
    def device_latency_s(self) -> float:
        """From the device's taking a sample to its being heard: as its callback is told, or before that as it said when opened."""
        stamp = self.ring.stamp()
        return stamp.delay_ns / 1e9 if stamp is not None else self.opened["device_latency_s"]

    @property
    def latency_s(self) -> float:
        return self.ring[CAPACITY] / self._rate_hz + self.device_latency_s

    def close(self, grace_s: float) -> None:
        """Let the child play out what it has for at most `grace_s`, then end it and free the ring."""
        self.ring[STOP] = 1
        end(self._process, grace_s)
        self.ring.close(unlink=True)
