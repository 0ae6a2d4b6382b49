"""Penalties: what regularizers add to the loss and to the gradients; the twin of
``kernels/penalty.c``. Sums in double, in one fixed order.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn.backends.base import NON_FINITE_LOSS
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.record import (
    RECORD_OPERANDS,
    cols_of,
    control_integer,
    doubles,
    float_attribute,
    integer_attribute,
    real,
    report,
    rows_of,
    smaller,
    view,
)
from fastnn.backends.numba_jit.vector import lanes, load_some, splat, stack, store_some
from fastnn.ops.penalty import CHUNK
from fastnn.program.control import N

CHAINS = 16
CHAIN_BYTES = 8 * CHAINS


@device
def power_sum(x: Any, first: Any, count: Any, square: Any) -> Any:
    """Σ|x| or Σ x² in double: element e goes to sum e mod 16, then they are added in order."""
    sums = stack(F64, CHAIN_BYTES)
    for s in range(CHAINS):
        sums[s] = 0.0
    for e in range(0, count - count % CHAINS, CHAINS):
        for s in range(CHAINS):
            value = F64(x[first + e + s])
            sums[s] += value * value if square else math.fabs(value)
    for e in range(count - count % CHAINS, count):
        value = F64(x[first + e])
        sums[e % CHAINS] += value * value if square else math.fabs(value)
    total = 0.0
    for s in range(CHAINS):
        total += sums[s]
    return total


def penalty_sums(record: Any, segments: Any, begin: int, end: int) -> None:
    """s[t] = a0·Σ|x_e| + a1·Σ x_e² over chunk t; a sum whose factor is 0 is left out."""
    sums, x = doubles(record, segments, 0), view(record, segments, 1, 0).data
    elements = rows_of(record, segments, 1) * cols_of(record, 1)
    l1, l2 = float_attribute(record, segments, 0), float_attribute(record, segments, 1)
    for t in range(begin, end):
        first = t * CHUNK
        count = smaller(CHUNK, elements - first)
        total = l1 * power_sum(x, first, count, False) if l1 != 0.0 else 0.0
        sums[t] = total + (l2 * power_sum(x, first, count, True) if l2 != 0.0 else 0.0)


@device
def sign(x: Any) -> Any:
    """-1, 0 or 1; NaN for NaN."""
    return (x > 0.0) - (x < 0.0) if x == x else x


def penalty_gradient(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = a0·sign(x) + 2·a1·x, and + g where there is a third operand; y may be g."""
    y, x = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    adds = record[RECORD_OPERANDS] > 2
    g = view(record, segments, 2 if adds else 1, 0).data
    l1 = real(segments, float_attribute(record, segments, 0))
    l2 = real(segments, 2.0 * float_attribute(record, segments, 1))
    if l1 == 0.0:
        factor = splat(l2)
        for e in range(begin, end, lanes(y)):
            slope = factor * load_some(x, e, end - e)
            store_some(y, e, end - e, load_some(g, e, end - e) + slope if adds else slope)
        return
    for e in range(begin, end):
        value = x[e]
        slope = l2 * value + l1 * sign(value)
        y[e] = g[e] + slope if adds else slope


def add_terms(record: Any, segments: Any, begin: int, end: int) -> None:
    """total = first + Σ terms in double, ascending; i0: a total that is not finite is a fault."""
    terms = view(record, segments, 2, 0).data
    total = doubles(record, segments, 1)[0]
    for t in range(rows_of(record, segments, 2) * cols_of(record, 2)):
        total += F64(terms[t])
    doubles(record, segments, 0)[0] = total
    if integer_attribute(record, 0) != 0 and total - total != 0.0:
        report(segments, NON_FINITE_LOSS, 0, -1, -1, total)


def divide_by_rows(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = x / n, the rows of the step."""
    rows = real(segments, control_integer(segments, N))
    view(record, segments, 0, 0).data[0] = view(record, segments, 1, 0).data[0] / rows
