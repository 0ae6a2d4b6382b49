"""Picking elements by indices, and the indices of the largest; the twin of ``kernels/pick.c``.
Indices are the user's data: one out of range is reported and touches no memory.
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.base import INDEX_OUT_OF_RANGE
from fastnn.backends.numba_jit.data import source_row
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.record import (
    BINDING_WORDS,
    cols_of,
    control_integer,
    integer_attribute,
    integers,
    ld_of,
    real,
    report,
    rows_of,
    rows_per_sample,
    segment_words,
    smaller,
    view,
)
from fastnn.backends.numba_jit.vector import at
from fastnn.program import memory
from fastnn.program.control import OFFSET


@device
def index_at(record: Any, segments: Any, o: Any, i: Any, j: Any, k: Any) -> Any:
    """Index j of row i, counted from the start of k pieces; -1, reported, if out of range."""
    index = integers(record, segments, o)[i * ld_of(record, o) + j]
    if -k <= index < k:
        return index if index >= 0 else index + k
    each = rows_per_sample(record, o)
    sample = i // each if each > 0 else 0
    number = integer_attribute(record, 2)
    row = control_integer(segments, OFFSET) + sample
    if number >= 0:
        binding = at(segment_words(segments, memory.BINDINGS), BINDING_WORDS * number)
        row = source_row(binding, segments, sample)
    report(segments, INDEX_OUT_OF_RANGE, sample, row, number, F64(index))
    return -1


@device
def take_pieces(record: Any, segments: Any, begin: Any, end: Any) -> Any:
    """y[i, j] = x[i, index[i, j]] for pieces of i0 elements; i1: x is a table."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    inner, table = integer_attribute(record, 0), integer_attribute(record, 1)
    k = rows_of(record, segments, 1) if table != 0 else x.cols // inner
    for i in range(begin, end):
        first = 0 if table != 0 else i * x.ld
        for j in range(cols_of(record, 2)):
            index = index_at(record, segments, 2, i, j, k)
            to = i * y.ld + j * inner
            for c in range(inner):
                if index >= 0:
                    y.data[to + c] = x.data[first + index * inner + c]
                else:
                    y.data[to + c] = 0.0


def take(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, j] = x[i, index[i, j]]; 0 where an index is out of range."""
    take_pieces(record, segments, begin, end)


def take_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """The same for int32, which is moved as the float of its bits."""
    take_pieces(record, segments, begin, end)


def take_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dx[i, :] = 0, then dx[i, index[i, j]] += dy[i, j] for ascending j."""
    dx, dy = view(record, segments, 0, 0), view(record, segments, 1, 0)
    inner, m = integer_attribute(record, 0), cols_of(record, 2)
    for i in range(begin, end):
        to = i * dx.ld
        for c in range(dx.cols):
            dx.data[to + c] = real(segments, 0)
        for j in range(m):
            index = index_at(record, segments, 2, i, j, dx.cols // inner)
            if index >= 0:
                for c in range(inner):
                    dx.data[to + index * inner + c] += dy.data[i * dy.ld + j * inner + c]


def take_dw(record: Any, segments: Any, begin: int, end: int) -> None:
    """dw[begin:end] = 0, then dw[index[i, j]] += dy[i, j]; a tile is rows of dw."""
    dw, dy = view(record, segments, 0, 0), view(record, segments, 1, 0)
    inner, m = integer_attribute(record, 0), cols_of(record, 2)
    k = rows_of(record, segments, 0)
    shared = rows_of(record, segments, 2) == 1  # one row of indices for all
    for c in range(begin * inner, end * inner):
        dw.data[c] = real(segments, 0)
    for i in range(rows_of(record, segments, 1)):
        for j in range(m):
            index = index_at(record, segments, 2, 0 if shared else i, j, k)
            if begin <= index < end:
                for c in range(inner):
                    dw.data[index * inner + c] += dy.data[i * dy.ld + j * inner + c]


def top_k_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, :] = the columns of the largest, by insertion; the first of equals first, NaN wins."""
    x = view(record, segments, 1, 0)
    k = cols_of(record, 0)
    for i in range(begin, end):
        row = i * x.ld
        best = at(integers(record, segments, 0), i * ld_of(record, 0))
        for j in range(x.cols):
            value = x.data[row + j]
            place = smaller(j, k)
            while place > 0:
                other = x.data[row + best[place - 1]]
                if not (value > other or (value != value and other == other)):
                    break
                if place < k:
                    best[place] = best[place - 1]
                place -= 1
            if place < k:
                best[place] = j
