"""What the sound card hears, into the shared ring: PortAudio's callback, compiled by numba, with no interpreter and no lock."""

from __future__ import annotations

# pyright: reportCallIssue=false
from typing import Any

from numba import cfunc, njit, types

from . import ring as shared
from .callback import (
    _ULONG,
    CALLS,
    CHANNELS,
    FRAMES_AT,
    LARGEST,
    LENGTH,
    OWN_WORDS,
    WORDS_AT,
    _fence,
    _pointer,
    carray,
)

_SIGNATURE = types.intc(
    types.CPointer(types.float32),
    types.voidptr,
    _ULONG,
    types.CPointer(types.float64),
    _ULONG,
    types.CPointer(types.int64),
)
WRITTEN, READ, HEARD, LOST = shared.WRITTEN, shared.READ, shared.PLAYED, shared.RING_DRY


@njit(cache=True)
def keep(heard: Any, words: Any, ring: Any) -> None:
    """Put `heard` (frames, channels) into the ring (length, channels); what finds no room is left out, and counted once a call."""
    frames, channels = heard.shape
    room = len(ring) - (words[WRITTEN] - words[READ])
    _fence()  # frames are overwritten only after the counter that frees them has been read
    kept = min(frames, room)
    at = words[WRITTEN] % len(ring)
    for frame in range(kept):
        for channel in range(channels):
            ring[at, channel] = heard[frame, channel]
        at = at + 1 if at + 1 < len(ring) else 0
    _fence()  # and they are there before the counter says so
    words[WRITTEN] += kept
    words[HEARD] += frames
    if kept < frames:
        words[LOST] += 1


@cfunc(_SIGNATURE, cache=True)
def capture(input_: Any, _output: Any, frame_count: int, _times: Any, _flags: int, own_words: Any) -> int:
    """PortAudio's PaStreamCallback of an input; its user data are the callback's own words."""
    own = carray(own_words, OWN_WORDS)
    frames, channels = types.intp(frame_count), own[CHANNELS]
    own[CALLS] += 1
    if frames > own[LARGEST]:
        own[LARGEST] = frames
    if own[WORDS_AT] == 0:  # the ring is not there yet
        return 0
    words = carray(_pointer(own[WORDS_AT]), shared.WORDS, types.int64)
    ring = carray(_pointer(own[FRAMES_AT]), (own[LENGTH], channels), types.float32)
    keep(carray(input_, (frames, channels)), words, ring)
    return 0
