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
from llvmlite.binding import get_host_cpu_features
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16
TILE = 4 * LANES
"""Outputs that a weight tile makes at once: four accumulators hide the latency of a fused multiply-add."""
_WIDE_REGISTERS = bool(get_host_cpu_features().get("avx512f"))
"""Whether a whole vector fits one of 32 registers; elsewhere fewer sums at once keep them all in registers."""

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


def _loop(
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


def _make_accumulate(vectors: int, ways: int, voices: int, stride: int) -> Callable[..., None]:
    """A micro-kernel: `vectors` × 16 columns for one, two or four x, each in `ways` interleaved sums over the rows.

    stride: floats from one row of the weights to the next.
    """

    @intrinsic
    def accumulate(typing_context, memory, sums_at, x_at, sums_apart, x_apart, weights, weights_at, count):
        place = types.intp
        signature = types.void(memory, place, place, place, place, weights, place, place)

        def generate(context, builder, signature, arguments):
            kinds = signature.args
            to = [_data(context, builder, kinds[0], arguments[0], arguments[1])]
            source = [_data(context, builder, kinds[0], arguments[0], arguments[2])]
            for _ in range(voices - 1):
                to.append(builder.gep(to[-1], [arguments[3]]))
                source.append(builder.gep(source[-1], [arguments[4]]))
            tile = _data(context, builder, kinds[5], arguments[5], arguments[6])
            count = arguments[7]
            columns = range(vectors)

            def add_row(index: Any, totals: list[Any]) -> list[Any]:
                row = builder.gep(tile, [builder.mul(index, index.type(stride))])
                weights = [_load(builder, _at(builder, row, i * LANES)) for i in columns]
                added = []
                for voice in range(voices):
                    value = _broadcast(builder, builder.load(builder.gep(source[voice], [index])))
                    added += [_multiply_add(builder, weights[i], value, totals[voice * vectors + i]) for i in columns]
                return added

            def body(index: Any, *totals: Any) -> list[Any]:
                n, results = voices * vectors, []
                for way in range(ways):
                    results += add_row(builder.add(index, index.type(way)), list(totals[way * n : (way + 1) * n]))
                return results

            zero = _splat(0.0)
            starts = [_load(builder, _at(builder, to[v], i * LANES)) for v in range(voices) for i in columns]
            whole = builder.and_(count, count.type(-ways))
            totals = _loop(builder, count.type(0), whole, ways, starts + [zero] * (len(starts) * (ways - 1)), body)
            sums_of_ways = totals[: len(starts)]
            for way in range(1, ways):
                parts = totals[way * len(starts) : (way + 1) * len(starts)]
                sums_of_ways = [builder.fadd(a, b) for a, b in zip(sums_of_ways, parts, strict=True)]
            if ways > 1:
                sums_of_ways = _loop(builder, whole, count, 1, sums_of_ways, lambda index, *t: add_row(index, list(t)))
            for v in range(voices):
                for i in columns:
                    _store(builder, sums_of_ways[v * vectors + i], _at(builder, to[v], i * LANES))
            return context.get_dummy_value()

        return signature, generate

    return accumulate


PAIR_COLUMNS = 4 * LANES if _WIDE_REGISTERS else 2 * LANES
"""Columns of a tile that two take at once, and four: what the CPU's vector registers hold."""
FOUR_COLUMNS = 4 * LANES if _WIDE_REGISTERS else LANES

accumulate_4 = _make_accumulate(4, 1, 1, TILE)
"""accumulate_n(memory, sums_at, x_at, sums_apart, x_apart, weights, weights_at, count): memory[sums_at:][:16 n] +=
memory[x_at:][:count] @ weights (count, 16 n). A pair does the same for a second x, whose sums and x lie so far apart
from the first's; four for three more, all equally far apart. Columns of one tile are summed in the same order by all of them, so
that a voice draws the same samples however many play."""
accumulate_2 = _make_accumulate(2, 2, 1, 2 * LANES)
accumulate_1 = _make_accumulate(1, 4, 1, LANES)
pair_of_tile = _make_accumulate(PAIR_COLUMNS // LANES, 1, 2, TILE)
pair_2 = _make_accumulate(2, 2, 2, 2 * LANES)
pair_1 = _make_accumulate(1, 4, 2, LANES)
four_of_tile = _make_accumulate(FOUR_COLUMNS // LANES, 1, 4, TILE)


@intrinsic
def gate(typing_context, memory, signal_at, gate_at, out_at, count):
    """memory[out_at:] = tanh(memory[signal_at:]) × sigmoid(memory[gate_at:]), `count` of them, a multiple of LANES.

    With p = exp(-2 a) and q = exp(-b) it is (1 - p) / ((1 + p) (1 + q)): two exponentials and one division.
    """
    signature = types.void(memory, types.intp, types.intp, types.intp, types.intp)

    def generate(context, builder, signature, arguments):
        kinds = signature.args
        signal = _data(context, builder, kinds[0], arguments[0], arguments[1])
        gates = _data(context, builder, kinds[0], arguments[0], arguments[2])
        to = _data(context, builder, kinds[0], arguments[0], arguments[3])
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

        _loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def exponentials(typing_context, values, at, largest, scale, count):
    """values[at:at + count] = exp((values - largest) × scale), the unnormalised softmax; count is a multiple of LANES."""
    signature = types.void(values, types.intp, types.float32, types.float32, types.intp)

    def generate(context, builder, signature, arguments):
        data = _data(context, builder, signature.args[0], arguments[0], arguments[1])
        shift, factor = _broadcast(builder, arguments[2]), _broadcast(builder, arguments[3])

        def body(index: Any) -> list[Any]:
            place = builder.gep(data, [index])
            x = builder.fmul(builder.fsub(_load(builder, place), shift), factor)
            _store(builder, _exponential(builder, _at_least(builder, x, -87.0)), place)
            return []

        _loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy(typing_context, to, to_at, source, source_at, count):
    """to[to_at:] = source[source_at:], `count` of them, a multiple of LANES."""
    signature = types.void(to, types.intp, source, types.intp, types.intp)

    def generate(context, builder, signature, arguments):
        into = _data(context, builder, signature.args[0], arguments[0], arguments[1])
        out_of = _data(context, builder, signature.args[2], arguments[2], arguments[3])

        def body(index: Any) -> list[Any]:
            values = _load(builder, builder.gep(out_of, [index]))
            _store(builder, values, builder.gep(into, [index]))
            return []

        _loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate


def _make_elementwise(compute: Callable[..., Any]) -> Callable[..., None]:
    """A function (memory, to_at, a_at, b_at, count): memory[to_at:] = compute(memory[a_at:], memory[b_at:])."""

    @intrinsic
    def elementwise(typing_context, memory, to_at, a_at, b_at, count):
        signature = types.void(memory, *[types.intp] * 4)

        def generate(context, builder, signature, arguments):
            places = [_data(context, builder, signature.args[0], arguments[0], offset) for offset in arguments[1:4]]

            def body(index: Any) -> list[Any]:
                to, a, b = (builder.gep(place, [index]) for place in places)
                _store(builder, compute(builder, _load(builder, a), _load(builder, b)), to)
                return []

            _loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
            return context.get_dummy_value()

        return signature, generate

    return elementwise


add = _make_elementwise(lambda builder, a, b: builder.fadd(a, b))
"""add(memory, to_at, a_at, b_at, count): sums, `count` of them, a multiple of LANES."""
rectify = _make_elementwise(lambda builder, a, b: _at_least(builder, a, 0.0))
"""rectify(memory, to_at, a_at, a_at, count): the positive part; `count` a multiple of LANES."""
clear = _make_elementwise(lambda builder, a, b: _splat(0.0))
"""clear(memory, to_at, to_at, to_at, count): zeros; `count` a multiple of LANES."""
