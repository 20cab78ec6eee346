"""Records what JACK clients play, with the server's own frame numbers."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Self

import jack
import numpy as np


class JackRecorder:
    """Records output ports of other clients, one channel each, from `connect` on. A context manager."""

    def __init__(self, channels: int, name: str = "recorder") -> None:
        self._client = jack.Client(name, no_start_server=True)
        self._inputs: list[Any] = [self._client.inports.register(f"in_{number}") for number in range(channels)]
        self._blocks: deque[tuple[int, list[np.ndarray]]] = deque()
        self.xruns = 0
        self._client.set_process_callback(self._process)
        self._client.set_xrun_callback(self._xrun)

    def _process(self, _frames: int) -> None:
        self._blocks.append((self._client.last_frame_time, [port.get_array().copy() for port in self._inputs]))

    def _xrun(self, _delay_us: float) -> None:
        self.xruns += 1

    def __enter__(self) -> Self:
        self._client.activate()
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.deactivate()
        self._client.close()

    @property
    def sample_rate_hz(self) -> int:
        return self._client.samplerate

    @property
    def now_frame(self) -> int:
        """The server's estimate of the frame that is now."""
        return self._client.frame_time

    def connect(self, channel: int, pattern: str, deadline_s: float = 30.0) -> None:
        """Record the first port that fits, as soon as it is there."""
        end_s = time.monotonic() + deadline_s
        while not (found := self._client.get_ports(pattern, is_audio=True, is_output=True)):
            if time.monotonic() > end_s:
                raise TimeoutError(f"no JACK port {pattern}")
            time.sleep(0.05)
        self._client.connect(found[0], self._inputs[channel])

    def take(self) -> tuple[int, np.ndarray]:
        """What was recorded since the last time: the first frame's number, and (channels, frames), NaN where a block was missed."""
        blocks: list[tuple[int, Any]] = []
        while self._blocks:
            blocks.append(self._blocks.popleft())
        if not blocks:
            return self.now_frame, np.zeros((len(self._inputs), 0), np.float32)
        first = blocks[0][0]
        audio = np.full((len(self._inputs), blocks[-1][0] - first + len(blocks[-1][1][0])), np.nan, np.float32)
        for frame, block in blocks:
            audio[:, frame - first : frame - first + len(block[0])] = block
        return first, audio
