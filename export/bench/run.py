"""A run: which models in which runtimes, a fresh process for each pair, and what is made of what they report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import LatentoneError
from ..runtime.machine import cores, cpu_name
from .peak import PEAK_OF
from .worker import ONE_THREAD

RUNTIMES = {
    "pytorch": "PyTorch eager",
    "torchscript": "TorchScript",
    "onnx": "ONNX Runtime",
    "fused": "fused",
    "cuda": "fused on CUDA",
    "libtorch (raw)": "libtorch alone",
}
"""Names for people by those of flags and JSON. The last is for TorchScript models, beside our runtime."""
USUAL = ("pytorch", "torchscript", "onnx", "fused")
"""What is measured unless somebody names others: all that needs no GPU."""
TORCH = ("pytorch", "torchscript")
BLOCK_SAMPLES = 64
PATIENCE_S = 3.0
"""What is slower than real time is measured for so long, or for one block."""

Say = Callable[[str], object]


@dataclass(frozen=True)
class Model:
    """A file to measure."""

    path: Path
    size: str
    """`live`, or the name of a model that was given."""
    bands: int
    multiply_adds: float | None
    """Of one sample of one voice; None for a graph that only ONNX Runtime knows."""
    runtimes: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """What one runtime did with one model and so many voices. A sample is one of all voices at once."""

    runtime: str
    size: str
    bands: int
    voices: int
    sample_rate_hz: int
    us_per_sample: float
    times_real_time: float
    gflops: float | None
    share_of_peak: float | None
    """Of one core's, however many play: more than 1 where voices are spread over several."""
    block_ms: dict[str, float]
    """p50, p95, p99 and max."""
    memory_mb: float
    """By how much the process has grown since before the file was read; voices are measured one number after the other."""
    block_samples: int
    audio_s: float
    """Seconds of sound that it was measured over."""
    overhead_percent: float | None = None
    """By how much a block of our runtime takes longer than libtorch's alone, both medians; None for what is not compared."""


@dataclass
class Results:
    """All of a run, as `--json` prints it."""

    cpu: str
    cores: int
    peak_gflops: float
    threads: int = 1
    """Cores that the fused runtime may spread voices over; every other row is of one."""
    peak_of: str = PEAK_OF
    rows: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """What was not measured, and why; a line each."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure_peak(threads: int = 1) -> Results:
    """The machine's side of the results, without any rows."""
    [record] = _worker(task="peak")
    return Results(cpu_name(), cores(), record["peak_gflops"], threads)


def compile_kernel(path: Path, say: Say) -> None:
    """Have the fused kernel compiled before it is measured; `say` hears when that takes a while."""
    for record in _worker(task="warm", path=str(path)):
        if "say" in record:
            say(record["say"])


def measure_rows(results: Results, model: Model, runtime: str, voices: Sequence[int], audio_s: float) -> Iterator[Row]:
    """The rows of one model in one runtime, as they come; a refusal becomes a line of `left_out`."""
    task = {
        "path": str(model.path),
        "runtime": runtime,
        "voices": list(voices),
        "block_samples": BLOCK_SAMPLES,
        "audio_s": audio_s,
        "patience_s": PATIENCE_S,
        "threads": results.threads if runtime == "fused" else 1,
    }
    for record in _worker(task="rows", **task):
        if "error" in record:
            results.left_out.append(f"{model.size} in {RUNTIMES[runtime]}: {record['error']}")
            return
        gflops = None
        if model.multiply_adds is not None:
            gflops = 2e-3 * model.multiply_adds * record["voices"] / record["us_per_sample"]
        share = None if gflops is None else gflops / results.peak_gflops
        row = Row(runtime, model.size, model.bands, gflops=gflops, share_of_peak=share, **record)
        results.rows.append(row)
        yield row


def measure_script(
    results: Results, path: Path, audio_s: float, block_samples: int, sample_rate_hz: int | None = None
) -> None:
    """The rows of a TorchScript file. Raises LatentoneError where it does not play."""
    task = {"path": str(path), "block_samples": block_samples, "audio_s": audio_s, "patience_s": PATIENCE_S}
    for record in _worker(task="beside", sample_rate_hz=sample_rate_hz, **task):
        if "error" in record:
            raise LatentoneError(record["error"])
        results.rows.append(Row(size=path.stem, bands=1, gflops=None, share_of_peak=None, **record))


def measure_allocations(model: Model, voices: int, samples: int, threads: int = 1) -> dict[str, Any]:
    """What playing so many samples leaves behind, see `worker.allocations`. Raises LatentoneError for a refused model."""
    [record] = _worker(
        task="allocations",
        path=str(model.path),
        voices=voices,
        block_samples=BLOCK_SAMPLES,
        samples=samples,
        threads=threads,
    )
    if "error" in record:
        raise LatentoneError(record["error"])
    return {"size": model.size, "bands": model.bands, **record}


def _worker(**task: Any) -> Iterator[dict[str, Any]]:
    """The records of a worker as it prints them. Raises RuntimeError with its last words if it dies."""
    command = [sys.executable, "-m", f"{__package__}.worker", json.dumps(task)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **ONE_THREAD}
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                if line.startswith("{"):
                    yield json.loads(line)
            error = process.stderr.read()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        last = (error.strip().splitlines() or [f"status {process.returncode}"])[-1]
        raise RuntimeError(f"the process that measures died of: {last}")
