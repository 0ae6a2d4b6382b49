"""Activations with their derivatives, softmax and log-softmax; the twin of
``kernels/activation.c``. Deliberately not here: losses from logits (``loss.py``).
"""

from __future__ import annotations

import math
from typing import Any

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import Lanes, formula, maximum, select
from fastnn.backends.numba_jit.record import fetch, integer_attribute, joined, put, view
from fastnn.backends.numba_jit.vecmath import exp, sigmoid, tanh
from fastnn.backends.numba_jit.vector import (
    lane_maximum,
    lane_sum,
    lanes,
    lanes_below,
    load_some,
    splat,
    store_some,
    zeros,
)
from fastnn.ops.codes import ACTIVATION

LINEAR, RELU = ACTIVATION["linear"], ACTIVATION["relu"]
SIGMOID, TANH = ACTIVATION["sigmoid"], ACTIVATION["tanh"]


@formula
def relu(z: Lanes) -> Lanes:
    """0 where z < 0, else z: NaN stays."""
    return select(z < 0.0, 0.0, z)


@formula
def relu_gradient(dy: Lanes, y: Lanes) -> Lanes:
    """dy where y > 0, 0 at the kink and below; NaN where y is NaN."""
    return select(y.unequal(y), y, select(y <= 0.0, 0.0, dy))


@formula
def truth(mask: Lanes, like: Lanes) -> Lanes:
    """1 where the mask is set, else 0."""
    return select(mask, like.new(like.like(1.0)), 0.0)


@formula
def not_negative(x: Lanes) -> Lanes:
    """max(x, 0); NaN stays."""
    return select(x < 0.0, 0.0, x)


@formula
def where_positive(y: Lanes, x: Lanes) -> Lanes:
    """x where y > 0, else 0; NaN where y is."""
    return select(y.unequal(y), y, select(y > 0.0, x, 0.0))


@device
def activation(function: Any, z: Any) -> Any:
    """y = f(z)."""
    if function == RELU:
        return relu(z)
    if function == SIGMOID:
        return sigmoid(z)
    if function == TANH:
        return tanh(z)
    return z


@device
def activation_gradient(function: Any, dy: Any, y: Any) -> Any:
    """dz = dy·f'(z), expressed in the output y."""
    if function == RELU:
        return relu_gradient(dy, y)
    if function == SIGMOID:
        return dy * (y * (1.0 - y))
    if function == TANH:
        return dy * (1.0 - y * y)
    return dy


def activation_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = f(z), f = activation i0; y may be z itself."""
    rows, (y, z) = joined(record, segments, begin, end, 2)
    function = integer_attribute(record, 0)
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, activation(function, fetch(z, y.cols, i, j)))


def activation_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz = dy·f'(y), f = activation i0; dz may be dy or y."""
    rows, (dz, dy, y) = joined(record, segments, begin, end, 3)
    function = integer_attribute(record, 0)
    for i in range(rows):
        for j in range(0, dz.cols, lanes(dz.data)):
            gradient, out = fetch(dy, dz.cols, i, j), fetch(y, dz.cols, i, j)
            put(dz, i, j, activation_gradient(function, gradient, out))


@device
def row_maximum(z: Any, first: Any, cols: Any) -> Any:
    """The largest of ``cols`` elements from z[first] on; NaN if there is one."""
    best = splat(z[first])
    for j in range(0, cols, lanes(z)):
        v = load_some(z, first + j, cols - j)
        best = maximum(best, select(lanes_below(z, cols - j), v, best))
    return lane_maximum(best)


@device
def row_exp_sum(z: Any, first: Any, cols: Any, shift: Any) -> Any:
    """Σ_j e^(z_j - shift): per lane, then over the lanes."""
    total = zeros(z)
    for j in range(0, cols, lanes(z)):
        e = exp(load_some(z, first + j, cols - j) - shift)
        total += select(lanes_below(z, cols - j), e, 0.0)
    return lane_sum(total)


@device
def write_row_exp(y: Any, to: Any, z: Any, first: Any, cols: Any, shift: Any) -> Any:
    """As ``row_exp_sum``, and the terms are left in y from y[to] on."""
    total = zeros(z)
    for j in range(0, cols, lanes(z)):
        e = exp(load_some(z, first + j, cols - j) - shift)
        store_some(y, to + j, cols - j, e)
        total += select(lanes_below(z, cols - j), e, 0.0)
    return lane_sum(total)


@device
def row_dot(a: Any, a_first: Any, b: Any, b_first: Any, cols: Any) -> Any:
    """Σ_j a_j·b_j: per lane, then over the lanes."""
    total = zeros(a)
    for j in range(0, cols, lanes(a)):
        total += load_some(a, a_first + j, cols - j) * load_some(b, b_first + j, cols - j)
    return lane_sum(total)


@device
def row_sum(a: Any, first: Any, cols: Any) -> Any:
    """Σ_j a_j: per lane, then over the lanes."""
    total = zeros(a)
    for j in range(0, cols, lanes(a)):
        total += load_some(a, first + j, cols - j)
    return lane_sum(total)


def softmax_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y_j = e^(z_j - max z) / Σ_k e^(z_k - max z); y may be z itself."""
    y, z = view(record, segments, 0, begin), view(record, segments, 1, begin)
    for i in range(end - begin):
        shift = row_maximum(z.data, i * z.ld, y.cols)
        total = splat(write_row_exp(y.data, i * y.ld, z.data, i * z.ld, y.cols, shift))
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, fetch(y, y.cols, i, j) / total)


def softmax_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz_j = y_j·(dy_j - Σ_k dy_k·y_k); dz may be dy or y."""
    dz, dy = view(record, segments, 0, begin), view(record, segments, 1, begin)
    y = view(record, segments, 2, begin)
    for i in range(end - begin):
        mean = splat(row_dot(dy.data, i * dy.ld, y.data, i * y.ld, dz.cols))
        for j in range(0, dz.cols, lanes(dz.data)):
            put(dz, i, j, fetch(y, dz.cols, i, j) * (fetch(dy, dz.cols, i, j) - mean))


def log_softmax_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y_j = (z_j - max z) - log Σ_k e^(z_k - max z); y may be z itself."""
    y, z = view(record, segments, 0, begin), view(record, segments, 1, begin)
    for i in range(end - begin):
        shift = row_maximum(z.data, i * z.ld, y.cols)
        log_sum = math.log(row_exp_sum(z.data, i * z.ld, y.cols, shift))
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, fetch(z, y.cols, i, j) - shift - log_sum)


def log_softmax_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz_j = dy_j - e^(y_j)·Σ_k dy_k; dz may be dy or y."""
    dz, dy = view(record, segments, 0, begin), view(record, segments, 1, begin)
    y = view(record, segments, 2, begin)
    for i in range(end - begin):
        total = splat(row_sum(dy.data, i * dy.ld, dz.cols))
        for j in range(0, dz.cols, lanes(dz.data)):
            put(dz, i, j, fetch(dy, dz.cols, i, j) - exp(fetch(y, dz.cols, i, j)) * total)


@device
def amount_above(z: Any, first: Any, cols: Any, shift: Any, tau: Any) -> Any:
    """(Σ, number) of the z_j - shift that lie above tau."""
    total, number = zeros(z), zeros(z)
    for j in range(0, cols, lanes(z)):
        v = load_some(z, first + j, cols - j) - shift
        inside = (v > tau) & lanes_below(z, cols - j)
        total += select(inside, v, 0.0)
        number += truth(inside, v)
    return lane_sum(total), lane_sum(number)


def sparsemax_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = max(z - τ, 0) with Σ y = 1, τ by Michelot's iteration; y may be z itself."""
    y, z = view(record, segments, 0, begin), view(record, segments, 1, begin)
    for i in range(end - begin):
        shift = row_maximum(z.data, i * z.ld, y.cols)
        shift = shift + (shift - shift)  # NaN where it is not finite
        tau = shift * 0.0 - 1.0
        before, number = tau * 0.0, tau
        while number != before:
            before = number
            total, number = amount_above(z.data, i * z.ld, y.cols, shift, tau)
            tau = (total - 1.0) / number
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, not_negative(fetch(z, y.cols, i, j) - shift - tau))


def sparsemax_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz_j = y_j > 0 ? dy_j - mean of dy where y > 0 : 0; dz may be dy or y."""
    dz, dy = view(record, segments, 0, begin), view(record, segments, 1, begin)
    y = view(record, segments, 2, begin)
    for i in range(end - begin):
        total, number = zeros(dz.data), zeros(dz.data)
        for j in range(0, dz.cols, lanes(dz.data)):
            inside = load_some(y.data, i * y.ld + j, dz.cols - j) > 0.0
            total += select(inside, load_some(dy.data, i * dy.ld + j, dz.cols - j), 0.0)
            number += truth(inside, total)
        mean = splat(lane_sum(total) / lane_sum(number))
        for j in range(0, dz.cols, lanes(dz.data)):
            gradient = fetch(dy, dz.cols, i, j) - mean
            put(dz, i, j, where_positive(fetch(y, dz.cols, i, j), gradient))
