"""Training takes its memory from what the step before it freed; if not, it takes twice as long."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

FAULTS_OF_THE_LAST = """
import resource
import torch
from latentone.models.allocator import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

keep_freed_memory()
for _ in range(12):
    before = faults()
    torch.ones(64, 2**20).sum()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each large block back")
def test_after_a_few_large_tensors_the_next_takes_their_memory() -> None:
    """Now and then glibc maps the large blocks of a process all the same, from its first to its last; not of three in a row."""
    pages = 64 * 2**20 * 4 // os.sysconf("SC_PAGE_SIZE")
    assert any(faults_of_the_last() < pages // 100 for _ in range(3))


def faults_of_the_last() -> int:
    """Page faults of the last tensor of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS_OF_THE_LAST], capture_output=True, text=True, timeout=120, check=True
    )
    return int(done.stdout)
