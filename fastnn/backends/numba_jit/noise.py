"""Random tensors from Philox, drawn as dropout's masks are; the twin of ``kernels/noise.c``.
Deliberately not here: the generator (``philox.py``).
"""

from __future__ import annotations

import math
from typing import Any

from numba import types

from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.philox import philox
from fastnn.backends.numba_jit.record import (
    control_integer,
    integer_attribute,
    real,
    smaller,
    view,
)
from fastnn.backends.numba_jit.vector import stack
from fastnn.program.control import STEP
from fastnn.random.philox import NORMAL_CENTER, NORMAL_TAIL

U32: Any = types.uint32
BLOCK = 64  # columns that 16 counters cover
CENTER_TOP, CENTER_BOTTOM = NORMAL_CENTER
TAIL_TOP, TAIL_BOTTOM = NORMAL_TAIL


@device
def noise_words(words: Any, record: Any, segments: Any, i: Any, block: Any) -> Any:
    """The 64 words of columns block … block + 63 of row i; i0, i1 key, i2 stream."""
    low, high = integer_attribute(record, 0), integer_attribute(record, 1)
    stream, step = integer_attribute(record, 2), control_integer(segments, STEP)
    philox(words, block // 4, i, step, stream, low, high)


@device
def normal_quantile(q: Any) -> Any:
    """The quantile of the normal distribution at q + 1/2; see ``fastnn.random``."""
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top, bottom = CENTER_TOP[0], CENTER_BOTTOM[0]
        for place in range(1, 8):
            top = top * r + CENTER_TOP[place]
            bottom = bottom * r + CENTER_BOTTOM[place]
        return q * top / bottom
    r = math.sqrt(-math.log(0.5 - abs(q))) - 1.6
    top, bottom = TAIL_TOP[0], TAIL_BOTTOM[0]
    for place in range(1, 8):
        top = top * r + TAIL_TOP[place]
        bottom = bottom * r + TAIL_BOTTOM[place]
    return math.copysign(top / bottom, q)


def random_uniform(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, e] = (word >> 8)·2^-24."""
    y = view(record, segments, 0, 0)
    words = stack(U32, 256)
    for i in range(begin, end):
        for block in range(0, y.cols, BLOCK):
            noise_words(words, record, segments, i, block)
            for e in range(smaller(y.cols - block, BLOCK)):
                y.data[i * y.ld + block + e] = real(segments, F64(words[e] >> 8) * 2.0**-24)


def random_normal(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i, e] = the normal quantile at (word + 1/2)·2^-32, in double, rounded once."""
    y = view(record, segments, 0, 0)
    words = stack(U32, 256)
    for i in range(begin, end):
        for block in range(0, y.cols, BLOCK):
            noise_words(words, record, segments, i, block)
            for e in range(smaller(y.cols - block, BLOCK)):
                q = (F64(words[e]) + 0.5) * 2.0**-32 - 0.5
                y.data[i * y.ld + block + e] = real(segments, normal_quantile(q))
