"""What kernels do to 64 values at once, as vectors of LLVM.

numba turns plain loops into vectors too, but guards each by checks whether arrays overlap and ends
it in a loop of single values, which on short lists costs more than the work. LLVM compiles these to
the widest vectors that the processor has: 512 bits, 2 of 256 or 4 of 128.

Arrays are passed with a place in them, counted in values; nothing checks that it lies inside.
"""

# llvmlite's own types are loose.
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

I1, I8, I16, I32, I64, FLOAT = (*map(ir.IntType, (1, 8, 16, 32, 64)), ir.FloatType())
FLOATS = ir.VectorType(FLOAT, 16)
BYTES = ir.VectorType(I8, 64)
LISTED = ir.VectorType(I32, 16)
_BYTES_OUT = ir.VectorType(I8, 16)


class Code:
    """Builds the code of one call: places in arrays, loads, stores, constants.

    Args:
        context, builder, signature: as numba gives them.
    """

    def __init__(self, context: Any, builder: ir.IRBuilder, signature: Any) -> None:
        self.context = context
        self.builder = builder
        self.kinds = signature.args

    def place(self, argument: int, array: ir.Value, index: ir.Value, kind: ir.Type) -> ir.Value:
        """The address of an array's value at an index, as one of another kind."""
        data = self.context.make_array(self.kinds[argument])(self.context, self.builder, array).data
        return self.builder.bitcast(self.builder.gep(data, [index]), kind.as_pointer())

    def load(self, place: ir.Value, part: int = 0, align: int = 1) -> ir.Value:
        """The value, or vector, at an address; or that many behind it."""
        loaded = self.builder.load(self.builder.gep(place, [I64(part)]))
        loaded.align = align
        return loaded

    def store(self, value: ir.Value, place: ir.Value, part: int = 0) -> None:
        """Write it there."""
        self.builder.store(value, self.builder.gep(place, [I64(part)]), align=1)

    def spread(self, value: ir.Value, kind: ir.VectorType) -> ir.Value:
        """A vector of equal values."""
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
        nowhere = ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count)
        return self.builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), nowhere)

    def nothing(self) -> ir.Value:
        """What a call without a result returns."""
        return self.context.get_dummy_value()


def constant(kind: ir.VectorType, value: float) -> ir.Constant:
    """A vector of equal constants."""
    return ir.Constant(kind, [value] * kind.count)


@intrinsic
def copy_shifted(
    typing: Any, source: Any, first: Any, count: Any, shift: Any, target: Any, at: Any
) -> Any:
    """target[at:] = source[first : first + count] + shift, uint32; up to 16 more are written."""

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        source, first, count, shift, target, at = args
        shifts = code.spread(builder.trunc(shift, I32), LISTED)

        def copy(k: ir.Value) -> None:
            values = code.load(code.place(0, source, builder.add(first, k), LISTED))
            shifted = builder.add(values, shifts)
            code.store(shifted, code.place(4, target, builder.add(at, k), LISTED))

        # Most are short: 16 whether there are any or not, so that no branch is guessed wrong.
        copy(I64(0))
        with cgutils.for_range_slice(builder, I64(16), count, I64(16), I64) as (k, _):
            copy(k)
        return code.nothing()

    whole = types.int64
    return types.void(source, whole, whole, whole, target, whole), build


@intrinsic
def copy_floats(typing: Any, source: Any, first: Any, count: Any, target: Any, at: Any) -> Any:
    """target[at:] = source[first : first + count], float32; up to 15 more are read and written."""

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        source, first, count, target, at = args
        with cgutils.for_range_slice(builder, I64(0), count, I64(16), I64) as (k, _):
            values = code.load(code.place(0, source, builder.add(first, k), FLOATS))
            code.store(values, code.place(3, target, builder.add(at, k), FLOATS))
        return code.nothing()

    whole = types.int64
    return types.void(source, whole, whole, target, whole), build


@intrinsic
def scale_by(typing: Any, values: Any, count: Any, factor: Any) -> Any:
    """values[:count] *= factor, float32; count is a multiple of 16."""

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        factors = code.spread(args[2], FLOATS)
        with cgutils.for_range_slice(builder, I64(0), args[1], I64(16), I64) as (k, _):
            place = code.place(0, args[0], k, FLOATS)
            code.store(builder.fmul(code.load(place), factors), place)
        return code.nothing()

    return types.void(values, types.int64, types.float32), build


def _over_a_window(join: Callable[[Code, ir.Value, ir.Value], ir.Value]) -> Any:
    """Of a vector of float32 or bytes at each place of a window, the sum or another join of two.

    Args of the intrinsic:
        x, first: the first place's vector.
        rows, row, columns, column: the others begin at first + i * row + j * column.
        total, at: filled, a vector.
    """

    def typed(
        typing: Any, x: Any, first: Any, rows: Any, row: Any, columns: Any, column: Any, total: Any,
        at: Any,
    ) -> Any:  # fmt: skip
        kind = FLOATS if x.dtype == types.float32 else BYTES

        def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
            code = Code(context, builder, signature)
            x, first, rows, row, columns, column, total, at = args
            held = cgutils.alloca_once_value(builder, code.load(code.place(0, x, first, kind)))
            down, right = (cgutils.for_range(builder, n, intp=I64) for n in (rows, columns))
            with down as i, right as j:
                more = builder.icmp_signed(">", builder.add(i.index, j.index), I64(0))
                with builder.if_then(more):
                    offset = builder.add(builder.mul(i.index, row), builder.mul(j.index, column))
                    loaded = code.load(code.place(0, x, builder.add(first, offset), kind))
                    builder.store(join(code, builder.load(held), loaded), held)
            code.store(builder.load(held), code.place(6, total, at, kind))
            return code.nothing()

        whole = types.int64
        return types.void(x, whole, whole, whole, whole, whole, total, whole), build

    return intrinsic(typed)


def _is_float(value: ir.Value) -> bool:
    return value.type.element == FLOAT


def _sum(code: Code, a: ir.Value, b: ir.Value) -> ir.Value:
    return code.builder.fadd(a, b) if _is_float(a) else code.builder.add(a, b)


def _larger(code: Code, a: ir.Value, b: ir.Value) -> ir.Value:
    compare = code.builder.fcmp_ordered if _is_float(a) else code.builder.icmp_unsigned
    return code.builder.select(compare(">", b, a), b, a)


sum_in_window, largest_in_window = _over_a_window(_sum), _over_a_window(_larger)


@intrinsic
def pass_over(typing: Any, table: Any, first: Any, size: Any) -> Any:
    """Read lines of the cache in order: memory gives them faster so than here and there.

    Prefetches would not do: of many at once, processors leave most out.
    """

    def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        code = Code(context, builder, signature)
        held = cgutils.alloca_once_value(builder, constant(BYTES, 0))
        begin = code.place(0, args[0], args[1], I8)
        with cgutils.for_range_slice(builder, I64(0), args[2], I64(64), I64) as (k, _):
            place = builder.bitcast(builder.gep(begin, [k]), BYTES.as_pointer())
            read = builder.or_(builder.load(held), code.load(place, align=64))
            builder.store(read, held)
        # Nobody looks at what was read, which LLVM is not to know.
        words = builder.bitcast(builder.load(held), ir.VectorType(I64, 8))
        looked_at = ir.FunctionType(ir.VoidType(), [I64])
        builder.asm(looked_at, "", "r", [builder.extract_element(words, I32(0))], True)
        return code.nothing()

    return types.void(table, types.int64, types.int64), build


def _fire(parts: int) -> Any:
    """One timestep of a block of outputs whose neurons are alike.

    v = decay * v + (sums * scale + bias); fired where v >= threshold: v = keep * v + after.

    Args:
        sums: float32, the block's from `sum_at` on.
        scale, bias: of all outputs, the block's from `first` on.
        neurons: decay, threshold, keep, after, from `neuron_at` on.
        v: membranes, the block's from `at` on; replaced.
        spikes: bytes, the block's from `spike_at` on; filled.
        kept: bits of what stands there that are kept, and added to: 255, or 0.
    """

    def typed(
        typing: Any, sums: Any, sum_at: Any, scale: Any, bias: Any, first: Any, neurons: Any,
        neuron_at: Any, v: Any, at: Any, spikes: Any, spike_at: Any, kept: Any,
    ) -> Any:  # fmt: skip
        def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
            code = Code(context, builder, signature)
            numbers = code.place(5, args[5], args[6], FLOAT)
            decay, threshold, keep, after = (
                code.spread(code.load(numbers, k), FLOATS) for k in range(4)
            )
            totals = code.place(0, args[0], args[1], FLOATS)
            scales, biases = (code.place(k, args[k], args[4], FLOATS) for k in (2, 3))
            membranes = code.place(7, args[7], args[8], FLOATS)
            bytes_out = code.place(9, args[9], args[10], _BYTES_OUT)
            kept = code.spread(builder.trunc(args[11], I8), _BYTES_OUT)
            for part in range(parts):
                x = builder.fmul(code.load(totals, part), code.load(scales, part))
                x = builder.fadd(x, code.load(biases, part))
                h = builder.fadd(builder.fmul(decay, code.load(membranes, part)), x)
                fired = builder.fcmp_ordered(">=", h, threshold)
                reset = builder.fadd(builder.fmul(keep, h), after)
                code.store(builder.select(fired, reset, h), membranes, part)
                before = builder.and_(code.load(bytes_out, part), kept)
                code.store(builder.add(before, builder.zext(fired, _BYTES_OUT)), bytes_out, part)
            return code.nothing()

        whole = types.int64
        kinds = (
            sums, whole, scale, bias, whole, neurons, whole, v, whole, spikes, whole, whole,
        )  # fmt: skip
        return types.void(*kinds), build

    return intrinsic(typed)


fire_64, fire_32 = _fire(4), _fire(2)


def _scale(parts: int) -> Any:
    """Currents = sums * scale + bias of a block of outputs; places as in `_fire`."""

    def typed(
        typing: Any, sums: Any, sum_at: Any, scale: Any, bias: Any, first: Any, currents: Any,
        at: Any,
    ) -> Any:  # fmt: skip
        def build(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
            code = Code(context, builder, signature)
            totals = code.place(0, args[0], args[1], FLOATS)
            scales, biases = (code.place(k, args[k], args[4], FLOATS) for k in (2, 3))
            out = code.place(5, args[5], args[6], FLOATS)
            for part in range(parts):
                x = builder.fmul(code.load(totals, part), code.load(scales, part))
                code.store(builder.fadd(x, code.load(biases, part)), out, part)
            return code.nothing()

        whole = types.int64
        return types.void(sums, whole, scale, bias, whole, currents, whole), build

    return intrinsic(typed)


scale_64, scale_32 = _scale(4), _scale(2)
