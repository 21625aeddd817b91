"""The inner loop: weight rows of a block of outputs added up, one row an event.

A row as float32 is two vectors of 16. As whole numbers it is 32 words of 16 bits,
256 * high + (low + bias), high and low in [-bias, bias): two outputs in one word. The sum of words
modulo 2^16 and the sum of their high bytes give both. With 7 bits (bias 64) two rows are added
before they are taken apart, since two low bytes carry nothing into the high one.
"""

# llvmlite's own types are loose, and numba fills in an intrinsic's first argument.
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false
# pyright: reportAssignmentType=false, reportCallIssue=false

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tssd.engine.packing import LANES, LANES_OF_FLOATS
from tssd.engine.vectors import FLOAT, FLOATS, I8, I16, I32, I64, Code, constant

# Lists of rows are padded to a multiple of it.
UNROLL = 4
# Timesteps whose events are looked at together: they have 15 patterns.
TOGETHER = 4

_WORDS = ir.VectorType(I16, 32)
_WIDE = ir.VectorType(I32, 16)
# Pixels that real values are added up for at once, as a row is read for all of them.
PIXELS = 4

# Of a row, and of each of its vectors.
_LINE = 64

# Of a row of float32.
_VECTORS = LANES_OF_FLOATS // 16

_Values = Sequence[ir.Value]


def _rows_added(kind: ir.VectorType, sum_of: Callable[[Code, Any, Any], _Values]) -> Any:
    """Two intrinsics: sums = factor * sums + (sum of rows), and of a pattern sums += (sum of rows).

    Args of the intrinsics:
        table: bytes; rows begin at multiples of a line of the cache.
        base: where the block's rows begin.
        rows: list of where each row begins behind that, uint32.
        start, stop: part of the list; their difference is a multiple of UNROLL.
        factor: float32; or the pattern: its bits are the timesteps whose sums get the rows.
        sums: float32, one an output of the block; a timestep's are LANES behind the last one's.
        at: of the first, without a pattern.
    """

    def totals_of(code: Code, args: Any) -> _Values:
        builder = code.builder
        table, base, rows, start, stop = args[:5]
        begin = code.place(0, table, base, I8)
        listed = code.place(2, rows, I64(0), I32)

        def row(index: ir.Value, k: int) -> ir.Value:
            offset = builder.load(builder.gep(listed, [builder.add(index, I64(k))]))
            place = builder.gep(begin, [builder.zext(offset, I64)])
            return builder.bitcast(place, kind.as_pointer())

        return sum_of(code, (start, stop), row)

    def build_one(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        totals = totals_of(code, args)
        places = code.place(6, args[6], args[7], FLOATS)
        factors = code.spread(args[5], FLOATS)
        for part, total in enumerate(totals):
            before = builder.fmul(factors, code.load(places, part))
            code.store(builder.fadd(before, total), places, part)
        return code.nothing()

    def build_pattern(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        totals = totals_of(code, args)
        for t in range(TOGETHER):
            bit = builder.and_(args[5], I64(1 << t))
            with builder.if_then(builder.icmp_signed("!=", bit, I64(0))):
                places = code.place(6, args[6], I64(t * LANES), FLOATS)
                for part, total in enumerate(totals):
                    code.store(builder.fadd(code.load(places, part), total), places, part)
        return code.nothing()

    whole = types.int64

    @intrinsic
    def add_rows(
        typing: Any, table: Any, base: Any, rows: Any, start: Any, stop: Any, factor: Any,
        sums: Any, at: Any,
    ) -> Any:  # fmt: skip
        kinds = (table, whole, rows, whole, whole, types.float32, sums, whole)
        return types.void(*kinds), build_one

    @intrinsic
    def add_rows_of_pattern(
        typing: Any, table: Any, base: Any, rows: Any, start: Any, stop: Any, pattern: Any,
        sums: Any,
    ) -> Any:  # fmt: skip
        return types.void(table, whole, rows, whole, whole, whole, sums), build_pattern

    return add_rows, add_rows_of_pattern


def _loop(
    code: Code, span: _Values, first: _Values, body: Callable[..., _Values], step: int = UNROLL
) -> _Values:
    """`values = body(index, values)` for indices of a span; the last values."""
    builder, (start, stop) = code.builder, span
    before = builder.block
    head, inside, after = (builder.append_basic_block(name) for name in ("head", "rows", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(I64)
    index.add_incoming(start, before)
    values = [builder.phi(value.type) for value in first]
    for phi, value in zip(values, first, strict=True):
        phi.add_incoming(value, before)
    builder.cbranch(builder.icmp_signed("<", index, stop), inside, after)
    builder.position_at_end(inside)
    for phi, value in zip(values, body(index, values), strict=True):
        phi.add_incoming(value, builder.block)
    index.add_incoming(builder.add(index, I64(step)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)
    return values


def _whole_numbers(bias: int, together: int) -> Any:
    """Rows of words, `together` of them added before they are taken apart."""

    def sum_of(code: Code, span: _Values, row: Callable[..., ir.Value]) -> _Values:
        builder = code.builder

        def body(index: ir.Value, values: _Values) -> _Values:
            whole, high = values
            for k in range(0, UNROLL, together):
                words = [code.load(row(index, k + m), align=_LINE) for m in range(together)]
                added = words[0] if together == 1 else builder.add(*words)
                whole = builder.add(whole, added)
                high = builder.add(high, builder.ashr(added, constant(_WORDS, 8)))
            return whole, high

        none = constant(_WORDS, 0)
        whole, high = _loop(code, span, (none, none), body)
        count = builder.trunc(builder.sub(span[1], span[0]), I16)
        biases = code.spread(builder.mul(count, I16(bias)), _WORDS)
        low = builder.sub(builder.sub(whole, builder.shl(high, constant(_WORDS, 8))), biases)
        return [
            builder.sitofp(builder.sext(_half(builder, words, half), _WIDE), FLOATS)
            for words in (low, high)
            for half in range(2)
        ]

    return _rows_added(_WORDS, sum_of)


def _half(builder: ir.IRBuilder, words: ir.Value, half: int) -> ir.Value:
    chosen = ir.Constant(ir.VectorType(I32, 16), list(range(16 * half, 16 * half + 16)))
    return builder.shuffle_vector(words, ir.Constant(_WORDS, ir.Undefined), chosen)


def _floats(code: Code, span: _Values, row: Callable[..., ir.Value]) -> _Values:
    def body(index: ir.Value, values: _Values) -> _Values:
        for k in range(UNROLL):
            place = row(index, k)
            loaded = [code.load(place, part, align=_LINE) for part in range(_VECTORS)]
            values = [code.builder.fadd(a, b) for a, b in zip(values, loaded, strict=True)]
        return values

    return _loop(code, span, [constant(FLOATS, 0.0)] * _VECTORS, body)


@intrinsic
def add_scaled_rows(
    typing: Any, table: Any, base: Any, values: Any, first: Any, kernel: Any, steps: Any,
    pixels: Any, sums: Any,
) -> Any:  # fmt: skip
    """Sums of all rows of a block in order, each times its value, of PIXELS pixels; float32.

    Args:
        table, base: as `_rows_added`.
        values: float32, what the first pixel sees from `first` on.
        kernel: rows, columns, values side by side in a column.
        steps: from one row to the next, from one column, from one pixel.
        pixels: how many there are; the last is done again in place of those that are not.
        sums: float32, a pixel's block after the other's.
    """

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        table, base, values, first, kernel, steps, pixels, sums = args
        begin = code.place(0, table, base, FLOATS)
        rows, columns, count = (builder.extract_value(kernel, k) for k in range(3))
        down, right, onward = (builder.extract_value(steps, k) for k in range(3))
        last = builder.sub(pixels, I64(1))
        seen = []
        for k in range(PIXELS):
            there = builder.icmp_signed("<", I64(k), last)
            pixel = builder.mul(builder.select(there, I64(k), last), onward)
            seen.append(code.place(2, values, builder.add(first, pixel), FLOAT))
        # Rounded once, where the processor can.
        once = ("contract",)

        def row(i: ir.Value, totals: _Values) -> _Values:
            def column(j: ir.Value, totals: _Values) -> _Values:
                at = builder.add(builder.mul(i, down), builder.mul(j, right))
                row_of = builder.mul(builder.add(builder.mul(i, columns), j), count)

                def one(k: ir.Value, totals: _Values) -> _Values:
                    index = builder.mul(builder.add(row_of, k), I64(_VECTORS))
                    place = builder.gep(begin, [index])
                    weights = [code.load(place, part, _LINE) for part in range(_VECTORS)]
                    added = []
                    for pixel in seen:
                        value = code.load(builder.gep(pixel, [builder.add(at, k)]))
                        factor = code.spread(value, FLOATS)
                        added += [builder.fmul(factor, w, flags=once) for w in weights]
                    return [
                        builder.fadd(a, b, flags=once) for a, b in zip(totals, added, strict=True)
                    ]

                return _loop(code, (I64(0), count), totals, one, 1)

            return _loop(code, (I64(0), columns), totals, column, 1)

        none = [constant(FLOATS, 0.0)] * (PIXELS * _VECTORS)
        totals = _loop(code, (I64(0), rows), none, row, 1)
        place = code.place(7, sums, I64(0), FLOATS)
        for part, total in enumerate(totals):
            code.store(total, place, part)
        return code.nothing()

    whole = types.int64
    three = types.UniTuple(whole, 3)
    return types.void(table, whole, values, whole, three, three, whole, sums), build


add_rows_int7, add_pattern_int7 = _whole_numbers(bias=64, together=2)
add_rows_int8, add_pattern_int8 = _whole_numbers(bias=128, together=1)
add_rows_float, add_pattern_float = _rows_added(FLOATS, _floats)
