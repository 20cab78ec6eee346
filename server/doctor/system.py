"""Probes of the machine: what is installed, whether real time is granted, and whether the kernel is compiled."""

from __future__ import annotations

import os
import platform
import sys
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...export.runtime.kernel_cache import use_kernel_cache
from .. import priority
from .finding import Finding

NEEDED = (
    "numpy", "numba", "sounddevice", "soundfile", "soxr", "python-osc", "mido", "python-rtmidi", "aiohttp", "zeroconf",
)  # fmt: skip
ONNX_RUNTIMES = ("onnxruntime-gpu", "onnxruntime", "onnxruntime-directml")


def installed() -> Finding:
    """Versions of what playing needs."""
    versions = {name: _version(name) for name in ("latentone", *NEEDED)}
    runtimes = {name: found for name in ONNX_RUNTIMES if (found := _version(name)) is not None}
    missing = [name for name, found in versions.items() if found is None] + ["onnxruntime"] * (not runtimes)
    facts = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "versions": {**versions, **runtimes},
    }
    says = [
        f"latentone {versions['latentone']}, Python {facts['python']}, {facts['cores']} cores, {facts['system']}",
        ", ".join(
            f"{name} {found}" for name, found in {**runtimes, **versions}.items() if found and name != "latentone"
        ),
    ]
    change = [f"pip install {' '.join(missing)}"] if missing else []
    if len(runtimes) > 1:
        change.append(
            f"{' and '.join(runtimes)} overwrite each other: pip uninstall all but one, and install that again"
        )
    state = "fault" if missing else "advice" if change else "ok"
    return Finding("installed", state, says, change, facts)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def real_time() -> Finding:
    """Whether a thread of this session may run before others."""
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(priority.ask()))
    thread.start()
    thread.join()
    facts = {"granted": said == [""], **_limits()}
    if facts["granted"]:
        return Finding("real time", "ok", ["granted to the engine's thread"], facts=facts)
    why, _, remedy = said[0].partition("; ")
    return Finding("real time", "advice", [why], [remedy] if remedy else [], facts)


def _limits() -> dict[str, int | None]:
    if sys.platform != "linux":
        return {}
    import resource

    limits = {"rtprio": resource.RLIMIT_RTPRIO, "nice": resource.RLIMIT_NICE, "memlock_bytes": resource.RLIMIT_MEMLOCK}
    readings = {name: resource.getrlimit(which)[0] for name, which in limits.items()}
    return {name: None if value == resource.RLIM_INFINITY else value for name, value in readings.items()}


def kernel() -> Finding:
    """Whether the fused kernel has been compiled for this CPU and version."""
    import numba
    from numba.core import config

    use_kernel_cache()
    folder = Path(config.CACHE_DIR)  # pyright: ignore[reportAttributeAccessIssue]
    files = list(folder.rglob("*.nbc"))
    size_mb = sum(file.stat().st_size for file in files) / 1e6
    facts = {"folder": str(folder), "compiled_functions": len(files), "writable": os.access(folder, os.W_OK)}
    where = f"numba {numba.__version__}, cache {folder}"
    if not facts["writable"]:
        change = f"let your user write to {folder}: until then the kernel is compiled at every start"
        return Finding("kernel", "advice", [f"{where} cannot be written"], [change], facts)
    if not files:
        says = f"{where}: nothing yet, so the first start compiles for about a quarter of a minute"
        return Finding("kernel", "ok", [says], facts=facts)
    return Finding("kernel", "ok", [f"compiled: {where}, {size_mb:.1f} MB"], facts=facts)
