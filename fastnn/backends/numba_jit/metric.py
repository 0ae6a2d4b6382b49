"""Accumulation of metrics in double, and the end of an epoch; the twin of ``kernels/metric.c``. A
metric's state is a few doubles: sums, or counts in bins.
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.jit import F64
from fastnn.backends.numba_jit.record import (
    control_integer,
    doubles,
    integer_attribute,
    rows_of,
    segment_doubles,
    view,
)
from fastnn.program import memory
from fastnn.program.control import END_OF_EPOCH, FLAGS, HISTORY_ROW, N


def metric_scalar(record: Any, segments: Any, begin: int, end: int) -> None:
    """state[0] += loss·n, state[1] += n."""
    state, n = doubles(record, segments, 0), F64(control_integer(segments, N))
    state[0] += doubles(record, segments, 1)[0] * n
    state[1] += n


def epoch_end(record: Any, segments: Any, begin: int, end: int) -> None:
    """If this step ends an epoch: a row of HISTORY ← the i0 doubles of STATE, which become 0, or
    the values of operand 1 if i1.
    """
    if control_integer(segments, FLAGS) & END_OF_EPOCH:
        count, given = integer_attribute(record, 0), integer_attribute(record, 1) != 0
        state = doubles(record, segments, 0)
        initial = doubles(record, segments, 1 if given else 0)
        history = segment_doubles(segments, memory.HISTORY)
        first = control_integer(segments, HISTORY_ROW) * count
        for number in range(count):
            history[first + number] = state[number]
            state[number] = initial[number] if given else 0.0


def metric_mean(record: Any, segments: Any, begin: int, end: int) -> None:
    """state[0] += Σ w_i·v_ij, state[1] += Σ_i w_i·cols, in double, in row order; i0 weighted."""
    state, v = doubles(record, segments, 0), view(record, segments, 1, 0)
    weighted = integer_attribute(record, 0) != 0
    w = view(record, segments, 2 if weighted else 1, 0)
    total, weights = 0.0, 0.0
    for i in range(rows_of(record, segments, 1)):
        weight = F64(w.data[i * w.ld]) if weighted else 1.0
        weights += weight
        for j in range(v.cols):
            total += weight * F64(v.data[i * v.ld + j])
    state[0] += total
    state[1] += weights * v.cols


def metric_sum(record: Any, segments: Any, begin: int, end: int) -> None:
    """state[j] += Σ_i w_i·v_ij in double, in row order; i0 weighted."""
    state, v = doubles(record, segments, 0), view(record, segments, 1, 0)
    weighted = integer_attribute(record, 0) != 0
    w = view(record, segments, 2 if weighted else 1, 0)
    for i in range(rows_of(record, segments, 1)):
        weight = F64(w.data[i * w.ld]) if weighted else 1.0
        for j in range(v.cols):
            state[j] += weight * F64(v.data[i * v.ld + j])


def metric_histogram(record: Any, segments: Any, begin: int, end: int) -> None:
    """state[b·m + j] += v_ij, b the number of edges below x_ij; i0 histograms, i1 weighted."""
    state, x = doubles(record, segments, 0), view(record, segments, 1, 0)
    edges = view(record, segments, 2, 0)
    histograms = integer_attribute(record, 0)
    weighted = integer_attribute(record, 1) != 0
    v = view(record, segments, 3 if weighted else 1, 0)
    for i in range(rows_of(record, segments, 1)):
        for j in range(x.cols):
            value = x.data[i * x.ld + j]
            low, high = 0, edges.cols  # edges before low are below, from high on they are not
            while low < high:
                middle = low + (high - low) // 2
                if edges.data[middle] < value:
                    low = middle + 1
                else:
                    high = middle
            amount = F64(v.data[i * v.ld + (0 if v.cols == 1 else j)]) if weighted else 1.0
            state[low * histograms + (0 if histograms == 1 else j)] += amount


def metric_load(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = real(state)."""
    y, state = view(record, segments, 0, 0), doubles(record, segments, 1)
    for j in range(y.cols):
        y.data[j] = state[j]


def metric_store(record: Any, segments: Any, begin: int, end: int) -> None:
    """state = double(x)."""
    state, x = doubles(record, segments, 0), view(record, segments, 1, 0)
    for j in range(x.cols):
        state[j] = F64(x.data[j])
