"""Dropout with a mask that is a function of (seed, step, stream, row, column) alone: the same on
every backend, for any number of threads, forward and backward. The twin of ``kernels/dropout.c``.
"""

from __future__ import annotations

import math
from typing import Any

from numba import types

from fastnn.backends.numba_jit.lanes import select
from fastnn.backends.numba_jit.philox import kept, philox
from fastnn.backends.numba_jit.record import (
    control_integer,
    fetch,
    float_attribute,
    integer_attribute,
    put,
    real,
    smaller,
    view,
)
from fastnn.backends.numba_jit.vector import lanes, stack
from fastnn.program.control import STEP

U32: Any = types.uint32
BLOCK = 64  # columns that 16 counters cover


def dropout(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = kept ? x/(1 - rate) : 0; i0, i1 key, i2 stream, a0 rate. y may be x itself.

    Kept: (word >> 8)·2^-24 ≥ rate, compared as integers. Column e has the counter
    16·(e div 64) + e mod 16 and of it the word (e mod 64) div 16. A dropped NaN is 0.
    """
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    rate = float_attribute(record, segments, 0)
    low, high = integer_attribute(record, 0), integer_attribute(record, 1)
    stream, step = integer_attribute(record, 2), control_integer(segments, STEP)
    least = types.int64(math.ceil(rate * 16777216.0))
    scale = real(segments, 1.0 / (1.0 - rate))
    words = stack(U32, 256)
    for i in range(begin, end):
        for block in range(0, y.cols, BLOCK):
            philox(words, block // 4, i, step, stream, low, high)
            for j in range(block, smaller(y.cols, block + BLOCK), lanes(y.data)):
                value = fetch(x, y.cols, i, j) * scale
                put(y, i, j, select(kept(y.data, words, j - block, least), value, 0.0))
