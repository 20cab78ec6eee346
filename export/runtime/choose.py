"""Which runtime plays a model fastest on this machine: a short measurement, remembered for the next time."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import onnxruntime
import platformdirs

from ..errors import LatentoneError
from . import Decoder
from .kernel_cache import source_digest
from .load import check_runtime, is_script, load_fused, load_onnx, load_torchscript
from .machine import cores, cpu_name
from .measure import measure
from .providers import AUTO, PROVIDERS

LIBRARIES = ("latentone", "numba", "llvmlite", "numba-cuda", "numpy", "onnxruntime")


@dataclass(frozen=True)
class Way:
    """One way to play a model."""

    runtime: str
    provider: str = "cpu"

    def __str__(self) -> str:
        return f"{'fused' if self.runtime == 'fused' else 'ONNX Runtime'} on {self.provider}"


@dataclass(frozen=True)
class Choice:
    """A decoder and how fast it was measured to be with all voices sounding."""

    decoder: Decoder
    times_real_time: float


@dataclass(frozen=True)
class _Finding:
    """What a measurement found, fastest first, and why other ways are closed."""

    ways: list[tuple[Way, float]]
    refused: list[str]

    def describe(self, *, remembered: bool) -> str:
        """For people: `1.9 × real time; ONNX Runtime on cpu 0.28 ×`."""
        (_, best), *others = self.ways
        parts = [f"{best:.2g} × real time" + " (as measured before)" * remembered]
        parts += [f"{way} {speed:.2g} ×" for way, speed in others]
        return "; ".join(parts + self.refused)


def choose_decoder(
    path: Path,
    runtime: str = "auto",
    provider: str = "auto",
    threads: int = 1,
    voices: int = 1,
    block_samples: int = 320,
    folder: Path | None = None,
    sample_rate_hz: int | None = None,
) -> Choice:
    """The decoder in `path`, in the runtime that was asked for or, for `auto`, the one measured to be fastest.

    Blocks until it is measured: about a second, and once for a CPU a quarter of a minute more while the fused kernel is compiled.
    What was found is kept in `folder`, the user's cache by default, for this CPU, file, voices and these libraries.
    sample_rate_hz: of a TorchScript file that does not say its own; only one runtime plays such a file.
    Raises LatentoneError, one line, when no runtime can play the file.
    """
    check_runtime(runtime, provider)
    if is_script(path, runtime, provider):
        return _choose_script(path, provider, threads, sample_rate_hz, voices, block_samples)
    ways = ways_to_play(runtime, provider)
    cache = _Cache(folder or platformdirs.user_cache_path("latentone") / "runtimes")
    key = _key(path, ways, threads, voices, block_samples)
    known = cache.read(key)
    if known is not None:
        way, speed = known.ways[0]
        try:
            decoder = _load(way, path, threads)
            if _started(way, decoder) == way or len(ways) == 1:
                return _told(decoder, speed, known, runtime, remembered=True)
        except LatentoneError:
            pass
        # What could play it then cannot now: look again.
    decoders, finding = _try(ways, path, lambda way: _load(way, path, threads), voices, block_samples)
    cache.write(key, finding)
    way, speed = finding.ways[0]
    return _told(decoders[way], speed, finding, runtime, remembered=False)


def _choose_script(
    path: Path, provider: str, threads: int, sample_rate_hz: int | None, voices: int, block_samples: int
) -> Choice:
    """`auto` measures every GPU that torch sees beside the CPU; a model that does not play there plays here."""
    decoder = load_torchscript(path, threads, sample_rate_hz, provider)
    best = Choice(decoder, measure(decoder, voices, block_samples).times_real_time)
    for gpu in decoder.gpus() if provider == "auto" else ():
        try:
            decoder = load_torchscript(path, threads, sample_rate_hz, gpu)
            found = Choice(decoder, measure(decoder, voices, block_samples).times_real_time)
        except (LatentoneError, RuntimeError):  # such as tensors that the model makes on the CPU whatever it is told
            continue
        best = max(best, found, key=lambda choice: choice.times_real_time)
    best.decoder.runtime += f", {best.times_real_time:.2g} × real time"
    return best


def ways_to_play(runtime: str, provider: str) -> list[Way]:
    """What to measure. Naming a provider and no runtime means ONNX Runtime, which has most of them."""
    if provider != "auto":
        return [Way("fused" if runtime == "fused" else "onnx", provider)]
    installed = onnxruntime.get_available_providers()
    accelerators = [name for name in AUTO if PROVIDERS[name].full_name in installed]
    fused = [Way("fused"), *(Way("fused", name) for name in accelerators if name == "cuda")]
    onnx = [Way("onnx", name) for name in ("cpu", *accelerators)]
    return {"fused": fused, "onnx": onnx, "auto": fused + onnx}[runtime]


def _load(way: Way, path: Path, threads: int) -> Decoder:
    if way.runtime == "fused":
        return load_fused(path, threads, way.provider)
    return load_onnx(path, way.provider, threads)


def _try(
    ways: list[Way], path: Path, load: Callable[[Way], Decoder], voices: int, block_samples: int
) -> tuple[dict[Way, Decoder], _Finding]:
    """Load and measure each way; raises the last error where none is open."""
    decoders: dict[Way, Decoder] = {}
    speeds: list[tuple[Way, float]] = []
    refused: list[str] = []
    for way in ways:
        try:
            decoder = load(way)
        except LatentoneError as error:
            if len(refused) + 1 == len(ways):
                raise
            refused.append(str(error).removeprefix(f"{path}: "))
            continue
        # A provider that did not start left its place to the CPU, which is measured as itself.
        started = _started(way, decoder)
        if started != way and started in ways:
            continue
        try:
            speed = measure(decoder, voices, block_samples).times_real_time
        except Exception as error:  # whatever a runtime throws, another may play
            if not speeds and way == ways[-1]:
                raise LatentoneError(f"{path}: {way} fails while it plays ({type(error).__name__}: {error})") from None
            refused.append(f"{way} fails while it plays ({type(error).__name__})")
            continue
        decoders[way] = decoder
        speeds.append((way, speed))
    return decoders, _Finding(sorted(speeds, key=lambda item: -item[1]), refused)


def _started(way: Way, decoder: Decoder) -> Way:
    """The way that `decoder` really plays: a provider that did not start has left its place to the CPU."""
    return Way(way.runtime, getattr(decoder, "provider", way.provider))


def _told(decoder: Decoder, speed: float, finding: _Finding, runtime: str, *, remembered: bool) -> Choice:
    decoder.runtime += (", auto: " if runtime == "auto" else ", ") + finding.describe(remembered=remembered)
    return Choice(decoder, speed)


def _key(path: Path, ways: list[Way], threads: int, voices: int, block_samples: int) -> str:
    """A name for all that speed depends on. Raises LatentoneError for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            model = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise LatentoneError(f"{path}: no such model file") from None
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be read ({error.strerror})") from None
    versions = {name: _version(name) for name in LIBRARIES} | {"kernel": source_digest()}
    facts = [cpu_name(), cores(), versions, model, [asdict(way) for way in ways], threads, voices, block_samples]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _version(library: str) -> str:
    try:
        return onnxruntime.__version__ if library == "onnxruntime" else version(library)
    except PackageNotFoundError:
        return ""


class _Cache:
    """Findings, a file each. What cannot be read is not there, and what cannot be written is measured again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> _Finding | None:
        try:
            record: dict[str, Any] = json.loads(self._file(key).read_text(encoding="utf-8"))
            ways = [(Way(str(item["runtime"]), str(item["provider"])), float(item["speed"])) for item in record["ways"]]
            return _Finding(ways, [str(reason) for reason in record["refused"]]) if ways else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, key: str, finding: _Finding) -> None:
        ways = [{**asdict(way), "speed": speed} for way, speed in finding.ways]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Whole or not at all, whoever else is writing.
            handle, partial = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"ways": ways, "refused": finding.refused}, file)
            Path(partial).replace(self._file(key))
        except OSError:
            return

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.json"
