"""How a kernel reads its record: operands, attributes and the control row, and how it reports a
fault of the user's data; the twin of ``kernels/record.h``, whose words ``kernels/README.md`` lists.
Deliberately not here: what each kernel does with them.

The type of ``segments`` in a kernel's signature says which float type the kernel is compiled for:
``view`` gives pointers to that type.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_model

from fastnn.backends.base import OK
from fastnn.backends.numba_jit.atomic import swap, write
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.lanes import NumbaType, PrimitiveModel
from fastnn.backends.numba_jit.vector import load_some, splat, store_some
from fastnn.program import control, memory, record

RECORD_ATTRIBUTE, RECORD_OPERANDS = 6, 7
SEGMENT, OFFSET, ROWS_A, ROWS_B, COLS, LD = range(record.OPERAND_WORDS)
BINDING_DATA, BINDING_DTYPE, BINDING_ROW_STRIDE, BINDING_COLUMN_STRIDE = range(4)
BINDING_PERMUTATION, BINDING_FLAGS, BINDING_POSITIONS, BINDING_WORDS = 5, 6, 7, 8
STATUS_CODE, STATUS_ROW, STATUS_BINDING, STATUS_VALUE, STATUS_POSITION, STATUS_LOCK = range(6)
U8, I32_CODE, I64_CODE, F32_CODE, F64_CODE = range(5)
I64: Any = ir.IntType(64)
BYTES: Any = ir.IntType(8).as_pointer()


class View(NamedTuple):
    """A 2-D operand: element (i, j) is data[i * ld + j]; ld 0 repeats a row, cols 1 a column."""

    data: Any
    cols: int
    ld: int


class Segments(NumbaType):
    """The table of segment addresses, as a kernel of one float type receives it."""

    def __init__(self, real: types.Float) -> None:
        self.real: Any = real
        super().__init__(f"segments({real})")


@register_model(Segments)
class SegmentsModel(PrimitiveModel):
    """In C: ``char *const *``."""

    def __init__(self, manager: Any, numba_type: Segments) -> None:
        super().__init__(manager, numba_type, BYTES.as_pointer())


RECORD: Any = types.CPointer(types.int64)


def kernel_signature(real: types.Float) -> Any:
    """``void k(const int64_t *record, char *const *segments, int64_t begin, int64_t end)``."""
    return types.void(RECORD, Segments(real), types.int64, types.int64)


# -- generating code -----------------------------------------------------------------------------


def _word(builder: Any, words: Any, index: Any) -> Any:
    """words[index]; the record does not change while kernels run."""
    index = I64(index) if isinstance(index, int) else index
    return builder.load(builder.gep(words, [index]))


def _operand_word(builder: Any, words: Any, operand: Any, word: int) -> Any:
    first = builder.add(
        builder.mul(operand, I64(record.OPERAND_WORDS)), I64(record.RECORD_WORDS + word)
    )
    return _word(builder, words, first)


def _segment(builder: Any, segments: Any, number: Any) -> Any:
    number = I64(number) if isinstance(number, int) else number
    return builder.load(builder.gep(segments, [number]))


def _address(builder: Any, words: Any, segments: Any, operand: Any) -> Any:
    """The address of an operand's element (0, 0)."""
    base = _segment(builder, segments, _operand_word(builder, words, operand, SEGMENT))
    return builder.gep(base, [_operand_word(builder, words, operand, OFFSET)])


def _control(builder: Any, segments: Any, word: Any, kind: ir.Type) -> Any:
    row = builder.bitcast(_segment(builder, segments, memory.CONTROL), kind.as_pointer())
    return builder.load(builder.gep(row, [word]))


# -- what kernels call ---------------------------------------------------------------------------


@intrinsic
def view(typing_context: Any, words: Any, segments: Any, operand: Any, begin: Any) -> Any:
    """Operand ``operand`` with row ``begin`` as its row 0 (0: the whole operand)."""
    pointer = types.CPointer(segments.real)
    result = types.NamedTuple([pointer, types.int64, types.int64], View)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words, segments, operand, begin = args
        cols = _operand_word(builder, words, operand, COLS)
        ld = _operand_word(builder, words, operand, LD)
        data = builder.bitcast(
            _address(builder, words, segments, operand), context.get_value_type(pointer)
        )
        data = builder.gep(data, [builder.mul(begin, ld)])
        return context.make_tuple(builder, result, (data, cols, ld))

    return result(words, segments, types.int64, types.int64), emit


@intrinsic(prefer_literal=True)
def joined(
    typing_context: Any, words: Any, segments: Any, begin: Any, end: Any, number: Any
) -> Any:
    """(rows, views): the first ``number`` operands with row ``begin`` as their row 0.

    Where all are dense and as wide as the first, they become one long row each, so that short rows
    fill the registers.
    """
    pointer = types.CPointer(segments.real)
    one = types.NamedTuple([pointer, types.int64, types.int64], View)
    count = number.literal_value
    result = types.Tuple([types.int64, types.UniTuple(one, count)])

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words, segments, begin, end, _ = args
        rows, dense, found = builder.sub(end, begin), None, []
        for operand in map(I64, range(count)):
            cols = _operand_word(builder, words, operand, COLS)
            ld = _operand_word(builder, words, operand, LD)
            data = builder.bitcast(
                _address(builder, words, segments, operand), context.get_value_type(pointer)
            )
            found.append((builder.gep(data, [builder.mul(begin, ld)]), cols, ld))
            for size in (cols, ld):
                same = builder.icmp_signed("==", size, found[0][1])
                dense = same if dense is None else builder.and_(dense, same)
        whole = builder.mul(rows, found[0][1])
        views = [
            context.make_tuple(
                builder,
                one,
                (data, builder.select(dense, whole, cols), builder.select(dense, whole, ld)),
            )
            for data, cols, ld in found
        ]
        rows = builder.select(dense, I64(1), rows)
        views = context.make_tuple(builder, result.types[1], views)
        return context.make_tuple(builder, result, (rows, views))

    return result(words, segments, types.int64, types.int64, number), emit


def _pointer_to(kind: types.Type) -> Any:
    """An intrinsic that gives the address of an operand as a pointer to ``kind``."""

    @intrinsic
    def pointer(typing_context: Any, words: Any, segments: Any, operand: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            address = _address(builder, *args)
            return builder.bitcast(address, context.get_value_type(sig.return_type))

        return types.CPointer(kind)(words, segments, types.int64), emit

    return pointer


integers: Any = _pointer_to(types.int32)
doubles: Any = _pointer_to(types.float64)


@intrinsic
def others(typing_context: Any, words: Any, segments: Any, operand: Any) -> Any:
    """The address of an operand of the float type that the kernel is not compiled for."""
    other = types.float64 if segments.real == types.float32 else types.float32

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(_address(builder, *args), context.get_value_type(sig.return_type))

    return types.CPointer(other)(words, segments, types.int64), emit


@intrinsic
def segment_words(typing_context: Any, segments: Any, number: Any) -> Any:
    """A segment as int64 words."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(sig.return_type)
        return builder.bitcast(_segment(builder, args[0], args[1]), kind)

    return RECORD(segments, types.int64), emit


@intrinsic
def segment_doubles(typing_context: Any, segments: Any, number: Any) -> Any:
    """A segment as doubles."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(sig.return_type)
        return builder.bitcast(_segment(builder, args[0], args[1]), kind)

    return types.CPointer(F64)(segments, types.int64), emit


@intrinsic
def cols_of(typing_context: Any, words: Any, operand: Any) -> Any:
    """Columns of an operand."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _operand_word(builder, args[0], args[1], COLS)

    return types.int64(words, types.int64), emit


@intrinsic
def ld_of(typing_context: Any, words: Any, operand: Any) -> Any:
    """Distance between an operand's rows, in elements."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _operand_word(builder, args[0], args[1], LD)

    return types.int64(words, types.int64), emit


@intrinsic
def rows_per_sample(typing_context: Any, words: Any, operand: Any) -> Any:
    """Rows of an operand that belong to one sample; 0 without the batch axis."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _operand_word(builder, args[0], args[1], ROWS_B)

    return types.int64(words, types.int64), emit


@intrinsic
def rows_of(typing_context: Any, words: Any, segments: Any, operand: Any) -> Any:
    """Rows of an operand in this step: a + b * n. (n is read only where b is not 0.)"""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words, segments, operand = args
        fixed = _operand_word(builder, words, operand, ROWS_A)
        each = _operand_word(builder, words, operand, ROWS_B)
        total = cgutils.alloca_once_value(builder, fixed)
        with builder.if_then(builder.icmp_signed("!=", each, I64(0))):
            n = _control(builder, segments, I64(control.N), I64)
            builder.store(builder.add(fixed, builder.mul(each, n)), total)
        return builder.load(total)

    return types.int64(words, segments, types.int64), emit


@intrinsic
def control_integer(typing_context: Any, segments: Any, word: Any) -> Any:
    """A word of the step's control row as an integer."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _control(builder, args[0], args[1], I64)

    return types.int64(segments, types.int64), emit


@intrinsic
def control_real(typing_context: Any, segments: Any, word: Any) -> Any:
    """A word of the step's control row as a double."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _control(builder, args[0], args[1], ir.DoubleType())

    return types.float64(segments, types.int64), emit


@intrinsic
def integer_attribute(typing_context: Any, words: Any, number: Any) -> Any:
    """Integer attribute ``number``; they lie after the operands."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words, number = args
        operands = _word(builder, words, RECORD_OPERANDS)
        first = builder.add(
            builder.mul(operands, I64(record.OPERAND_WORDS)), I64(record.RECORD_WORDS)
        )
        return _word(builder, words, builder.add(first, number))

    return types.int64(words, types.int64), emit


@intrinsic
def float_attribute(typing_context: Any, words: Any, segments: Any, number: Any) -> Any:
    """Float attribute ``number``, a double of the program's table."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words, segments, number = args
        table = builder.bitcast(
            _segment(builder, segments, memory.ATTRIBUTES), ir.DoubleType().as_pointer()
        )
        first = _word(builder, words, RECORD_ATTRIBUTE)
        return builder.load(builder.gep(table, [builder.add(first, number)]))

    return types.float64(words, segments, types.int64), emit


@intrinsic
def real(typing_context: Any, segments: Any, x: Any) -> Any:
    """A number as the float type that the kernel is compiled for."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.cast(builder, args[1], sig.args[1], segments.real)

    return segments.real(segments, x), emit


@intrinsic
def call_kernel(
    typing_context: Any, address: Any, record: Any, segments: Any, begin: Any, end: Any
) -> Any:
    """Call a kernel by its address."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, record, segments, begin, end = args
        table = BYTES.as_pointer()
        shape = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), table, I64, I64])
        kernel = builder.inttoptr(address, shape.as_pointer())
        builder.call(kernel, [record, builder.bitcast(segments, table), begin, end])
        return context.get_dummy_value()

    return types.void(types.int64, record, segments, types.int64, types.int64), emit


@device
def smaller(a: Any, b: Any) -> Any:
    """The smaller integer."""
    return a if a < b else b


@device
def fetch(x: Any, cols: Any, i: Any, j: Any) -> Any:
    """A register of x at (i, j) for an output of ``cols`` columns: one column is repeated."""
    if x.cols < cols:
        return splat(x.data[i * x.ld])
    return load_some(x.data, i * x.ld + j, cols - j)


@device
def put(y: Any, i: Any, j: Any, v: Any) -> Any:
    """Write a register to y at (i, j), as far as its columns go."""
    store_some(y.data, i * y.ld + j, y.cols - j, v)


@device
def report(segments: Any, code: Any, position: Any, row: Any, binding: Any, value: Any) -> Any:
    """Note a fault: of several in one stage, the one with the smallest position stays.

    The lock is a word of STATUS itself: runs of different segments never meet, and a fork cannot
    leave it held.
    """
    status = segment_words(segments, memory.STATUS)
    while not swap(status, STATUS_LOCK, 0, 1):
        pass
    first = (
        status[STATUS_CODE] == OK
        or position < status[STATUS_POSITION]
        or (position == status[STATUS_POSITION] and binding < status[STATUS_BINDING])
    )
    if first:
        status[STATUS_CODE] = code
        status[STATUS_ROW] = row
        status[STATUS_BINDING] = binding
        segment_doubles(segments, memory.STATUS)[STATUS_VALUE] = value
        status[STATUS_POSITION] = position
    write(status, STATUS_LOCK, 0)
