"""The kernel's approximations keep what their module promises."""

# pyright: reportCallIssue=false
# An intrinsic is written with a typing context first, which those who call it do not give.
from __future__ import annotations

import numpy as np
import pytest
from latentone.export.runtime.fused import elementwise, micro_kernels
from latentone.export.runtime.fused.compiled import COMPILE
from latentone.export.runtime.fused.weights import tiles
from numba import njit

gate, exponentials = elementwise.gate, elementwise.exponentials
accumulate_1, accumulate_2 = micro_kernels.accumulate_1, micro_kernels.accumulate_2
accumulate_4 = micro_kernels.accumulate_4


@njit(fastmath=COMPILE["fastmath"])
def gated(memory: np.ndarray, count: int) -> None:
    gate(memory, 0, count, 2 * count, count)


@njit(fastmath=COMPILE["fastmath"])
def exponentiated(values: np.ndarray) -> None:
    exponentials(values, 0, np.float32(0.0), np.float32(1.0), len(values))


@njit(fastmath=COMPILE["fastmath"])
def multiplied(memory: np.ndarray, weights: np.ndarray, rows: int, columns: int) -> None:
    if columns == 64:
        accumulate_4(memory, 0, 64, 0, 0, weights, 0, rows)
    elif columns == 32:
        accumulate_2(memory, 0, 64, 0, 0, weights, 0, rows)
    else:
        accumulate_1(memory, 0, 64, 0, 0, weights, 0, rows)


def test_the_gate_is_tanh_times_sigmoid() -> None:
    count = 1 << 20
    generator = np.random.default_rng(0)
    memory = np.zeros(3 * count, np.float32)
    memory[:count] = np.linspace(-40, 40, count)
    memory[count : 2 * count] = generator.uniform(-40, 40, count)
    gated(memory, count)
    signal, gates = memory[:count].astype(np.float64), memory[count : 2 * count].astype(np.float64)
    error = np.abs(memory[2 * count :] - np.tanh(signal) / (1 + np.exp(-gates))).max()
    assert error <= elementwise.GATE_ERROR


def test_the_exponential_holds_over_its_range() -> None:
    values = np.linspace(-86.9, 0, 1 << 20, dtype=np.float32)
    wanted = np.exp(values.astype(np.float64))
    exponentiated(values)
    assert np.abs(values / wanted - 1).max() <= elementwise.EXPONENTIAL_ERROR


@pytest.mark.parametrize("columns", [16, 32, 64])
@pytest.mark.parametrize("rows", [1, 2, 7, 64])
def test_a_tile_is_a_matrix_product(columns: int, rows: int) -> None:
    generator = np.random.default_rng(rows)
    memory = generator.normal(0, 1, 64 + 64).astype(np.float32)
    matrix = generator.normal(0, 1, (rows, columns)).astype(np.float32)
    wanted = memory[:columns] + memory[64 : 64 + rows] @ matrix
    multiplied(memory, tiles(matrix), rows, columns)
    np.testing.assert_allclose(memory[:columns], wanted, atol=1e-5)
