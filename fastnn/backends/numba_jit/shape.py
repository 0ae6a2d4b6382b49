"""Kernels that only arrange: one-hot rows and copies; the twin of ``kernels/shape.c``."""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.elementwise import integer_at
from fastnn.backends.numba_jit.record import fetch, joined, put, real, view
from fastnn.backends.numba_jit.vector import lanes


def one_hot(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, :] = 0 but 1 at labels[i]; a label outside [0, k) leaves the row 0."""
    y = view(record, segments, 0, 0)
    for i in range(begin, end):
        label = integer_at(record, segments, 1, i, 0)
        for j in range(y.cols):
            y.data[i * y.ld + j] = real(segments, j == label)


def copy(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = x, with x's one row or column repeated where y has more."""
    rows, (y, x) = joined(record, segments, begin, end, 2)
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, fetch(x, y.cols, i, j))
