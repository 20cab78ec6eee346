"""The process that measures: one runtime, one file, fresh, so that nothing measured before is in its memory.

It stays on one core, or on as many as threads are asked for.

Started as `python -m latentone.export.bench.worker`, with a task as JSON in its argument; prints JSON, one record a line.
"""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from ..errors import LatentoneError
from ..runtime.kernel_cache import use_kernel_cache
from ..runtime.measure import Material, Measurable, Measured, measure

ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMBA_NUM_THREADS",
    )
}
"""Set for the process, which the libraries read when they are loaded."""
MODULES = {
    "pytorch": ".torch_runtimes",
    "torchscript": ".torch_runtimes",
    "onnx": "..runtime.onnx",
    "fused": "..runtime.fused",
    "cuda": "..runtime.cuda",
}
"""The code of each runtime: loaded before memory is looked at, so that what comes after is the model's."""
IDLE_SEARCH_S = 0.2
WARM_BLOCKS = 100
MEGABYTE = 1e6


def main(task: dict[str, Any]) -> None:
    """Do a task: `peak`, or `warm`, `rows`, `beside` and `allocations` with their arguments. A refusal is a record `error`."""
    _stay_on(task.get("threads", 1))
    use_kernel_cache()
    work: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {
        "peak": peak,
        "warm": warm,
        "rows": rows,
        "beside": beside,
        "allocations": allocations,
    }
    try:
        for record in work[task.pop("task")](**task):
            _print(record)
    except LatentoneError as error:
        _print({"error": str(error)})


def peak() -> Iterator[dict[str, Any]]:
    """What the core can do at most."""
    from .peak import measure_peak

    yield {"peak_gflops": measure_peak()}


def warm(path: str) -> Iterator[dict[str, Any]]:
    """Have the fused kernel compiled, so that no row's memory holds a compiler; says when that takes a while."""
    from ..runtime.compiling import COMPILING, announced

    decoder = open_runtime("fused", Path(path))
    with announced(lambda: _print({"say": COMPILING})):
        measure(decoder, 1, audio_s=0.0)
    yield {"say": ""}


def rows(
    runtime: str, path: str, voices: list[int], block_samples: int, audio_s: float, patience_s: float, threads: int
) -> Iterator[dict[str, Any]]:
    """A record for every number of voices. Memory is that of the process, less what it was before the file was read."""
    import_module(MODULES[runtime], __package__)
    before = _resident()
    decoder = open_runtime(runtime, Path(path), threads)
    for count in voices:
        found = measure(decoder, count, block_samples, audio_s=audio_s, patience_s=patience_s)
        yield _record(found, before)


def beside(
    path: str, block_samples: int, audio_s: float, patience_s: float, sample_rate_hz: int | None
) -> Iterator[dict[str, Any]]:
    """A TorchScript model in our runtime, and called by itself: a record each."""
    from .script import measure_beside

    before = _resident()
    ours, libtorch, more = measure_beside(Path(path), block_samples, audio_s, patience_s, sample_rate_hz)
    yield {"runtime": "torchscript", "overhead_percent": more, **_record(ours, before)}
    yield {"runtime": "libtorch (raw)", **_record(libtorch, before)}


def _record(found: Measured, before: int) -> dict[str, Any]:
    """before: bytes of memory that the process held before the file was read."""
    return {
        "voices": found.voices,
        "sample_rate_hz": found.sample_rate_hz,
        "us_per_sample": found.us_per_sample,
        "times_real_time": found.times_real_time,
        "block_ms": {
            "p50": found.block_ms(50),
            "p95": found.block_ms(95),
            "p99": found.block_ms(99),
            "max": found.block_ms(100),
        },
        "memory_mb": (_resident() - before) / MEGABYTE,
        "block_samples": found.block_samples,
        "audio_s": found.audio_s,
    }


def allocations(path: str, voices: int, block_samples: int, samples: int, threads: int) -> Iterator[dict[str, Any]]:
    """What Python holds after `samples` of the fused runtime's stream that it did not hold after the first blocks."""
    decoder = open_runtime("fused", Path(path), threads)
    frames = -(-block_samples // decoder.manifest.hop_samples)
    block_samples = frames * decoder.manifest.hop_samples
    material, stream = Material(decoder.manifest, voices, frames), decoder.stream(voices)

    def play(blocks: int) -> None:
        for index in range(blocks):
            material.show(index)
            stream.advance(material.latents, material.noise, material.temperature, material.active, material.audio)

    blocks = -(-samples // block_samples)
    tracemalloc.start()
    play(WARM_BLOCKS)
    resident = _resident()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    play(blocks)
    after, highest = tracemalloc.get_traced_memory()
    resident_after = _resident()
    tracemalloc.stop()
    yield {
        "voices": voices,
        "samples": blocks * block_samples,
        "block_samples": block_samples,
        "grown_bytes": after - before,
        "peak_bytes": highest - before,
        "resident_grown_bytes": resident_after - resident,
    }


def open_runtime(runtime: str, path: Path, threads: int = 1) -> Measurable:
    """A decoder to measure; threads: cores for voices of the fused runtime.

    Raises LatentoneError where the runtime cannot play the file.
    """
    from ..runtime.load import load_fused, load_onnx

    if runtime == "fused":
        return load_fused(path, threads)
    if runtime == "cuda":
        from ..runtime.cuda import CudaDecoder

        return CudaDecoder(path)
    if runtime == "onnx":
        return load_onnx(path, "cpu")
    from .torch_runtimes import EagerStream, ScriptedStream, TorchDecoder

    return TorchDecoder(path, EagerStream if runtime == "pytorch" else ScriptedStream)


def _stay_on(count: int) -> None:
    """On the idlest cores, where the system lets a process choose."""
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # not on macOS
        cores = process.cpu_affinity()
        busy = psutil.cpu_percent(IDLE_SEARCH_S, percpu=True)
        process.cpu_affinity(sorted(cores, key=lambda core: busy[core])[:count])


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return psutil.Process().memory_info().rss


def _print(record: dict[str, Any]) -> None:
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
