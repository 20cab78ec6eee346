"""The most that one core can compute: a product of matrices that stay in its caches."""

from __future__ import annotations

import time

import numpy as np

SIDES = (128, 192, 256, 384)
SECONDS_A_SIDE = 0.4
PEAK_OF = "a float32 matrix product by NumPy's BLAS on one thread"


def measure_peak() -> float:
    """GFLOP/s of the fastest product of square float32 matrices; two operations a multiply-add."""
    return max(_gflops(side) for side in SIDES)


def _gflops(side: int) -> float:
    generator = np.random.default_rng(0)
    a, b = generator.random((2, side, side), dtype=np.float32)
    c = np.zeros((side, side), np.float32)
    repeats = max(1, 20_000_000 // side**3)
    best_s, until_s = float("inf"), time.perf_counter() + SECONDS_A_SIDE
    while time.perf_counter() < until_s:
        began_s = time.perf_counter()
        for _ in range(repeats):
            np.matmul(a, b, out=c)
        best_s = min(best_s, (time.perf_counter() - began_s) / repeats)
    return 2e-9 * side**3 / best_s
