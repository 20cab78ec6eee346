"""What the sound card plays: frames from the shared ring while there are some, a fade and silence when there are none.

This is PortAudio's callback itself, compiled by numba: no interpreter, no lock, no allocation. It reads the ring that the
engine's process writes, so nothing that runs Python stands between the engine's block and the device.
"""

from __future__ import annotations

# pyright: reportCallIssue=false
# An intrinsic is written with a typing context first, which those who call it do not give.
import ctypes
import math
from typing import Any

from llvmlite import ir
from numba import carray as _carray  # pyright: ignore[reportPrivateImportUsage]
from numba import cfunc, njit, types
from numba.extending import intrinsic

from . import ring as shared

carray: Any = _carray
FADE_S = 0.005
LOCK_HZ = 0.2
"""Bandwidth of the loop that smooths the moments of the callbacks: it forgets jitter and follows the drift of a clock."""
ASTRAY_BLOCKS, ASTRAY_CALLS = 0.5, 8
"""So many callbacks in a row, each so far off, are no jitter: the device stood still or skipped, and the loop begins anew."""

# The callback's own words, 64-bit integers, and its own numbers, float64; the last frames played follow the numbers.
WORDS_AT, FRAMES_AT, OWN_AT, LENGTH, CHANNELS, RATE_HZ, MARGIN = range(7)
CALLS, LARGEST, SOUNDING, RISEN, FALLEN, DONE = range(7, 13)
OWN_WORDS = 16
NEXT_S, FRAME_S, LOCKED, ASTRAY, BEFORE = range(5)

OUTPUT_UNDERFLOW = 4
"""paOutputUnderflow of portaudio.h"""
_ULONG = types.uint64 if ctypes.sizeof(ctypes.c_ulong) == 8 else types.uint32
_SIGNATURE = types.intc(
    types.voidptr,
    types.CPointer(types.float32),
    _ULONG,
    types.CPointer(types.float64),
    _ULONG,
    types.CPointer(types.int64),
)

WRITTEN, STOP = shared.WRITTEN, shared.STOP
READ, PLAYED, CAPACITY = shared.READ, shared.PLAYED, shared.CAPACITY
RING_DRY, DEVICE_LATE = shared.RING_DRY, shared.DEVICE_LATE
STAMP, STAMP_FRAME, STAMP_NS, CALLED_NS, DELAY_NS, BLOCK = (
    shared.STAMP,
    shared.STAMP_FRAME,
    shared.STAMP_NS,
    shared.CALLED_NS,
    shared.DELAY_NS,
    shared.BLOCK,
)


@intrinsic
def _pointer(_context: Any, address: Any) -> Any:
    """An address as a pointer that `carray` takes."""

    def generate(_target: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), generate


@intrinsic
def _fence(_context: Any) -> Any:
    """No memory access passes this point, in the compiler or in the processor."""

    def generate(target: Any, builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> Any:
        builder.fence("seq_cst")
        return target.get_dummy_value()

    return types.void(), generate


@njit(cache=True)
def _falling(done: int, fade_frames: int) -> float:
    """Half a cosine from 1 to 0."""
    return 0.5 + 0.5 * math.cos(math.pi * done / fade_frames) if done < fade_frames else 0.0


@njit(cache=True)
def fill(out: Any, words: Any, ring: Any, own: Any, numbers: Any) -> None:
    """Fill `out` (frames, channels) from the ring (length, channels).

    When the ring runs dry, the last frame played decays to zero along half a cosine in 5 ms, one underrun is counted, and
    silence follows; new audio rises over 5 ms once the buffer is half full again. No frame is ever played twice.
    """
    frames, channels = out.shape
    fade_frames = max(1, round(FADE_S * own[RATE_HZ]))
    stopping = words[STOP] != 0
    waiting = words[WRITTEN] - words[READ]
    _fence()  # the frames are looked at after the counter that stands for them
    if own[SOUNDING] == 0 and waiting > 0:
        half_full = min(words[CAPACITY], (words[CAPACITY] + frames + 1) // 2)
        if stopping or waiting >= half_full:
            own[SOUNDING], own[RISEN] = 1, 0
    taken = min(waiting, frames) if own[SOUNDING] else 0
    at = words[READ] % len(ring)
    for frame in range(frames):
        if frame == taken and own[SOUNDING]:
            own[SOUNDING], own[FALLEN] = 0, 0
            words[RING_DRY] += 0 if stopping else 1
            for channel in range(channels):
                numbers[BEFORE + channel] = out[frame - 1, channel] if frame else numbers[BEFORE + channels + channel]
        own[FALLEN] = min(own[FALLEN] + 1, fade_frames)
        tail = _falling(own[FALLEN], fade_frames)
        rise = 1.0 - _falling(own[RISEN], fade_frames)
        for channel in range(channels):
            value = tail * numbers[BEFORE + channel]
            if frame < taken:
                value += rise * ring[at, channel]
            out[frame, channel] = value
        if frame < taken:
            own[RISEN] = min(own[RISEN] + 1, fade_frames)
            at = at + 1 if at + 1 < len(ring) else 0
    for channel in range(channels):
        numbers[BEFORE + channels + channel] = out[frames - 1, channel]
    _fence()  # and the writer may overwrite them only when they have been taken
    words[READ] += taken
    words[PLAYED] += frames
    if stopping and waiting == taken and own[FALLEN] >= fade_frames:
        own[DONE] = 1


@njit(cache=True)
def stamp(frame: int, frames: int, now_s: float, delay_s: float, words: Any, own: Any, numbers: Any) -> None:
    """Say when `frame` of the ring began to be taken, by a delay-locked loop over the moments of the callbacks.

    The loop is that of F. Adriaensen, "Using a DLL to filter time" (2005).
    """
    block_s = frames / own[RATE_HZ]
    error_s = now_s - numbers[NEXT_S]
    numbers[ASTRAY] = numbers[ASTRAY] + 1 if abs(error_s) > ASTRAY_BLOCKS * block_s else 0
    if numbers[LOCKED] == 0 or numbers[ASTRAY] >= ASTRAY_CALLS:
        numbers[NEXT_S], numbers[FRAME_S], numbers[LOCKED], numbers[ASTRAY] = now_s, 1.0 / own[RATE_HZ], 0, 0
        error_s = 0.0
    numbers[LOCKED] += 1
    turn = 2 * math.pi * LOCK_HZ * block_s
    began_s = numbers[NEXT_S] + max(math.sqrt(2.0) * turn, 1 / numbers[LOCKED]) * error_s  # at first a plain mean
    numbers[NEXT_S] = began_s + frames * numbers[FRAME_S]
    numbers[FRAME_S] += turn * turn * error_s / frames
    words[STAMP] += 1  # odd: the reader waits
    _fence()
    words[STAMP_FRAME] = frame
    words[STAMP_NS] = round(began_s * 1e9)
    words[CALLED_NS] = round(now_s * 1e9)
    words[DELAY_NS] = round(delay_s * 1e9)
    words[BLOCK] = frames
    _fence()
    words[STAMP] += 1


@cfunc(_SIGNATURE, cache=True)
def callback(_input: Any, output: Any, frame_count: int, times: Any, flags: int, own_words: Any) -> int:
    """PortAudio's PaStreamCallback; its user data are the callback's own words."""
    own = carray(own_words, OWN_WORDS)
    frames, channels = types.intp(frame_count), own[CHANNELS]
    out = carray(output, (frames, channels))
    own[CALLS] += 1
    if frames > own[LARGEST]:
        own[LARGEST] = frames
    if own[WORDS_AT] == 0:  # the ring is not there yet
        out[:] = 0.0
        return 0
    words = carray(_pointer(own[WORDS_AT]), shared.WORDS, types.int64)
    ring = carray(_pointer(own[FRAMES_AT]), (own[LENGTH], channels), types.float32)
    numbers = carray(_pointer(own[OWN_AT]), BEFORE + 2 * channels, types.float64)
    # follow a device that now takes larger blocks, as JACK does when its period is changed while it runs
    words[CAPACITY] = max(words[CAPACITY], min(own[LARGEST] + own[MARGIN], own[LENGTH]))
    if flags & OUTPUT_UNDERFLOW and own[SOUNDING]:  # opening a stream often costs one, in silence, which nobody hears
        words[DEVICE_LATE] += 1
    moment = carray(times, 3)
    stamp(words[READ], frames, moment[1], moment[2] - moment[1], words, own, numbers)
    fill(out, words, ring, own, numbers)
    return 0
