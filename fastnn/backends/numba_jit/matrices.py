"""Products of matrices that belong to one sample; the twin of ``kernels/matrices.c``."""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.lanes import multiply_add
from fastnn.backends.numba_jit.record import integer_attribute, view
from fastnn.backends.numba_jit.vector import lanes, load_some, splat, store_some, zeros


def matmul(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i] = a[i] @ b[i]; i0 … i2 are p, q, r, i3 says that a is stored transposed."""
    y, a, b = (
        view(record, segments, 0, 0),
        view(record, segments, 1, 0),
        view(record, segments, 2, 0),
    )
    p, q = integer_attribute(record, 0), integer_attribute(record, 1)
    r, transposed = integer_attribute(record, 2), integer_attribute(record, 3) != 0
    row, step = (1, p) if transposed else (q, 1)
    for i in range(begin, end):
        for j in range(0, r, lanes(y.data)):
            right = i * b.ld + j
            for m in range(p):
                left = i * a.ld + m * row
                total = zeros(y.data)
                for k in range(q):
                    v = load_some(b.data, right + k * r, r - j)
                    total = multiply_add(splat(a.data[left + k * step]), v, total)
                store_some(y.data, i * y.ld + m * r + j, r - j, total)
