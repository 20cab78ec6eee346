"""Plays exported files through the CUDA kernel in numba's simulator and through the CPU kernel; prints what it found as JSON.

A program of its own, since numba reads NUMBA_ENABLE_CUDASIM when it is imported. Its argument is JSON: a list of
[name of a function here, its arguments].
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from latentone.export.runtime import Decoder
from latentone.export.runtime.cuda import CudaDecoder
from latentone.export.runtime.fused import FusedDecoder
from numba.cuda.simulator.kernelapi import FakeCUDAShared

THREADS = 16
"""Of a block: few, since the simulator's are Python threads, but enough that matrices are shared out over groups of them."""
TIE = 1e-4
"""As `models.wavenet_vae.heads`: so far may a uniform number, or a value, be moved by float error."""


def decode(
    path: str, reference: str, half: bool, blocks: list[int], voices: int, temperature: float
) -> dict[str, float]:
    """Blocks of so many frames with carried state; draws that differ must be ties, which are then moved apart."""
    cuda, cpu = CudaDecoder(Path(path), half, THREADS), FusedDecoder(Path(reference))
    generator = np.random.default_rng(0)
    hop, dim = cpu.manifest.hop_samples, len(cpu.manifest.latents)
    heat = np.full(voices, temperature, np.float32)
    states = [cuda.initial_state(voices), cpu.initial_state(voices)]
    found = {"draws": 0, "ties": 0, "faults": 0, "audio_error": 0.0, "state_error": 0.0, "values": 0}
    for frames in blocks:
        latents = generator.normal(0, 0.5, (voices, dim, frames)).astype(np.float32)
        noise = generator.random((voices, frames * hop), dtype=np.float32)
        while True:
            ours, audio, following = cuda.decode_and_draw(latents, noise, heat, states[0])
            theirs, wanted, expected = cpu.decode_and_draw(latents, noise, heat, states[1])
            unequal = np.argwhere(ours != theirs)
            if not len(unequal):
                break
            voice, step, band = map(int, unequal[0])
            place = step * theirs.shape[2] + band
            near = []
            for moved in (-TIE, TIE):
                tried = noise.copy()
                tried[voice, place] = np.clip(noise[voice, place] + moved, 0, 1 - 1e-7)
                near.append(cpu.decode_and_draw(latents, tried, heat, states[1])[0][voice, step, band])
            if not min(near) - TIE <= ours[voice, step, band] <= max(near) + TIE:
                found["faults"] += 1
                return found
            found["ties"] += 1
            noise[voice, place] = (noise[voice, place] + 0.01) % 1.0
        found["draws"] += ours.size
        found["values"] += len(np.unique(ours))
        found["audio_error"] = max(found["audio_error"], float(np.abs(audio - wanted).max()))
        errors = [float(np.abs(following[name] - expected[name]).max()) for name in expected if expected[name].size]
        found["state_error"] = max(found["state_error"], *errors)
        states = [following, expected]
    return found


def streams(path: str) -> dict[str, float]:
    """Three voices in blocks of every size; who plays changes, one is reset, and state moves between the runtimes."""
    decoders: list[Decoder] = [CudaDecoder(Path(path), False, THREADS), FusedDecoder(Path(path))]
    hop, dim = decoders[0].manifest.hop_samples, len(decoders[0].manifest.latents)
    unit = decoders[0].control_samples
    playing = [decoder.stream(3) for decoder in decoders]
    generator = np.random.default_rng(1)
    position, worst, silent = 0, 0.0, 0.0
    turns = [(2, (1, 1, 1)), (1, (1, 0, 1)), (3, (0, 1, 0)), (2, (1, 1, 1)), (1, (0, 0, 0)), (3, (1, 1, 0))]
    for turn, (units, active) in enumerate(turns):
        samples = units * unit
        frames = -(-(position % hop + samples) // hop)
        latents = generator.normal(0, 0.5, (3, dim, frames)).astype(np.float32)
        noise = generator.random((3, samples), dtype=np.float32)
        heat = np.array([0.7, 0.9, 1.0], np.float32)
        audio = np.zeros((2, 3, 1, samples), np.float32)
        for stream, to in zip(playing, audio, strict=True):
            stream.advance(latents, noise, heat, np.array(active, bool), to)
        worst = max(worst, float(np.abs(audio[0] - audio[1]).max()))
        silent = max(silent, float(np.abs(audio[0][~np.array(active, bool)]).max(initial=0)))
        position += samples
        if turn == 2:
            for stream in playing:
                stream.reset(1)
        if turn == 3:  # inside a frame; each goes on from the other's state
            saved = [stream.save() for stream in playing]
            playing[0].load(saved[1])
            playing[1].load(saved[0])
    ours, theirs = playing[0].save(), playing[1].save()
    assert ours.keys() == theirs.keys()
    error = max(float(np.abs(ours[name] - theirs[name]).max()) for name in theirs)
    return {"audio_error": worst, "state_error": error, "heard_of_silent": silent, "units": position / unit}


def share_memory_once() -> None:
    """Let one thread at a time look for its block's shared memory: the simulator's might each find none, and make their own."""
    found, lock = FakeCUDAShared.array, threading.Lock()

    def array(self: Any, *shape_and_type: Any) -> np.ndarray:
        with lock:
            return found(self, *shape_and_type)

    FakeCUDAShared.array = array  # pyright: ignore[reportAttributeAccessIssue]


if __name__ == "__main__":
    share_memory_once()
    sys.setswitchinterval(1e-5)  # the simulator's threads wait for each other at every barrier
    functions = {"decode": decode, "streams": streams}
    print(json.dumps([functions[name](*arguments) for name, arguments in json.loads(sys.argv[1])]))
