"""The circle loss: every sample against every reference; the twin of ``kernels/circle.c``, which
gives the formulas. In double; nothing of size n·m is stored.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn.backends.numba_jit.elementwise import integer_at
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.record import (
    float_attribute,
    integer_attribute,
    real,
    rows_of,
    view,
)
from fastnn.backends.numba_jit.vector import stack


@device
def double_dot(a: Any, first: Any, b: Any, second: Any, count: Any, sums: Any) -> Any:
    """Σ_k a[k]·b[k] in double: column k goes to sum k mod 8, then the eight are added in order."""
    for s in range(8):
        sums[s] = 0.0
    whole = count - count % 8
    for k in range(0, whole, 8):
        for s in range(8):
            sums[s] += F64(a[first + k + s]) * F64(b[second + k + s])
    for k in range(whole, count):
        sums[k - whole] += F64(a[first + k]) * F64(b[second + k])
    total = 0.0
    for s in range(8):
        total += sums[s]
    return total


@device
def pair_of(s: Any, same: Any, gamma: Any, margin: Any) -> Any:
    """The exponent of a pair with the dot product s, and its derivative by s."""
    d = 0.0 if 1.0 - s < 0.0 else 1.0 - s
    weight = margin + d if same else 1.0 + margin - d
    rest = d - margin if same else 1.0 - margin - d
    weight = 0.0 if weight < 0.0 else weight
    flat = 1.0 - s < 0.0 or weight == 0.0
    slope = 0.0 if flat else gamma * (-2.0 * d if same else 2.0 * (1.0 - d))
    return gamma * weight * rest, slope


@device
def add_power(most: Any, total: Any, value: Any) -> Any:
    """A sum that is kept as total·e^most, with e^value added."""
    if value > most:
        total *= math.exp(most - value)
        most = value
    return most, total + math.exp(value - most)


@device
def log_of(most: Any, total: Any) -> Any:
    """The logarithm of such a sum; of nothing, minus infinity."""
    return -math.inf if total == 0.0 else most + math.log(total)


def circle_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands y, x, labels, references, their labels; i0: sample i and reference i are apart."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    references, sums = view(record, segments, 3, 0), stack(F64, 64)
    gamma, margin = float_attribute(record, segments, 0), float_attribute(record, segments, 1)
    apart = integer_attribute(record, 0) != 0
    for i in range(begin, end):
        label = integer_at(record, segments, 2, i, 0)
        near, near_total, far, far_total = -math.inf, 0.0, -math.inf, 0.0
        for j in range(rows_of(record, segments, 3)):
            first, second = i * x.ld, j * references.ld
            s = double_dot(x.data, first, references.data, second, x.cols, sums)
            same = label == integer_at(record, segments, 4, j, 0)
            value, _ = pair_of(s, same, gamma, margin)
            if not same:
                far, far_total = add_power(far, far_total, value)
            elif not (apart and i == j):
                near, near_total = add_power(near, near_total, value)
        y.data[i * y.ld] = real(segments, log_of(near, near_total))
        y.data[i * y.ld + 1] = real(segments, log_of(far, far_total))


def circle_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands dx, dy, y, x, labels, references, their labels; i1: by the references."""
    dx, dy = view(record, segments, 0, 0), view(record, segments, 1, 0)
    y, x = view(record, segments, 2, 0), view(record, segments, 3, 0)
    references, sums = view(record, segments, 5, 0), stack(F64, 64)
    gamma, margin = float_attribute(record, segments, 0), float_attribute(record, segments, 1)
    apart, turned = integer_attribute(record, 0) != 0, integer_attribute(record, 1) != 0
    count = rows_of(record, segments, 3 if turned else 5)
    for row in range(begin, end):
        to = row * dx.ld
        for k in range(dx.cols):
            dx.data[to + k] = real(segments, 0.0)
        for other in range(count):
            i, j = (other, row) if turned else (row, other)
            first, second = i * x.ld, j * references.ld
            s = double_dot(x.data, first, references.data, second, x.cols, sums)
            label = integer_at(record, segments, 4, i, 0)
            same = label == integer_at(record, segments, 6, j, 0)
            if same and apart and i == j:
                continue
            value, slope = pair_of(s, same, gamma, margin)
            place = 0 if same else 1
            share = math.exp(value - F64(y.data[i * y.ld + place]))
            factor = real(segments, F64(dy.data[i * dy.ld + place]) * share * slope)
            for k in range(dx.cols):
                one = x.data[first + k] if turned else references.data[second + k]
                dx.data[to + k] += factor * one
