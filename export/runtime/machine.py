"""What kind of machine this is, as far as speed depends on it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from llvmlite import binding


def cpu_name() -> str:
    """The CPU's name, for people, and what LLVM calls its kind: `AMD EPYC (znver4)`."""
    return f"{_name() or platform.machine()} ({binding.get_host_cpu_name()})"


def _name() -> str:
    try:
        if platform.system() == "Darwin":
            asked = subprocess.run(
                ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=True, timeout=5
            )
            return asked.stdout.strip()
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, subprocess.SubprocessError, StopIteration):
        return platform.processor()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
