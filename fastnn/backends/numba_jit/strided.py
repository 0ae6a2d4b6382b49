"""Moving the elements of samples: transposing, slicing, joining, repeating and padding are all
``strided_copy``; the twin of ``kernels/strided.c``.
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.jit import I64, device
from fastnn.backends.numba_jit.record import (
    RECORD_OPERANDS,
    float_attribute,
    integer_attribute,
    integers,
    ld_of,
    real,
    view,
)
from fastnn.backends.numba_jit.vector import stack

# words of a part among the integer attributes: axes, starts, then three words of each axis
AXES, SOURCE, TARGET, HEADER = range(4)
AXIS_WORDS = 3
DIGITS_BYTES = 8 * 8  # RANK_MOST in fastnn/ops/strided.py


@device
def copy_part(record: Any, part: Any, to: Any, t: Any, x: Any, f: Any) -> Any:
    """One part of one row, from x[f] on to to[t] on: the last axis is a run, the others count."""
    outer = integer_attribute(record, part + AXES) - 1
    f += integer_attribute(record, part + SOURCE)
    t += integer_attribute(record, part + TARGET)
    axes = part + HEADER
    if outer < 0:
        to[t] = x[f]
        return
    digits = stack(I64, DIGITS_BYTES)
    for d in range(outer):
        digits[d] = 0
    count = integer_attribute(record, axes + outer * AXIS_WORDS)
    from_step = integer_attribute(record, axes + outer * AXIS_WORDS + 1)
    step = integer_attribute(record, axes + outer * AXIS_WORDS + 2)
    d = 0
    while d >= 0:
        if step == 1 and from_step == 1:
            for k in range(count):
                to[t + k] = x[f + k]
        else:
            for k in range(count):
                to[t + k * step] = x[f + k * from_step]
        d = outer - 1
        while d >= 0:
            size = integer_attribute(record, axes + d * AXIS_WORDS)
            f += integer_attribute(record, axes + d * AXIS_WORDS + 1)
            t += integer_attribute(record, axes + d * AXIS_WORDS + 2)
            digits[d] += 1
            if digits[d] < size:
                break
            digits[d] = 0
            f -= size * integer_attribute(record, axes + d * AXIS_WORDS + 1)
            t -= size * integer_attribute(record, axes + d * AXIS_WORDS + 2)
            d -= 1


@device
def copy_parts(record: Any, segments: Any, to: Any, t: Any, i: Any) -> Any:
    """All parts of row i, to what lies from to[t] on."""
    part = 1
    for p in range(1, record[RECORD_OPERANDS]):
        x = view(record, segments, p, i)
        copy_part(record, part, to, t, x.data, 0)
        part += HEADER + AXIS_WORDS * integer_attribute(record, part + AXES)


def strided_copy(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = a0 where i0 is 0, then y[i, target] = x_p[i, source] for every element of part p."""
    y = view(record, segments, 0, 0)
    fill = real(segments, float_attribute(record, segments, 0))
    for i in range(begin, end):
        if integer_attribute(record, 0) == 0:
            for j in range(y.cols):
                y.data[i * y.ld + j] = fill
        copy_parts(record, segments, y.data, i * y.ld, i)


def strided_copy_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """The same for int32, which is moved as the float of its bits."""
    y = view(record, segments, 0, 0)
    fill = int(float_attribute(record, segments, 0))
    for i in range(begin, end):
        if integer_attribute(record, 0) == 0:
            for j in range(y.cols):
                integers(record, segments, 0)[i * ld_of(record, 0) + j] = fill
        copy_parts(record, segments, y.data, i * y.ld, i)
