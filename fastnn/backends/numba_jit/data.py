"""Batch assembly: rows and labels of the user's own arrays, picked by a permutation, cast and
checked on the way in, and results on the way out; the twin of ``kernels/data.c``.
"""

from __future__ import annotations

from typing import Any

from numba import types

from fastnn.backends.base import (
    LABEL_NOT_INTEGRAL,
    LABEL_OUT_OF_RANGE,
    NON_FINITE_INPUT,
    OK,
)
from fastnn.backends.numba_jit.jit import F32, F64, device
from fastnn.backends.numba_jit.record import (
    BINDING_COLUMN_STRIDE,
    BINDING_DATA,
    BINDING_DTYPE,
    BINDING_FLAGS,
    BINDING_PERMUTATION,
    BINDING_POSITIONS,
    BINDING_ROW_STRIDE,
    BINDING_WORDS,
    F32_CODE,
    F64_CODE,
    I32_CODE,
    I64_CODE,
    cols_of,
    control_integer,
    integer_attribute,
    integers,
    ld_of,
    real,
    report,
    segment_words,
    smaller,
    view,
)
from fastnn.backends.numba_jit.reduce import all_finite
from fastnn.backends.numba_jit.vector import (
    at,
    lane_sum,
    lanes,
    load_some,
    peek,
    pointed_size,
    pointer,
    poke,
    prefetch,
    rounded_down,
    size_of,
    store_some,
    zeros,
)
from fastnn.program import memory
from fastnn.program.control import OFFSET, N

U8: Any = types.uint8
I32: Any = types.int32
I64: Any = types.int64


@device
def binding_of(record: Any, segments: Any) -> Any:
    """The descriptor of the binding that the record names."""
    first = BINDING_WORDS * integer_attribute(record, 0)
    return at(segment_words(segments, memory.BINDINGS), first)


@device
def source_row(binding: Any, segments: Any, i: Any) -> Any:
    """The source row that batch row i reads."""
    position = control_integer(segments, OFFSET) + i
    permutation = binding[BINDING_PERMUTATION]
    return peek(permutation + 8 * position, I64) if permutation != 0 else position


@device
def source_address(binding: Any, row: Any) -> Any:
    """Where a row of the bound array begins."""
    return binding[BINDING_DATA] + row * binding[BINDING_ROW_STRIDE]


@device
def element_value(address: Any, dtype: Any) -> Any:
    """One element of any dtype, from any address, as a double."""
    if dtype == I32_CODE:
        return F64(peek(address, I32))
    if dtype == I64_CODE:
        return F64(peek(address, I64))
    if dtype == F32_CODE:
        return F64(peek(address, F32))
    if dtype == F64_CODE:
        return peek(address, F64)
    return F64(peek(address, U8))


def gather_labels(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, :] = class labels of source row i as int32; i0 binding, i1 classes (0: any).

    A fractional or NaN label, or one out of range, is reported, and the element is then 0, so that
    nothing later in this stage reads out of bounds.
    """
    binding = binding_of(record, segments)
    cols, classes = cols_of(record, 0), integer_attribute(record, 1)
    lowest = 0.0 if classes != 0 else -2147483648.0
    highest = F64(classes - 1) if classes != 0 else 2147483647.0
    for i in range(begin, end):
        row = source_row(binding, segments, i)
        address = source_address(binding, row)
        to = at(integers(record, segments, 0), i * ld_of(record, 0))
        for j in range(cols):
            value = element_value(
                address + j * binding[BINDING_COLUMN_STRIDE], binding[BINDING_DTYPE]
            )
            fault = OK
            if rounded_down(value) != value or value - value != 0.0:
                fault = LABEL_NOT_INTEGRAL
            elif value < lowest or value > highest:
                fault = LABEL_OUT_OF_RANGE
            if fault != OK:
                report(segments, fault, i, row, integer_attribute(record, 0), value)
                value = 0.0
            to[j] = I32(value)


def scatter_rows_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """Bound output row offset + i = x[i, :] for int32; i0 binding."""
    binding = binding_of(record, segments)
    offset = control_integer(segments, OFFSET)
    for i in range(begin, end):
        x = at(integers(record, segments, 0), i * ld_of(record, 0))
        address = source_address(binding, offset + i)
        for j in range(cols_of(record, 0)):
            poke(address + j * binding[BINDING_COLUMN_STRIDE], x[j])


@device
def fetch_row_ahead(binding: Any, segments: Any, i: Any, size: Any) -> Any:
    """Ask for the row at a position of a later step, which lies anywhere in the user's array."""
    if control_integer(segments, OFFSET) + i < binding[BINDING_POSITIONS]:
        address = source_address(binding, source_row(binding, segments, i))
        for first in range(0, smaller(size, 8192), 64):
            prefetch(address + first)


@device
def cast_neighbours(segments: Any, to: Any, first: Any, address: Any, cols: Any, kind: Any) -> Any:
    """to[first + j] = source element j of one type, without gaps: a loop that vectorises."""
    for j in range(cols):
        to[first + j] = real(segments, peek(address + j * size_of(kind), kind))


@device
def cast_element(segments: Any, address: Any, dtype: Any) -> Any:
    """One element of any dtype as the kernel's float type, rounded once."""
    if dtype == F32_CODE:
        return real(segments, peek(address, F32))
    if dtype == F64_CODE:
        return real(segments, peek(address, F64))
    if dtype == I32_CODE:
        return real(segments, peek(address, I32))
    if dtype == I64_CODE:
        return real(segments, peek(address, I64))
    return real(segments, peek(address, U8))


@device
def cast_row(
    segments: Any, to: Any, first: Any, address: Any, cols: Any, stride: Any, dtype: Any
) -> Any:
    """A row of any dtype as floats."""
    if dtype == F32_CODE and stride == 4:
        cast_neighbours(segments, to, first, address, cols, F32)
    elif dtype == F64_CODE and stride == 8:
        cast_neighbours(segments, to, first, address, cols, F64)
    elif stride == 1:
        cast_neighbours(segments, to, first, address, cols, U8)
    else:
        for j in range(cols):
            to[first + j] = cast_element(segments, address + j * stride, dtype)


@device
def copy_rows(y: Any, binding: Any, segments: Any, begin: Any, end: Any, n: Any) -> Any:
    """Rows begin .. end of y from rows of y's own type; whether all are finite, in one pass."""
    size = y.cols * pointed_size(y.data)
    permutation, data = binding[BINDING_PERMUTATION], binding[BINDING_DATA]
    stride, offset = binding[BINDING_ROW_STRIDE], control_integer(segments, OFFSET)
    total = zeros(y.data)
    for i in range(begin, end):
        fetch_row_ahead(binding, segments, i + n, size)
        row = peek(permutation + 8 * (offset + i), I64) if permutation != 0 else offset + i
        source, first = pointer(y.data, data + row * stride), i * y.ld
        for j in range(0, y.cols, lanes(y.data)):
            v = load_some(source, j, y.cols - j)
            store_some(y.data, first + j, y.cols - j, v)
            total += v - v
    return lane_sum(total) == 0.0


def gather_rows(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, :] = source row permutation[offset + i] as floats, any dtype and strides; i0 binding.

    Floating sources whose descriptor says so are checked after the cast.
    """
    binding = binding_of(record, segments)
    y = view(record, segments, 0, 0)
    dtype, stride = binding[BINDING_DTYPE], binding[BINDING_COLUMN_STRIDE]
    check = binding[BINDING_FLAGS] & 1 != 0 and dtype in (F32_CODE, F64_CODE)
    n = control_integer(segments, N)
    size = pointed_size(y.data)
    places = binding[BINDING_DATA] | binding[BINDING_ROW_STRIDE]
    code = F32_CODE if size == 4 else F64_CODE
    same = dtype == code and stride == size and places % size == 0  # also aligned
    if same and (copy_rows(y, binding, segments, begin, end, n) or not check):
        return
    for i in range(begin, end):
        row = source_row(binding, segments, i)
        address = source_address(binding, row)
        first = i * y.ld
        if not same:
            fetch_row_ahead(binding, segments, i + n, y.cols * stride)
            cast_row(segments, y.data, first, address, y.cols, stride, dtype)
        if check and not all_finite(y.data, first, y.cols):
            j = 0
            while y.data[first + j] - y.data[first + j] == 0.0:
                j += 1
            value = element_value(address + j * stride, dtype)
            report(segments, NON_FINITE_INPUT, i, row, integer_attribute(record, 0), value)


def scatter_rows(record: Any, segments: Any, begin: int, end: int) -> None:
    """Bound output row offset + i = x[i, :], of x's dtype and any strides; i0 binding."""
    binding = binding_of(record, segments)
    x = view(record, segments, 0, 0)
    offset, stride = control_integer(segments, OFFSET), binding[BINDING_COLUMN_STRIDE]
    for i in range(begin, end):
        address = source_address(binding, offset + i)
        for j in range(x.cols):
            poke(address + j * stride, x.data[i * x.ld + j])
