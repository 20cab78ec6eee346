"""Matrix products of a tile of weights, the inner loops in which nearly all time goes.

Every function takes a flat array and offsets, counted in floats, so that a caller needs no slices. Nothing checks a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import intrinsic

from .vectors import LANES, TILE, WIDE_REGISTERS, broadcast, data_at, load, loop, multiply_add, place_at, splat, store


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
            to = [data_at(context, builder, kinds[0], arguments[0], arguments[1])]
            source = [data_at(context, builder, kinds[0], arguments[0], arguments[2])]
            for _ in range(voices - 1):
                to.append(builder.gep(to[-1], [arguments[3]]))
                source.append(builder.gep(source[-1], [arguments[4]]))
            tile = data_at(context, builder, kinds[5], arguments[5], arguments[6])
            count = arguments[7]
            columns = range(vectors)

            def add_row(index: Any, totals: list[Any]) -> list[Any]:
                row = builder.gep(tile, [builder.mul(index, index.type(stride))])
                weights = [load(builder, place_at(builder, row, i * LANES)) for i in columns]
                added = []
                for voice in range(voices):
                    value = broadcast(builder, builder.load(builder.gep(source[voice], [index])))
                    added += [multiply_add(builder, weights[i], value, totals[voice * vectors + i]) for i in columns]
                return added

            def body(index: Any, *totals: Any) -> list[Any]:
                n, results = voices * vectors, []
                for way in range(ways):
                    results += add_row(builder.add(index, index.type(way)), list(totals[way * n : (way + 1) * n]))
                return results

            zero = splat(0.0)
            starts = [load(builder, place_at(builder, to[v], i * LANES)) for v in range(voices) for i in columns]
            whole = builder.and_(count, count.type(-ways))
            totals = loop(builder, count.type(0), whole, ways, starts + [zero] * (len(starts) * (ways - 1)), body)
            sums_of_ways = totals[: len(starts)]
            for way in range(1, ways):
                parts = totals[way * len(starts) : (way + 1) * len(starts)]
                sums_of_ways = [builder.fadd(a, b) for a, b in zip(sums_of_ways, parts, strict=True)]
            if ways > 1:
                sums_of_ways = loop(builder, whole, count, 1, sums_of_ways, lambda index, *t: add_row(index, list(t)))
            for v in range(voices):
                for i in columns:
                    store(builder, sums_of_ways[v * vectors + i], place_at(builder, to[v], i * LANES))
            return context.get_dummy_value()

        return signature, generate

    return accumulate


PAIR_COLUMNS = 4 * LANES if WIDE_REGISTERS else 2 * LANES
"""Columns of a tile that two take at once, and four: what the CPU's vector registers hold."""
FOUR_COLUMNS = 4 * LANES if WIDE_REGISTERS else LANES

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
