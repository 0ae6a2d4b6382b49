"""Reductions: over the columns of each row, over the rows of each column, and argmax; the twin of
``kernels/reduce.c``. Sums run in double in one fixed order, whatever the tile.
Deliberately not here: the mean of a loss (``loss.py``).
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.activation import row_maximum
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.lanes import maximum, minimum
from fastnn.backends.numba_jit.record import (
    integer_attribute,
    integers,
    ld_of,
    put,
    real,
    rows_of,
    view,
)
from fastnn.backends.numba_jit.vector import (
    at,
    lane_sum,
    lanes,
    load,
    load_some,
    narrowed,
    splat,
    stack,
    store,
    store_some,
    wide_add,
    wide_zeros,
    zeros,
)
from fastnn.ops.codes import REDUCE

SUM, MEAN, MAX, MIN = (REDUCE[name] for name in ("sum", "mean", "max", "min"))
PROD = REDUCE["prod"]


@device
def column_sums(y: Any, x: Any, rows: Any, begin: Any, end: Any, scale: Any) -> Any:
    """y[j - begin] = scale·Σ_i x[i, j] for begin ≤ j < end, rows ascending, in double.

    Four registers of columns at a time, the sums in registers too.
    """
    vl, j = lanes(x.data), begin
    while end - j >= 4 * vl:
        a, b, c, d = (
            wide_zeros(x.data),
            wide_zeros(x.data),
            wide_zeros(x.data),
            wide_zeros(x.data),
        )
        for i in range(rows):
            first = i * x.ld + j
            a = wide_add(a, load(x.data, first))
            b = wide_add(b, load(x.data, first + vl))
            c = wide_add(c, load(x.data, first + 2 * vl))
            d = wide_add(d, load(x.data, first + 3 * vl))
        store(y, j - begin, narrowed(a, scale))
        store(y, j - begin + vl, narrowed(b, scale))
        store(y, j - begin + 2 * vl, narrowed(c, scale))
        store(y, j - begin + 3 * vl, narrowed(d, scale))
        j += 4 * vl
    while j < end:
        total = wide_zeros(x.data)
        for i in range(rows):
            total = wide_add(total, load_some(x.data, i * x.ld + j, end - j))
        store_some(y, j - begin, end - j, narrowed(total, scale))
        j += vl


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
    """y[i] = sum, mean, max, min or prod (i0) of row i; NaN wins."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    function = integer_attribute(record, 0)
    for i in range(begin, end):
        first = i * x.ld
        if function == SUM:
            value = real(segments, row_double_sum(x.data, first, x.cols))
        elif function == MEAN:
            value = real(segments, row_double_sum(x.data, first, x.cols) / x.cols)
        elif function == PROD:
            product = 1.0
            for j in range(x.cols):
                product *= F64(x.data[first + j])
            value = real(segments, product)
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


@device
def column_extremes(y: Any, x: Any, rows: Any, begin: Any, end: Any, largest: Any) -> Any:
    """y[j - begin] = the largest (or smallest) x[i, j] for begin ≤ j < end; NaN wins."""
    for j in range(begin, end, lanes(y)):
        best = load_some(x.data, j, end - j)
        for i in range(1, rows):
            v = load_some(x.data, i * x.ld + j, end - j)
            best = maximum(best, v) if largest else minimum(best, v)
        store_some(y, j - begin, end - j, best)


@device
def column_products(segments: Any, y: Any, x: Any, rows: Any, begin: Any, end: Any) -> Any:
    """y[j - begin] = Π_i x[i, j] for begin ≤ j < end, in double."""
    for j in range(begin, end):
        total = 1.0
        for i in range(rows):
            total *= F64(x.data[i * x.ld + j])
        y[j - begin] = real(segments, total)


def reduce_rows(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[j] = sum, mean, max, min or prod (i0) of column j, rows ascending; a tile is columns."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    rows = rows_of(record, segments, 1)
    function = integer_attribute(record, 0)
    if function in (MAX, MIN):
        column_extremes(at(y.data, begin), x, rows, begin, end, function == MAX)
    elif function == PROD:
        column_products(segments, at(y.data, begin), x, rows, begin, end)
    else:
        scale = 1.0 / rows if function == MEAN else 1.0
        column_sums(at(y.data, begin), x, rows, begin, end, scale)


def argmax_rows_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[j] = the first row with the largest value of column j; the first NaN is the largest."""
    x, rows = view(record, segments, 1, 0), rows_of(record, segments, 1)
    for j in range(begin, end):
        best = 0
        largest = x.data[j]
        for i in range(1, rows):
            value = x.data[i * x.ld + j]
            if largest == largest and (value > largest or value != value):
                best, largest = i, value
        integers(record, segments, 0)[j] = best


def spread_mean(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, :] = x / rows of the whole y."""
    y, x = view(record, segments, 0, begin), view(record, segments, 1, 0)
    rows = splat(real(segments, rows_of(record, segments, 0)))
    for i in range(end - begin):
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, load_some(x.data, j, y.cols - j) / rows)


def cumsum(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, j] = Σ_{l ≤ j} x[i, l], or with i0 of l ≥ j, in double."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    reverse = integer_attribute(record, 0) != 0
    for i in range(begin, end):
        total = 0.0
        for j in range(x.cols):
            place = x.cols - 1 - j if reverse else j
            total += F64(x.data[i * x.ld + place])
            y.data[i * y.ld + place] = real(segments, total)
