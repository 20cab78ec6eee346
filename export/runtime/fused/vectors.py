"""Vectors for the fused kernel, as LLVM instructions that numba compiles for whatever CPU it runs on.

They are 16 float32 wide: one register with AVX-512, two with AVX2, four with NEON; LLVM splits them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba.core import cgutils, types

LANES = 16
TILE = 4 * LANES
"""Outputs that a weight tile makes at once: four accumulators hide the latency of a fused multiply-add."""
WIDE_REGISTERS = bool(get_host_cpu_features().get("avx512f"))
"""Whether a whole vector fits one of 32 registers; elsewhere fewer sums at once keep them all in registers."""

_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
VECTOR, _INTEGERS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)

# exp(r) for |r| <= ln(2) / 2: the polynomial of degree 6 through the Chebyshev nodes of that interval.
_HALF_LN2 = math.log(2) / 2
_NODES = _HALF_LN2 * np.cos((np.arange(7) + 0.5) * math.pi / 7)
_POLYNOMIAL = np.polynomial.polynomial.polyfit(_NODES, np.exp(_NODES), 6)
_LN2_HIGH = 0.693359375  # exact in 10 bits, so that its product with a small whole number is exact
_LN2_LOW = math.log(2) - _LN2_HIGH
_ROUNDER = 12582912.0  # 1.5 × 2^23: adding it leaves the nearest whole number in the low bits


def data_at(context: Any, builder: ir.IRBuilder, kind: types.Array, value: Any, offset: Any) -> Any:
    """Pointer to element `offset` of a contiguous float32 array."""
    data = context.make_array(kind)(context, builder, value).data
    return builder.gep(data, [offset])


def load(builder: ir.IRBuilder, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, VECTOR.as_pointer()), align=4)


def store(builder: ir.IRBuilder, value: Any, pointer: Any) -> None:
    builder.store(value, builder.bitcast(pointer, VECTOR.as_pointer()), align=4)


def place_at(builder: ir.IRBuilder, pointer: Any, offset: int) -> Any:
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), offset)])


def splat(value: float) -> ir.Constant:
    return ir.Constant(VECTOR, [ir.Constant(_FLOAT, float(np.float32(value)))] * LANES)


def broadcast(builder: ir.IRBuilder, scalar: Any) -> Any:
    first = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), scalar, _INT(0))
    return builder.shuffle_vector(first, ir.Constant(VECTOR, ir.Undefined), ir.Constant(_INTEGERS, [_INT(0)] * LANES))


def multiply_add(builder: ir.IRBuilder, a: Any, b: Any, c: Any) -> Any:
    """a × b + c, fused where the CPU can."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f32")
    return builder.call(function, [a, b, c])


def at_most(builder: ir.IRBuilder, a: Any, bound: float) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, splat(bound)), a, splat(bound))


def at_least(builder: ir.IRBuilder, a: Any, bound: float) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, splat(bound)), a, splat(bound))


def across(builder: ir.IRBuilder, vector: Any, combine: Callable[[ir.IRBuilder, Any, Any], Any]) -> Any:
    """The one number that `combine` makes of a vector's lanes, half onto half."""
    width = LANES
    while width > 1:
        width //= 2
        places = ir.Constant(_INTEGERS, [_INT((lane + width) % LANES) for lane in range(LANES)])
        vector = combine(builder, vector, builder.shuffle_vector(vector, vector, places))
    return builder.extract_element(vector, _INT(0))


def exponential(builder: ir.IRBuilder, x: Any) -> Any:
    """exp of a vector within [-87, 88]: 2^n times a polynomial of what is left."""
    shifted = multiply_add(builder, x, splat(1 / math.log(2)), splat(_ROUNDER))
    whole = builder.fsub(shifted, splat(_ROUNDER))
    rest = multiply_add(builder, whole, splat(-_LN2_HIGH), x)
    rest = multiply_add(builder, whole, splat(-_LN2_LOW), rest)
    result = splat(_POLYNOMIAL[-1])
    for coefficient in _POLYNOMIAL[-2::-1]:
        result = multiply_add(builder, result, rest, splat(coefficient))
    shift = ir.Constant(_INTEGERS, [_INT(23)] * LANES)
    exponent = builder.shl(builder.bitcast(shifted, _INTEGERS), shift)
    return builder.bitcast(builder.add(builder.bitcast(result, _INTEGERS), exponent), VECTOR)


def loop(
    builder: ir.IRBuilder, first: Any, end: Any, step: int, carried: list[Any], body: Callable[..., list[Any]]
) -> list[Any]:
    """`for i in range(first, end, step): carried = body(i, *carried)`; returns what is carried out."""
    integer = end.type
    before = builder.basic_block
    head = builder.append_basic_block("vectors.head")
    inside = builder.append_basic_block("vectors.body")
    after = builder.append_basic_block("vectors.after")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(integer)
    values = [builder.phi(value.type) for value in carried]
    builder.cbranch(builder.icmp_signed("<", index, end), inside, after)
    builder.position_at_end(inside)
    results = body(index, *values)
    index.add_incoming(first, before)
    index.add_incoming(builder.add(index, integer(step)), builder.basic_block)
    for phi, start, result in zip(values, carried, results, strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(result, builder.basic_block)
    builder.branch(head)
    builder.position_at_end(after)
    return values
