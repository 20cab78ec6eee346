"""Vector building blocks of the fused kernel, as LLVM instructions that numba compiles for whatever CPU it runs on.

Vectors are 16 float32 wide: one register with AVX-512, two with AVX2, four with NEON; LLVM splits them. Every function takes a
flat array and an offset, counted in floats, so that a caller needs no slices. Nothing here checks a bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16
TILE = 4 * LANES
"""Outputs that a weight tile makes at once: four accumulators hide the latency of a fused multiply-add."""

_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_VECTOR, _INTEGERS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)

LARGEST_SIGNAL, LARGEST_GATE = 15.0, 30.0
"""Where tanh and sigmoid are held: beyond them float32 knows no value but ± 1, or 1 and nearly 0."""
GATE_ERROR = 4e-7
EXPONENTIAL_ERROR = 3e-7
"""Largest absolute error of `gate`, and relative error of `exponentials` over [-87, 0]; a test measures both."""

# exp(r) for |r| <= ln(2) / 2: the polynomial of degree 6 through the Chebyshev nodes of that interval.
_HALF_LN2 = math.log(2) / 2
_NODES = _HALF_LN2 * np.cos((np.arange(7) + 0.5) * math.pi / 7)
_POLYNOMIAL = np.polynomial.polynomial.polyfit(_NODES, np.exp(_NODES), 6)
_LN2_HIGH = 0.693359375  # exact in 10 bits, so that its product with a small whole number is exact
_LN2_LOW = math.log(2) - _LN2_HIGH
_ROUNDER = 12582912.0  # 1.5 × 2^23: adding it leaves the nearest whole number in the low bits


def _data(context: Any, builder: ir.IRBuilder, kind: types.Array, value: Any, offset: Any) -> Any:
    """Pointer to element `offset` of a contiguous float32 array."""
    data = context.make_array(kind)(context, builder, value).data
    return builder.gep(data, [offset])


def _load(builder: ir.IRBuilder, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _store(builder: ir.IRBuilder, value: Any, pointer: Any) -> None:
    builder.store(value, builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _at(builder: ir.IRBuilder, pointer: Any, offset: int) -> Any:
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), offset)])


def _splat(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [ir.Constant(_FLOAT, float(np.float32(value)))] * LANES)


def _broadcast(builder: ir.IRBuilder, scalar: Any) -> Any:
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, _INT(0))
    return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), ir.Constant(_INTEGERS, [_INT(0)] * LANES))


def _multiply_add(builder: ir.IRBuilder, a: Any, b: Any, c: Any) -> Any:
    """a × b + c, fused where the CPU can."""
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f32")
    return builder.call(function, [a, b, c])


def _at_most(builder: ir.IRBuilder, a: Any, bound: float) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, _splat(bound)), a, _splat(bound))


def _at_least(builder: ir.IRBuilder, a: Any, bound: float) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, _splat(bound)), a, _splat(bound))


def _exponential(builder: ir.IRBuilder, x: Any) -> Any:
    """exp of a vector within [-87, 88]: 2^n times a polynomial of what is left."""
    shifted = _multiply_add(builder, x, _splat(1 / math.log(2)), _splat(_ROUNDER))
    whole = builder.fsub(shifted, _splat(_ROUNDER))
    rest = _multiply_add(builder, whole, _splat(-_LN2_HIGH), x)
    rest = _multiply_add(builder, whole, _splat(-_LN2_LOW), rest)
    result = _splat(_POLYNOMIAL[-1])
    for coefficient in _POLYNOMIAL[-2::-1]:
        result = _multiply_add(builder, result, rest, _splat(coefficient))
    shift = ir.Constant(_INTEGERS, [_INT(23)] * LANES)
    exponent = builder.shl(builder.bitcast(shifted, _INTEGERS), shift)
    return builder.bitcast(builder.add(builder.bitcast(result, _INTEGERS), exponent), _VECTOR)


def _loop(builder: ir.IRBuilder, count: Any, step: int, carried: list[Any], body: Callable[..., list[Any]]) -> list[Any]:
    """`for i in range(0, count, step): carried = body(i, *carried)`; returns what is carried out. count may be 0."""
    integer = count.type
    before = builder.basic_block
    head = builder.append_basic_block("vectors.head")
    inside = builder.append_basic_block("vectors.body")
    after = builder.append_basic_block("vectors.after")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(integer)
    values = [builder.phi(value.type) for value in carried]
    builder.cbranch(builder.icmp_signed("<", index, count), inside, after)
    builder.position_at_end(inside)
    results = body(index, *values)
    index.add_incoming(integer(0), before)
    index.add_incoming(builder.add(index, integer(step)), builder.basic_block)
    for phi, start, result in zip(values, carried, results, strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(result, builder.basic_block)
    builder.branch(head)
    builder.position_at_end(after)
    return values


def _make_accumulate(vectors: int) -> Callable[..., None]:
    @intrinsic
    def accumulate(typing_context, sums, sums_at, x, x_at, weights, weights_at, count):  # noqa: ANN001, ANN202
        signature = types.void(sums, types.intp, x, types.intp, weights, types.intp, types.intp)

        def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
            kinds = signature.args
            to = _data(context, builder, kinds[0], arguments[0], arguments[1])
            source = _data(context, builder, kinds[2], arguments[2], arguments[3])
            tile = _data(context, builder, kinds[4], arguments[4], arguments[5])
            starts = [_load(builder, _at(builder, to, i * LANES)) for i in range(vectors)]

            def body(index: Any, *totals: Any) -> list[Any]:
                value = _broadcast(builder, builder.load(builder.gep(source, [index])))
                row = builder.gep(tile, [builder.mul(index, index.type(vectors * LANES))])
                return [
                    _multiply_add(builder, _load(builder, _at(builder, row, i * LANES)), value, total)
                    for i, total in enumerate(totals)
                ]

            for i, total in enumerate(_loop(builder, arguments[6], 1, starts, body)):
                _store(builder, total, _at(builder, to, i * LANES))
            return context.get_dummy_value()

        return signature, generate

    return accumulate


accumulate_1 = _make_accumulate(1)
"""accumulate_n(sums, sums_at, x, x_at, weights, weights_at, count): sums[:16 n] += weights[count, 16 n].T @ x[:count]."""
accumulate_2 = _make_accumulate(2)
accumulate_4 = _make_accumulate(4)


@intrinsic
def gate(typing_context, pre, signal_at, gate_at, out, out_at, count):  # noqa: ANN001, ANN201
    """out[:count] = tanh(pre[signal_at:]) × sigmoid(pre[gate_at:]); count is a multiple of LANES.

    With p = exp(-2 a) and q = exp(-b) it is (1 - p) / ((1 + p) (1 + q)): two exponentials and one division.
    """
    signature = types.void(pre, types.intp, types.intp, out, types.intp, types.intp)

    def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
        kinds = signature.args
        signal = _data(context, builder, kinds[0], arguments[0], arguments[1])
        gates = _data(context, builder, kinds[0], arguments[0], arguments[2])
        to = _data(context, builder, kinds[3], arguments[3], arguments[4])
        one = _splat(1.0)

        def body(index: Any) -> list[Any]:
            a = _load(builder, builder.gep(signal, [index]))
            b = _load(builder, builder.gep(gates, [index]))
            a = _at_least(builder, _at_most(builder, a, LARGEST_SIGNAL), -LARGEST_SIGNAL)
            b = _at_least(builder, _at_most(builder, b, LARGEST_GATE), -LARGEST_GATE)
            p = _exponential(builder, builder.fmul(a, _splat(-2.0)))
            q = _exponential(builder, builder.fmul(b, _splat(-1.0)))
            bottom = builder.fmul(builder.fadd(one, p), builder.fadd(one, q))
            _store(builder, builder.fdiv(builder.fsub(one, p), bottom), builder.gep(to, [index]))
            return []

        _loop(builder, arguments[5], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def exponentials(typing_context, values, at, largest, scale, count):  # noqa: ANN001, ANN201
    """values[at:at + count] = exp((values - largest) × scale), the unnormalised softmax; count is a multiple of LANES."""
    signature = types.void(values, types.intp, types.float32, types.float32, types.intp)

    def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
        data = _data(context, builder, signature.args[0], arguments[0], arguments[1])
        shift, factor = _broadcast(builder, arguments[2]), _broadcast(builder, arguments[3])

        def body(index: Any) -> list[Any]:
            place = builder.gep(data, [index])
            x = builder.fmul(builder.fsub(_load(builder, place), shift), factor)
            _store(builder, _exponential(builder, _at_least(builder, x, -87.0)), place)
            return []

        _loop(builder, arguments[4], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate
