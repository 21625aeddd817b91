"""64 events in a word: which of 64 counts have a bit, and at which timesteps.

Compiled as `vectors` are.
"""

# llvmlite's own types are loose.
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tssd.engine.vectors import BYTES, I1, I8, I64, Code, constant


def _which_have(code: Code, counts: ir.Value, first: ir.Value, bit: ir.Value) -> ir.Value:
    """Which of 64 bytes of the call's first argument have a bit."""
    builder = code.builder
    wanted = builder.shl(I8(1), builder.trunc(bit, I8))
    loaded = code.load(code.place(0, counts, first, BYTES))
    kept = builder.and_(loaded, code.spread(wanted, BYTES))
    return builder.icmp_unsigned("!=", kept, constant(BYTES, 0))


@intrinsic
def bits_of_64(typing: Any, counts: Any, first: Any, bit: Any) -> Any:
    """Of 64 bytes, one bit of each: uint64, the first byte's lowest."""

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        return builder.bitcast(_which_have(Code(context, builder, signature), *args), I64)

    return types.uint64(counts, types.int64, types.int64), build


@intrinsic
def patterns_of_64(
    typing: Any, counts: Any, first: Any, step: Any, steps: Any, bit: Any, left: Any, target: Any,
    at: Any,
) -> Any:  # fmt: skip
    """target[at : at + 64] = of one bit of 64 bytes at each of up to 8 steps, which are 1.

    Of the 64 all but the first `left` are taken for 0.

    Returns: which of the 64 are not 0, as uint64.
    """

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        none = constant(BYTES, 0)
        held = cgutils.alloca_once_value(builder, none)
        with cgutils.for_range(builder, args[3], intp=I64) as t:
            place = builder.add(args[1], builder.mul(t.index, args[2]))
            mine = code.spread(builder.shl(I8(1), builder.trunc(t.index, I8)), BYTES)
            found = builder.select(_which_have(code, args[0], place, args[4]), mine, none)
            builder.store(builder.or_(builder.load(held), found), held)
        places = ir.Constant(BYTES, list(range(64)))
        mine = builder.icmp_unsigned("<", places, code.spread(builder.trunc(args[5], I8), BYTES))
        patterns = builder.select(mine, builder.load(held), none)
        code.store(patterns, code.place(6, args[6], args[7], BYTES))
        return builder.bitcast(builder.icmp_unsigned("!=", patterns, none), I64)

    whole = types.int64
    return types.uint64(counts, whole, whole, whole, whole, whole, target, whole), build


@intrinsic
def number_of(typing: Any, values: Any, first: Any, value: Any) -> Any:
    """How many of 64 bytes have a value."""

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        loaded = code.load(code.place(0, args[0], args[1], BYTES))
        wanted = code.spread(builder.trunc(args[2], I8), BYTES)
        same = builder.icmp_unsigned("==", loaded, wanted)
        return builder.ctpop(builder.bitcast(same, I64))

    return types.int64(values, types.int64, types.int64), build


@intrinsic
def lowest_bit(typing: Any, bits: Any) -> Any:
    """Index of the lowest bit of a uint64 that is not 0."""

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        return builder.cttz(args[0], ir.Constant(I1, 1))

    return types.int64(types.uint64), build


@intrinsic
def number_of_bits(typing: Any, bits: Any) -> Any:
    """How many bits of a uint64 are 1."""

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), build
