"""Registers and memory: loads and stores, whole and in part, and sums over the lanes; the other
half of ``kernels/vec.h``. Deliberately not here: what is done to registers (``lanes.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, register_model

from fastnn.backends.numba_jit.lanes import (
    F32,
    I1,
    I32,
    Lanes,
    Mask,
    NumbaType,
    PrimitiveModel,
    Vector,
    length,
    maximum,
    register,
    spread,
)

# -- loads and stores ----------------------------------------------------------------------------


def _masked(builder: Any, kind: ir.VectorType, count: Any) -> Any:
    """A mask of the lanes below ``count``."""
    lane = ir.VectorType(I32, kind.count)
    numbers = ir.Constant(lane, list(range(kind.count)))
    most = ir.Constant(count.type, kind.count)
    limit = builder.trunc(builder.select(builder.icmp_signed("<", count, most), count, most), I32)
    one = builder.insert_element(ir.Constant(lane, ir.Undefined), limit, I32(0))
    limits = builder.shuffle_vector(
        one, ir.Constant(lane, ir.Undefined), ir.Constant(lane, [0] * kind.count)
    )
    return builder.icmp_signed("<", numbers, limits)


def _place(builder: Any, pointer: Any, index: Any, kind: ir.VectorType) -> Any:
    return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())


def _masked_call(builder: Any, action: str, kind: ir.VectorType, place: Any, values: Any) -> Any:
    """``llvm.masked.load`` or ``.store``: touches no memory beyond the lanes of the mask."""
    module = builder.module
    suffix = f"v{kind.count}{'f32' if kind.element == F32 else 'f64'}.p0"
    name = f"llvm.masked.{action}.{suffix}"
    if name not in module.globals:
        mask = ir.VectorType(I1, kind.count)
        pointer = kind.as_pointer()
        shape = (
            ir.FunctionType(kind, [pointer, I32, mask, kind])
            if action == "load"
            else ir.FunctionType(ir.VoidType(), [kind, pointer, I32, mask])
        )
        ir.Function(module, shape, name)
    bytes_ = I32(4 if kind.element == F32 else 8)
    if action == "load":
        return builder.call(module.globals[name], [place, bytes_, *values])
    return builder.call(module.globals[name], [values[0], place, bytes_, values[1]])


@intrinsic
def lanes(typing_context: Any, p: Any) -> Any:
    """Lanes of a register of what ``p`` points to."""
    number = length(p.dtype)
    return types.int64(p), lambda context, builder, sig, args: ir.Constant(ir.IntType(64), number)


@intrinsic
def zeros(typing_context: Any, p: Any) -> Any:
    """A register of zeros of what ``p`` points to."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = register(p.dtype)
        return ir.Constant(kind, [0.0] * kind.count)

    return Vector(p.dtype)(p), emit


@intrinsic
def at(typing_context: Any, p: Any, index: Any) -> Any:
    """``p + index``, in elements."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return p(p, types.int64), emit


@intrinsic
def splat(typing_context: Any, x: Any) -> Any:
    """All lanes = x, a float32 or float64."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return spread(builder, args[0], sig.args[0])

    return Vector(x)(x), emit


@intrinsic
def load(typing_context: Any, p: Any, index: Any) -> Any:
    """The register at element ``index``, of any alignment."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = register(p.dtype)
        return builder.load(_place(builder, args[0], args[1], kind), align=p.dtype.bitwidth // 8)

    return Vector(p.dtype)(p, types.int64), emit


@intrinsic
def store(typing_context: Any, p: Any, index: Any, v: Any) -> Any:
    """Write a whole register."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _place(builder, args[0], args[1], register(p.dtype))
        builder.store(args[2], place, align=p.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(p, types.int64, v), emit


@intrinsic
def load_some(typing_context: Any, p: Any, index: Any, count: Any) -> Any:
    """The first ``count`` (1 and more) elements, the other lanes 0."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = register(p.dtype)
        place = _place(builder, args[0], args[1], kind)
        full = builder.icmp_signed(">=", args[2], ir.Constant(args[2].type, kind.count))
        with builder.if_else(full, likely=True) as (whole, part):
            with whole:
                one = builder.load(place, align=p.dtype.bitwidth // 8)
                from_whole = builder.block
            with part:
                zero = ir.Constant(kind, [0.0] * kind.count)
                mask = _masked(builder, kind, args[2])
                two = _masked_call(builder, "load", kind, place, (mask, zero))
                from_part = builder.block
        value = builder.phi(kind)
        value.add_incoming(one, from_whole)
        value.add_incoming(two, from_part)
        return value

    return Vector(p.dtype)(p, types.int64, types.int64), emit


@intrinsic
def store_some(typing_context: Any, p: Any, index: Any, count: Any, v: Any) -> Any:
    """Write the first ``count`` lanes, nothing else."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = register(p.dtype)
        place = _place(builder, args[0], args[1], kind)
        full = builder.icmp_signed(">=", args[2], ir.Constant(args[2].type, kind.count))
        with builder.if_else(full, likely=True) as (whole, part):
            with whole:
                builder.store(args[3], place, align=p.dtype.bitwidth // 8)
            with part:
                mask = _masked(builder, kind, args[2])
                _masked_call(builder, "store", kind, place, (args[3], mask))
        return context.get_dummy_value()

    return types.void(p, types.int64, types.int64, v), emit


@intrinsic
def lanes_below(typing_context: Any, p: Any, count: Any) -> Any:
    """A mask of the lanes below ``count``, for registers of what ``p`` points to."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _masked(builder, register(p.dtype), args[1])

    return Mask(p.dtype)(p, types.int64), emit


# -- across the lanes ----------------------------------------------------------------------------


def _together(builder: Any, value: Any, join: Callable[[Any, Any], Any]) -> Any:
    """The lanes put together, always in the same order: halves, then quarters, and so on."""
    width = value.type.count // 2
    while width:
        kind = ir.VectorType(I32, width)
        low = ir.Constant(kind, list(range(width)))
        high = ir.Constant(kind, list(range(width, 2 * width)))
        empty = ir.Constant(value.type, ir.Undefined)
        value = join(*(builder.shuffle_vector(value, empty, part) for part in (low, high)))
        width //= 2
    return builder.extract_element(value, I32(0))


@intrinsic
def lane_sum(typing_context: Any, v: Any) -> Any:
    """Sum of the lanes."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _together(builder, args[0], builder.fadd)

    return v.real(v), emit


@intrinsic
def lane_maximum(typing_context: Any, v: Any) -> Any:
    """The largest lane; NaN if any lane is."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def larger(a: Any, b: Any) -> Any:
            return maximum(Lanes(builder, a), Lanes(builder, b)).value

        return _together(builder, args[0], larger)

    return v.real(v), emit


@intrinsic
def lane(typing_context: Any, v: Any, number: Any) -> Any:
    """One lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.extract_element(args[0], args[1])

    return v.real(v, types.int64), emit


@intrinsic
def lanes_in(typing_context: Any, v: Any) -> Any:
    """Lanes of a register."""
    number = length(v.real)
    return types.int64(v), lambda context, builder, sig, args: ir.Constant(ir.IntType(64), number)


# -- sums in double ------------------------------------------------------------------------------


class Wide(NumbaType):
    """As many doubles as a register has lanes of a float type."""

    def __init__(self, real: types.Float) -> None:
        self.real: Any = real
        super().__init__(f"wide({real} x {length(real)})")


def doubles_of(real: types.Float) -> ir.VectorType:
    """LLVM's name of such doubles."""
    return ir.VectorType(ir.DoubleType(), length(real))


@register_model(Wide)
class WideModel(PrimitiveModel):
    """A vector, which LLVM cuts into registers."""

    def __init__(self, manager: Any, numba_type: Wide) -> None:
        super().__init__(manager, numba_type, doubles_of(numba_type.real))


@intrinsic
def wide_zeros(typing_context: Any, p: Any) -> Any:
    """Zeros, for registers of what ``p`` points to."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = doubles_of(p.dtype)
        return ir.Constant(kind, [0.0] * kind.count)

    return Wide(p.dtype)(p), emit


@intrinsic
def wide_add(typing_context: Any, wide: Any, v: Any) -> Any:
    """Wide + v, lane by lane, in double."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide, v = args
        return builder.fadd(wide, builder.fpext(v, wide.type) if v.type != wide.type else v)

    return wide(wide, v), emit


@intrinsic
def narrowed(typing_context: Any, wide: Any, scale: Any) -> Any:
    """Scale · wide, rounded to a register."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide, scale = args
        count, kind = wide.type.count, register(sig.return_type.real)
        one = builder.insert_element(ir.Constant(wide.type, ir.Undefined), scale, I32(0))
        each = ir.Constant(ir.VectorType(I32, count), [0] * count)
        product = builder.fmul(wide, builder.shuffle_vector(one, one, each))
        return builder.fptrunc(product, kind) if kind != wide.type else product

    return Vector(wide.real)(wide, types.float64), emit


# -- memory of a kernel's own --------------------------------------------------------------------


@intrinsic(prefer_literal=True)
def stack(typing_context: Any, p: Any, number: Any) -> Any:
    """Some bytes on the stack, a constant number, for what ``p`` points to or for the type p."""
    result = p if isinstance(p, types.CPointer) else types.CPointer(p.dtype)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(result.dtype)
        with builder.goto_entry_block():
            room = builder.alloca(kind, size=number.literal_value // (result.dtype.bitwidth // 8))
        room.align = 64
        return room

    return result(p, number), emit


# -- numbers at any address ----------------------------------------------------------------------


@intrinsic
def peek(typing_context: Any, address: Any, kind: Any) -> Any:
    """The number of type ``kind`` at an address, which need not be aligned."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], context.get_value_type(kind.dtype).as_pointer())
        return builder.load(place, align=1)

    return kind.dtype(address, kind), emit


@intrinsic
def poke(typing_context: Any, address: Any, value: Any) -> Any:
    """Write a number to an address, which need not be aligned."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], args[1].type.as_pointer())
        builder.store(args[1], place, align=1)
        return context.get_dummy_value()

    return types.void(types.int64, value), emit


@intrinsic
def size_of(typing_context: Any, kind: Any) -> Any:
    """Bytes of a number type."""
    number = kind.dtype.bitwidth // 8
    return types.int64(kind), lambda context, builder, sig, args: ir.Constant(
        ir.IntType(64), number
    )


@intrinsic
def pointed_size(typing_context: Any, p: Any) -> Any:
    """Bytes of what ``p`` points to."""
    number = p.dtype.bitwidth // 8
    return types.int64(p), lambda context, builder, sig, args: ir.Constant(ir.IntType(64), number)


@intrinsic
def pointer(typing_context: Any, p: Any, address: Any) -> Any:
    """An address as a pointer of p's type."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.inttoptr(args[1], args[0].type)

    return p(p, types.int64), emit


@intrinsic
def rounded_down(typing_context: Any, x: Any) -> Any:
    """The largest whole number that is at most x, as a double (Python's is an integer)."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.DoubleType()
        floor = builder.module.declare_intrinsic("llvm.floor", [kind])
        return builder.call(floor, args)

    return types.float64(types.float64), emit


@intrinsic
def prefetch(typing_context: Any, address: Any) -> Any:
    """Ask for the cache line of an address that will be read soon; a wrong one does no harm."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer, name = ir.IntType(8).as_pointer(), "llvm.prefetch.p0"
        if name not in builder.module.globals:
            shape = ir.FunctionType(ir.VoidType(), [pointer, I32, I32, I32])
            ir.Function(builder.module, shape, name)
        place = builder.inttoptr(args[0], pointer)
        builder.call(builder.module.globals[name], [place, I32(0), I32(2), I32(1)])
        return context.get_dummy_value()

    return types.void(types.int64), emit


@intrinsic
def mask_bits(typing_context: Any, mask: Any) -> Any:
    """A mask as an integer: bit l is lane l."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        number = builder.bitcast(args[0], ir.IntType(length(mask.real)))
        return builder.zext(number, ir.IntType(64))

    return types.int64(mask), emit


@intrinsic
def population(typing_context: Any, bits: Any) -> Any:
    """How many bits are set."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.int64), emit
