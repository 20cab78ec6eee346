"""A matrix product shared out over the threads of a block: every group of threads takes some rows, every thread a quad of columns.

Nothing here waits: between a product and the sums of its parts lies a barrier, which is the caller's.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .halves import half as half_of

_SINGLE = np.uint64(0xFFFFFFFF)
_ZERO = np.float32(0.0)


@cuda.jit(device=True)
def _single(word, shift):
    """The float32 that lies `shift` bits up in a word."""
    return np.uint32((word >> np.uint64(shift)) & _SINGLE).view(np.float32)


@cuda.jit(device=True)
def rows_of_quad(half, words, at, s, x_at, first, count, quads, quad, a, b, c, d):
    """(a, b, c, d) plus s[x_at:] times rows first … first + count of the matrix at words[at:], in the columns of one quad."""
    for i in range(count):
        x = s[x_at + first + i]
        place = (first + i) * quads + quad
        if half:
            word = words[at + place]
            a += x * half_of(word, 0)
            b += x * half_of(word, 16)
            c += x * half_of(word, 32)
            d += x * half_of(word, 48)
        else:
            word, other = words[at + 2 * place], words[at + 2 * place + 1]
            a += x * _single(word, 0)
            b += x * _single(word, 32)
            c += x * _single(other, 0)
            d += x * _single(other, 32)
    return a, b, c, d


@cuda.jit(device=True)
def product(half, words, at, starts, starts_at, s, x_at, rows, columns, groups, partial, thread, threads):
    """s[partial:] (groups, columns): each group's part of starts[starts_at:] + s[x_at:] @ W, W (rows, columns) at words[at:]."""
    quads = columns // 4
    count = rows // groups
    for item in range(thread, groups * quads, threads):
        group = item // quads
        quad = item - group * quads
        a, b, c, d = _ZERO, _ZERO, _ZERO, _ZERO
        if group == 0:
            a, b = starts[starts_at + quad], starts[starts_at + quads + quad]
            c, d = starts[starts_at + 2 * quads + quad], starts[starts_at + 3 * quads + quad]
        a, b, c, d = rows_of_quad(half, words, at, s, x_at, group * count, count, quads, quad, a, b, c, d)
        to = partial + group * columns + quad
        s[to], s[to + quads], s[to + 2 * quads], s[to + 3 * quads] = a, b, c, d


@cuda.jit(device=True)
def product_of_two(half, words, at, starts, starts_at, s, x_at, y_at, rows, columns, groups, partial, thread, threads):
    """`product` with two x in turn: s[x_at:] @ W[:rows] + s[y_at:] @ W[rows:], W (2 rows, columns)."""
    quads = columns // 4
    count = rows // groups
    second = at + rows * quads * (1 if half else 2)
    for item in range(thread, groups * quads, threads):
        group = item // quads
        quad = item - group * quads
        a, b, c, d = _ZERO, _ZERO, _ZERO, _ZERO
        if group == 0:
            a, b = starts[starts_at + quad], starts[starts_at + quads + quad]
            c, d = starts[starts_at + 2 * quads + quad], starts[starts_at + 3 * quads + quad]
        a, b, c, d = rows_of_quad(half, words, at, s, x_at, group * count, count, quads, quad, a, b, c, d)
        a, b, c, d = rows_of_quad(half, words, second, s, y_at, group * count, count, quads, quad, a, b, c, d)
        to = partial + group * columns + quad
        s[to], s[to + quads], s[to + 2 * quads], s[to + 3 * quads] = a, b, c, d


@cuda.jit(device=True)
def total(s, partial, column, columns, groups):
    """One column of a product, from its parts."""
    value = s[partial + column]
    for group in range(1, groups):
        value += s[partial + group * columns + column]
    return value
