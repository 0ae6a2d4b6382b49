"""Reductions: over the columns of each row, over the rows of each column, and argmax; the twin of
``kernels/reduce.c``. Sums run in double in one fixed order, whatever the tile.
Deliberately not here: the mean of a loss (``loss.py``).
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.activation import row_maximum
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.record import (
    integer_attribute,
    integers,
    ld_of,
    real,
    rows_of,
    smaller,
    view,
)
from fastnn.backends.numba_jit.vector import at, lane_sum, lanes, load_some, stack, zeros
from fastnn.ops.codes import REDUCE

SUM, MEAN, MAX = REDUCE["sum"], REDUCE["mean"], REDUCE["max"]
WIDTH = 64  # columns that are summed together
WIDTH_BYTES = 8 * WIDTH


@device
def column_sums(segments: Any, y: Any, x: Any, rows: Any, begin: Any, end: Any, scale: Any) -> Any:
    """y[j - begin] = scale·Σ_i x[i, j] for begin ≤ j < end, rows ascending, in double."""
    sums = stack(F64, WIDTH_BYTES)
    for j in range(begin, end, WIDTH):
        cols = smaller(end - j, WIDTH)
        for c in range(WIDTH):
            sums[c] = 0.0
        for i in range(rows):
            first = i * x.ld + j
            for c in range(cols):
                sums[c] += F64(x.data[first + c])
        for c in range(cols):
            y[j - begin + c] = real(segments, sums[c] * scale)


@device
def row_double_sum(x: Any, first: Any, cols: Any) -> Any:
    """Σ of a row in double: column j goes to sum j mod 8, then the eight are added in order."""
    sums = stack(F64, 64)
    for s in range(8):
        sums[s] = 0.0
    whole = cols - cols % 8
    for j in range(0, whole, 8):
        for s in range(8):
            sums[s] += F64(x[first + j + s])
    for j in range(whole, cols):
        sums[j - whole] += F64(x[first + j])
    total = 0.0
    for s in range(8):
        total += sums[s]
    return total


@device
def all_finite(x: Any, first: Any, cols: Any) -> Any:
    """Whether a row is finite: x - x is 0 for finite x and NaN else, and NaN survives a sum."""
    total = zeros(x)
    for j in range(0, cols, lanes(x)):
        v = load_some(x, first + j, cols - j)
        total += v - v
    return lane_sum(total) == 0.0


@device
def row_minimum(x: Any, first: Any, cols: Any) -> Any:
    """The smallest; NaN if there is one."""
    best = x[first]
    for j in range(1, cols):
        value = x[first + j]
        best = value if value < best or value != value else best
    return best


def reduce_columns(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i] = sum, mean, max or min (i0) of row i; NaN wins."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    function = integer_attribute(record, 0)
    for i in range(begin, end):
        first = i * x.ld
        if function == SUM:
            value = real(segments, row_double_sum(x.data, first, x.cols))
        elif function == MEAN:
            value = real(segments, row_double_sum(x.data, first, x.cols) / x.cols)
        elif function == MAX:
            value = row_maximum(x.data, first, x.cols)
        else:
            value = row_minimum(x.data, first, x.cols)
        y.data[i * y.ld] = value


def argmax_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i] = the first column with the largest value of row i; the first NaN is the largest."""
    x = view(record, segments, 1, 0)
    for i in range(begin, end):
        best = 0
        largest = x.data[i * x.ld]
        for j in range(1, x.cols):
            value = x.data[i * x.ld + j]
            if largest == largest and (value > largest or value != value):
                best, largest = j, value
        integers(record, segments, 0)[i * ld_of(record, 0)] = best


def reduce_rows(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[j] = Σ_i x[i, j] (i0 = 0) or the mean (1), all rows ascending; a tile is columns."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    rows = rows_of(record, segments, 1)
    scale = 1.0 / rows if integer_attribute(record, 0) == MEAN else 1.0
    column_sums(segments, at(y.data, begin), x, rows, begin, end, scale)
