"""Normalisation of each row and of each column over the batch, with gradients; the twin of
``kernels/normalization.c``. Sums along a row run in the kernel's type, sums down the columns in
double.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.lanes import select
from fastnn.backends.numba_jit.record import (
    float_attribute,
    integer_attribute,
    put,
    real,
    rows_of,
    smaller,
    view,
)
from fastnn.backends.numba_jit.vector import (
    at,
    lane_sum,
    lanes,
    lanes_below,
    load_some,
    stack,
    store_some,
    zeros,
)

STRIP = 64  # columns summed together
STRIP_BYTES = 8 * STRIP
CHUNK = 256  # columns whose factors are kept on the stack
CHUNK_BYTES = 8 * CHUNK


@device
def total(x: Any, first: Any, cols: Any) -> Any:
    """Σ_j x_j of a row: four registers side by side hide the latency of the additions."""
    width = lanes(x)
    whole = cols - cols % (4 * width)
    a, b, c, d = zeros(x), zeros(x), zeros(x), zeros(x)
    for j in range(0, whole, 4 * width):
        a += load_some(x, first + j, width)
        b += load_some(x, first + j + width, width)
        c += load_some(x, first + j + 2 * width, width)
        d += load_some(x, first + j + 3 * width, width)
    for j in range(whole, cols, width):
        a += load_some(x, first + j, cols - j)
    return lane_sum((a + b) + (c + d))


@device
def squares(x: Any, first: Any, cols: Any, shift: Any) -> Any:
    """Σ_j (x_j - shift)² of a row."""
    width = lanes(x)
    whole = cols - cols % (4 * width)
    a, b, c, d = zeros(x), zeros(x), zeros(x), zeros(x)
    for j in range(0, whole, 4 * width):
        u = load_some(x, first + j, width) - shift
        v = load_some(x, first + j + width, width) - shift
        a += u * u
        b += v * v
        u = load_some(x, first + j + 2 * width, width) - shift
        v = load_some(x, first + j + 3 * width, width) - shift
        c += u * u
        d += v * v
    for j in range(whole, cols, width):
        u = select(lanes_below(x, cols - j), load_some(x, first + j, cols - j) - shift, 0.0)
        a += u * u
    return lane_sum((a + b) + (c + d))


@device
def row_mean(segments: Any, x: Any, i: Any, centered: Any) -> Any:
    """The mean of row i, 0 if not centered."""
    if not centered:
        return real(segments, 0.0)
    return total(x.data, i * x.ld, x.cols) / real(segments, x.cols)


@device
def row_inverse(segments: Any, x: Any, i: Any, mean: Any, epsilon: Any) -> Any:
    """1/√(mean (x - mean)² + ε) of row i."""
    variance = squares(x.data, i * x.ld, x.cols, mean) / real(segments, x.cols)
    return real(segments, 1.0) / real(segments, math.sqrt(variance + real(segments, epsilon)))


def row_moments(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[i] = (mean, 1/√(variance + a0)) of row i; i0 centered."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    centered = integer_attribute(record, 0) != 0
    epsilon = float_attribute(record, segments, 0)
    for i in range(begin, end):
        mean = row_mean(segments, x, i, centered)
        y.data[i * y.ld] = mean
        y.data[i * y.ld + 1] = row_inverse(segments, x, i, mean, epsilon)


def layer_norm_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = (x - mean)/√(variance + a0)·gamma + beta by rows; i0 centered, i1 gamma, i2 beta."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    centered = integer_attribute(record, 0) != 0
    scaled = integer_attribute(record, 1)
    shifted = integer_attribute(record, 2)
    gamma = view(record, segments, 2 if scaled else 1, 0).data
    beta = view(record, segments, 1 + scaled + shifted, 0).data
    epsilon = float_attribute(record, segments, 0)
    for i in range(begin, end):
        mean = row_mean(segments, x, i, centered)
        inverse = row_inverse(segments, x, i, mean, epsilon)
        for j in range(0, x.cols, lanes(x.data)):
            v = (load_some(x.data, i * x.ld + j, x.cols - j) - mean) * inverse
            if scaled:
                v = v * load_some(gamma, j, x.cols - j)
            if shifted:
                v = v + load_some(beta, j, x.cols - j)
            put(y, i, j, v)


@device
def weighted(dy: Any, i: Any, j: Any, gamma: Any, scaled: Any) -> Any:
    """dy·gamma at (i, j)."""
    g = load_some(dy.data, i * dy.ld + j, dy.cols - j)
    if scaled:
        g = g * load_some(gamma, j, dy.cols - j)
    return g


def layer_norm_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dx = inverse·(g - Σg/k - h·Σ(g·h)/k), g = dy·gamma; i0 centered, i1 gamma."""
    dx, dy = view(record, segments, 0, 0), view(record, segments, 1, 0)
    x, moments = view(record, segments, 2, 0), view(record, segments, 3, 0)
    centered, scaled = integer_attribute(record, 0) != 0, integer_attribute(record, 1)
    gamma = view(record, segments, 3 + scaled, 0).data
    for i in range(begin, end):
        mean, inverse = moments.data[i * moments.ld], moments.data[i * moments.ld + 1]
        sums, dots = zeros(x.data), zeros(x.data)
        for j in range(0, x.cols, lanes(x.data)):
            g = weighted(dy, i, j, gamma, scaled)
            h = (load_some(x.data, i * x.ld + j, x.cols - j) - mean) * inverse
            sums += g
            dots += g * select(lanes_below(x.data, x.cols - j), h, 0.0)
        mean_g = real(segments, 0.0)
        if centered:
            mean_g = lane_sum(sums) / real(segments, x.cols)
        mean_gh = lane_sum(dots) / real(segments, x.cols)
        for j in range(0, x.cols, lanes(x.data)):
            g = weighted(dy, i, j, gamma, scaled)
            h = (load_some(x.data, i * x.ld + j, x.cols - j) - mean) * inverse
            put(dx, i, j, (g - h * mean_gh - mean_g) * inverse)


def layer_norm_dgamma(record: Any, segments: Any, begin: int, end: int) -> None:
    """dgamma[j] = Σ_i dy[i, j]·(x[i, j] - mean_i)·inverse_i, in double; a tile is columns."""
    out, dy = view(record, segments, 0, 0), view(record, segments, 1, 0)
    x, moments = view(record, segments, 2, 0), view(record, segments, 3, 0)
    rows = rows_of(record, segments, 2)
    sums = stack(F64, STRIP_BYTES)
    for j in range(begin, end, STRIP):
        cols = smaller(end - j, STRIP)
        for c in range(STRIP):
            sums[c] = 0.0
        for i in range(rows):
            mean, inverse = moments.data[i * moments.ld], moments.data[i * moments.ld + 1]
            g, row = i * dy.ld + j, i * x.ld + j
            for c in range(cols):
                sums[c] += F64(dy.data[g + c] * ((x.data[row + c] - mean) * inverse))
        for c in range(cols):
            out.data[j + c] = real(segments, sums[c])


def batch_variance(record: Any, segments: Any, begin: int, end: int) -> None:
    """y[j] = Σ_i (x[i, j] - mean_j)²/n, two passes in double; a tile is columns."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    rows = rows_of(record, segments, 1)
    means, sums = stack(F64, STRIP_BYTES), stack(F64, STRIP_BYTES)
    for j in range(begin, end, STRIP):
        cols = smaller(end - j, STRIP)
        for c in range(STRIP):
            means[c] = 0.0
            sums[c] = 0.0
        for i in range(rows):
            row = i * x.ld + j
            for c in range(cols):
                means[c] += F64(x.data[row + c])
        for c in range(cols):
            means[c] /= rows
        for i in range(rows):
            row = i * x.ld + j
            for c in range(cols):
                d = F64(x.data[row + c]) - means[c]
                sums[c] += d * d
        for c in range(cols):
            y.data[j + c] = real(segments, sums[c] / rows)


@device
def column_factors(
    segments: Any, factor: Any, variance: Any, gamma: Any, scaled: Any, count: Any, epsilon: Any
) -> Any:
    """factor_c = gamma_c/√(variance_c + ε); gamma 1 where there is none."""
    for c in range(count):
        root = real(segments, math.sqrt(variance[c] + real(segments, epsilon)))
        top = gamma[c] if scaled else real(segments, 1.0)
        factor[c] = top / root


def batch_norm_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = (x - mean)·gamma/√(variance + a0) + beta by columns; i0 gamma, i1 beta."""
    y, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    mean, variance = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    scaled, shifted = integer_attribute(record, 0), integer_attribute(record, 1)
    gamma = view(record, segments, 3 + scaled, 0).data
    beta = view(record, segments, 3 + scaled + shifted, 0).data
    epsilon = float_attribute(record, segments, 0)
    factor = stack(x.data, CHUNK_BYTES)
    for first in range(0, x.cols, CHUNK):
        cols = smaller(x.cols - first, CHUNK)
        column_factors(
            segments, factor, at(variance, first), at(gamma, first), scaled, cols, epsilon
        )
        for i in range(begin, end):
            for j in range(0, cols, lanes(x.data)):
                place = first + j
                d = load_some(x.data, i * x.ld + place, cols - j)
                v = (d - load_some(mean, place, cols - j)) * load_some(factor, j, cols - j)
                if shifted:
                    v = v + load_some(beta, place, cols - j)
                store_some(y.data, i * y.ld + place, cols - j, v)


def batch_norm_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dx = gamma/√(variance + a0)·(dy - (dbeta + h·dgamma)/n), h = (x - mean)/√(variance + a0)."""
    dx, dy = view(record, segments, 0, 0), view(record, segments, 1, 0)
    x, mean = view(record, segments, 2, 0), view(record, segments, 3, 0).data
    variance, dgamma = view(record, segments, 4, 0).data, view(record, segments, 5, 0).data
    dbeta, scaled = view(record, segments, 6, 0).data, integer_attribute(record, 0)
    gamma = view(record, segments, 6 + scaled, 0).data
    epsilon = float_attribute(record, segments, 0)
    share = real(segments, 1.0 / rows_of(record, segments, 2))
    factor, slope = stack(x.data, CHUNK_BYTES), stack(x.data, CHUNK_BYTES)
    for first in range(0, x.cols, CHUNK):
        cols = smaller(x.cols - first, CHUNK)
        spread = at(variance, first)
        column_factors(segments, factor, spread, at(gamma, first), scaled, cols, epsilon)
        column_factors(segments, slope, spread, at(dgamma, first), 1, cols, epsilon)
        for i in range(begin, end):
            for j in range(0, cols, lanes(x.data)):
                place, left = first + j, cols - j
                d = load_some(x.data, i * x.ld + place, left) - load_some(mean, place, left)
                both = d * load_some(slope, j, left) + load_some(dbeta, place, left)
                g = load_some(dy.data, i * dy.ld + place, left) - both * share
                store_some(dx.data, i * dx.ld + place, left, g * load_some(factor, j, left))


def batch_norm_dgamma(record: Any, segments: Any, begin: int, end: int) -> None:
    """dgamma[j] = Σ_i dy[i, j]·(x[i, j] - mean_j)/√(variance_j + a0), in double."""
    out, dy = view(record, segments, 0, 0), view(record, segments, 1, 0)
    x, mean = view(record, segments, 2, 0), view(record, segments, 3, 0).data
    variance = view(record, segments, 4, 0).data
    epsilon = float_attribute(record, segments, 0)
    rows = rows_of(record, segments, 2)
    sums = stack(F64, STRIP_BYTES)
    for j in range(begin, end, STRIP):
        cols = smaller(end - j, STRIP)
        for c in range(STRIP):
            sums[c] = 0.0
        for i in range(rows):
            g, row = i * dy.ld + j, i * x.ld + j
            for c in range(cols):
                sums[c] += F64(dy.data[g + c] * (x.data[row + c] - mean[j + c]))
        for c in range(cols):
            root = math.sqrt(F64(variance[j + c]) + epsilon)
            out.data[j + c] = real(segments, sums[c] / root)
