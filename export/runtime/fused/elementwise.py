"""What the kernel does to vectors element by element: gates, exponentials, sums, copies.

Every function takes a flat array and offsets, counted in floats. Nothing checks a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import intrinsic

from .vectors import LANES, across, at_least, at_most, broadcast, data_at, exponential, load, loop, splat, store

LARGEST_SIGNAL, LARGEST_GATE = 15.0, 30.0
"""Where tanh and sigmoid are held: beyond them float32 knows no value but ± 1, or 1 and nearly 0."""
GATE_ERROR = 4e-7
EXPONENTIAL_ERROR = 3e-7
"""Largest absolute error of `gate`, and relative error of `exponentials` over [-87, 0]; a test measures both."""


@intrinsic
def gate(typing_context, memory, signal_at, gate_at, out_at, count):
    """memory[out_at:] = tanh(memory[signal_at:]) × sigmoid(memory[gate_at:]), `count` of them, a multiple of LANES.

    With p = exp(-2 a) and q = exp(-b) it is (1 - p) / ((1 + p) (1 + q)): two exponentials and one division.
    """
    signature = types.void(memory, types.intp, types.intp, types.intp, types.intp)

    def generate(context, builder, signature, arguments):
        kinds = signature.args
        signal = data_at(context, builder, kinds[0], arguments[0], arguments[1])
        gates = data_at(context, builder, kinds[0], arguments[0], arguments[2])
        to = data_at(context, builder, kinds[0], arguments[0], arguments[3])
        one = splat(1.0)

        def body(index: Any) -> list[Any]:
            a = load(builder, builder.gep(signal, [index]))
            b = load(builder, builder.gep(gates, [index]))
            a = at_least(builder, at_most(builder, a, LARGEST_SIGNAL), -LARGEST_SIGNAL)
            b = at_least(builder, at_most(builder, b, LARGEST_GATE), -LARGEST_GATE)
            p = exponential(builder, builder.fmul(a, splat(-2.0)))
            q = exponential(builder, builder.fmul(b, splat(-1.0)))
            bottom = builder.fmul(builder.fadd(one, p), builder.fadd(one, q))
            store(builder, builder.fdiv(builder.fsub(one, p), bottom), builder.gep(to, [index]))
            return []

        loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def exponentials(typing_context, values, at, largest, scale, count):
    """values[at:at + count] = exp((values - largest) × scale), the unnormalised softmax; count is a multiple of LANES."""
    signature = types.void(values, types.intp, types.float32, types.float32, types.intp)

    def generate(context, builder, signature, arguments):
        data = data_at(context, builder, signature.args[0], arguments[0], arguments[1])
        shift, factor = broadcast(builder, arguments[2]), broadcast(builder, arguments[3])

        def body(index: Any) -> list[Any]:
            place = builder.gep(data, [index])
            x = builder.fmul(builder.fsub(load(builder, place), shift), factor)
            store(builder, exponential(builder, at_least(builder, x, -87.0)), place)
            return []

        loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy(typing_context, to, to_at, source, source_at, count):
    """to[to_at:] = source[source_at:], `count` of them, a multiple of LANES."""
    signature = types.void(to, types.intp, source, types.intp, types.intp)

    def generate(context, builder, signature, arguments):
        into = data_at(context, builder, signature.args[0], arguments[0], arguments[1])
        out_of = data_at(context, builder, signature.args[2], arguments[2], arguments[3])

        def body(index: Any) -> list[Any]:
            values = load(builder, builder.gep(out_of, [index]))
            store(builder, values, builder.gep(into, [index]))
            return []

        loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
        return context.get_dummy_value()

    return signature, generate


def _make_elementwise(compute: Callable[..., Any]) -> Callable[..., None]:
    """A function (memory, to_at, a_at, b_at, count): memory[to_at:] = compute(memory[a_at:], memory[b_at:])."""

    @intrinsic
    def elementwise(typing_context, memory, to_at, a_at, b_at, count):
        signature = types.void(memory, *[types.intp] * 4)

        def generate(context, builder, signature, arguments):
            places = [data_at(context, builder, signature.args[0], arguments[0], offset) for offset in arguments[1:4]]

            def body(index: Any) -> list[Any]:
                to, a, b = (builder.gep(place, [index]) for place in places)
                store(builder, compute(builder, load(builder, a), load(builder, b)), to)
                return []

            loop(builder, arguments[4].type(0), arguments[4], LANES, [], body)
            return context.get_dummy_value()

        return signature, generate

    return elementwise


rectify = _make_elementwise(lambda builder, a, b: at_least(builder, a, 0.0))
"""rectify(memory, to_at, a_at, a_at, count): the positive part; `count` a multiple of LANES."""
clear = _make_elementwise(lambda builder, a, b: splat(0.0))
"""clear(memory, to_at, to_at, to_at, count): zeros; `count` a multiple of LANES."""


def _make_reduce(combine: Callable[..., Any]) -> Callable[..., float]:
    """A function (values, at, count): what `combine` makes of values[at:at + count] taken together."""

    @intrinsic
    def reduce(typing_context, values, at, count):
        signature = types.float32(values, types.intp, types.intp)

        def generate(context, builder, signature, arguments):
            data = data_at(context, builder, signature.args[0], arguments[0], arguments[1])

            def body(index: Any, so_far: Any) -> list[Any]:
                return [combine(builder, so_far, load(builder, builder.gep(data, [index])))]

            count = arguments[2]
            [vector] = loop(builder, count.type(LANES), count, LANES, [load(builder, data)], body)
            return across(builder, vector, combine)

        return signature, generate

    return reduce


sum_of = _make_reduce(lambda builder, a, b: builder.fadd(a, b))
"""sum_of(values, at, count): the sum; `count` a multiple of LANES and no less."""
largest_of = _make_reduce(lambda builder, a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b))
"""largest_of(values, at, count): the maximum; `count` a multiple of LANES and no less."""
