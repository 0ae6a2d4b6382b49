"""Losses from logits with their gradients, per sample, and the mean over the batch; the twin of
``kernels/loss.c``. Finite for logits up to ±1e4: everything is expressed in z - max z.
Deliberately not here: losses that are compositions of elementwise ops.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn.backends.base import NON_FINITE_LOSS
from fastnn.backends.numba_jit.activation import row_exp_sum, row_maximum, row_sum, write_row_exp
from fastnn.backends.numba_jit.elementwise import integer_at
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.lanes import absolute, maximum, select
from fastnn.backends.numba_jit.record import (
    cols_of,
    doubles,
    fetch,
    float_attribute,
    integer_attribute,
    joined,
    put,
    real,
    report,
    rows_of,
    view,
)
from fastnn.backends.numba_jit.vecmath import exp, log1p, sigmoid
from fastnn.backends.numba_jit.vector import lane_sum, lanes, load_some, splat, zeros
from fastnn.ops.loss import REDUCTIONS

SUM, WEIGHTED_MEAN = REDUCTIONS["sum"], REDUCTIONS["weighted_mean"]


def sparse_softmax_crossentropy_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """l[i] = log Σ_j e^(z_ij) - z[i, label_i]; labels i32 (n, 1); NaN for no class."""
    losses, z = view(record, segments, 0, 0), view(record, segments, 1, 0)
    for i in range(begin, end):
        first = i * z.ld
        shift = row_maximum(z.data, first, z.cols)
        log_sum = math.log(row_exp_sum(z.data, first, z.cols, shift))
        label = integer_at(record, segments, 2, i, 0)
        inside = label >= 0 and label < z.cols
        chosen = z.data[first + label] if inside else real(segments, math.nan)
        losses.data[i * losses.ld] = log_sum + (shift - chosen)


def sparse_softmax_crossentropy_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz[i, :] = dl[i]·(softmax(z[i, :]) - onehot(label_i)); dz may be z itself."""
    dz, dl = view(record, segments, 0, 0), view(record, segments, 1, 0)
    z = view(record, segments, 2, 0)
    for i in range(begin, end):
        first = i * dz.ld
        label = integer_at(record, segments, 3, i, 0)
        shift = row_maximum(z.data, i * z.ld, dz.cols)
        total = write_row_exp(dz.data, first, z.data, i * z.ld, dz.cols, shift)
        gradient = dl.data[i * dl.ld]
        target = (dz.data[first + label] / total - real(segments, 1.0)) * gradient
        for j in range(0, dz.cols, lanes(dz.data)):
            put(dz, i, j, fetch(dz, dz.cols, i, j) / total * gradient)
        dz.data[first + label] = target


def softmax_crossentropy_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """l[i] = -Σ_j t_ij·log softmax(z)_ij; a class with t_ij = 0 adds nothing."""
    losses, z = view(record, segments, 0, 0), view(record, segments, 1, 0)
    t = view(record, segments, 2, 0)
    for i in range(begin, end):
        shift = row_maximum(z.data, i * z.ld, z.cols)
        log_sum = math.log(row_exp_sum(z.data, i * z.ld, z.cols, shift))
        total = zeros(z.data)
        for j in range(0, z.cols, lanes(z.data)):
            term = (shift - fetch(z, z.cols, i, j)) + log_sum
            share = load_some(t.data, i * t.ld + j, z.cols - j)
            total += select(share == 0.0, zeros(z.data), share * term)
        losses.data[i * losses.ld] = lane_sum(total)


def softmax_crossentropy_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz[i, :] = dl[i]·(softmax(z[i, :])·Σ_j t_ij - t[i, :]); dz may be z itself, not t."""
    dz, dl = view(record, segments, 0, 0), view(record, segments, 1, 0)
    z, t = view(record, segments, 2, 0), view(record, segments, 3, 0)
    for i in range(begin, end):
        gradient = splat(dl.data[i * dl.ld])
        shift = row_maximum(z.data, i * z.ld, dz.cols)
        total = splat(write_row_exp(dz.data, i * dz.ld, z.data, i * z.ld, dz.cols, shift))
        targets = splat(row_sum(t.data, i * t.ld, dz.cols))
        for j in range(0, dz.cols, lanes(dz.data)):
            p = fetch(dz, dz.cols, i, j) / total
            put(dz, i, j, gradient * (p * targets - load_some(t.data, i * t.ld + j, dz.cols - j)))


def sigmoid_crossentropy_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """l = max(z, 0) - z·t + log(1 + e^-|z|), elementwise; l may be z itself."""
    rows, (losses, z, t) = joined(record, segments, begin, end, 3)
    for i in range(rows):
        for j in range(0, losses.cols, lanes(losses.data)):
            v, target = fetch(z, losses.cols, i, j), fetch(t, losses.cols, i, j)
            rest = log1p(exp(-absolute(v)))
            put(losses, i, j, maximum(v, 0.0) - v * target + rest)


def sigmoid_crossentropy_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz = dl·(sigmoid(z) - t), elementwise; dz may be any of them."""
    rows, (dz, dl, z, t) = joined(record, segments, begin, end, 4)
    for i in range(rows):
        for j in range(0, dz.cols, lanes(dz.data)):
            error = sigmoid(fetch(z, dz.cols, i, j)) - fetch(t, dz.cols, i, j)
            put(dz, i, j, fetch(dl, dz.cols, i, j) * error)


@device
def loss_divisor(reduction: Any, rows: Any, cols: Any, weighted: Any, w: Any) -> Any:
    """What Σ w·l is divided by: the number of losses, 1, or Σ_i w_i·cols, rows ascending.

    Infinity where the weights sum to 0, as they may in one batch: loss and gradient are 0.
    """
    if reduction == SUM:
        return 1.0
    if reduction != WEIGHTED_MEAN or not weighted:
        return F64(rows) * F64(cols)
    weights = 0.0
    for i in range(rows):
        weights += F64(w.data[i * w.ld])
    return math.inf if weights == 0.0 else weights * cols


def loss_mean(record: Any, segments: Any, begin: int, end: int) -> None:
    """loss = Σ_i Σ_j w_i·l_ij / d in double, in row order; i0 weighted, i1 check, i2 what d is."""
    losses = view(record, segments, 1, 0)
    weighted = integer_attribute(record, 0) != 0
    w = view(record, segments, 2 if weighted else 1, 0)
    rows = rows_of(record, segments, 1)
    total = 0.0
    for i in range(rows):
        weight = F64(w.data[i * w.ld]) if weighted else 1.0
        for j in range(losses.cols):
            total += weight * F64(losses.data[i * losses.ld + j])
    loss = total / loss_divisor(integer_attribute(record, 2), rows, losses.cols, weighted, w)
    doubles(record, segments, 0)[0] = loss
    if integer_attribute(record, 1) != 0 and loss - loss != 0.0:
        report(segments, NON_FINITE_LOSS, 0, -1, -1, loss)


def loss_mean_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dl_ij = a0·w_i/d; i0 weighted, i1 what d is. Computed in double, rounded once."""
    dl = view(record, segments, 0, 0)
    weighted = integer_attribute(record, 0) != 0
    w = view(record, segments, 2 if weighted else 1, 0)
    rows, cols = rows_of(record, segments, 1), cols_of(record, 1)
    divisor = loss_divisor(integer_attribute(record, 1), rows, cols, weighted, w)
    share = float_attribute(record, segments, 0) / divisor
    for i in range(begin, end):
        value = real(segments, share * F64(w.data[i * w.ld]) if weighted else share)
        for j in range(dl.cols):
            dl.data[i * dl.ld + j] = value
