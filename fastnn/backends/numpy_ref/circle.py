"""The circle loss: every sample against every reference, in double. Twin: ``kernels/circle.c``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import Array, Context, ieee

Doubles = NDArray[np.float64]


def _pairs(
    x: Array,
    labels: Array,
    references: Array,
    others: Array,
    gamma: float,
    margin: float,
    apart: bool,
) -> tuple[Doubles, Doubles, NDArray[np.bool_], NDArray[np.bool_]]:
    """Of all pairs (n, m): the exponent, its derivative by the dot product, and whether they are
    of one class, of two.
    """
    s = x.astype(np.float64) @ references.astype(np.float64).T
    d = np.maximum(1.0 - s, 0.0)
    same = labels.reshape(-1, 1) == others.reshape(1, -1)
    weight = np.maximum(np.where(same, margin + d, 1.0 + margin - d), 0.0)
    value = gamma * weight * np.where(same, d - margin, 1.0 - margin - d)
    slope = gamma * np.where(same, -2.0 * d, 2.0 * (1.0 - d))
    slope = np.where((1.0 - s < 0) | (weight == 0), 0.0, slope)
    near = same & (np.eye(*same.shape) == 0) if apart else same
    return value, slope, near, np.logical_not(same)


def _log_sum(value: Doubles, counts: NDArray[np.bool_]) -> Doubles:
    """log Σ e^value over what counts in each row; minus infinity over nothing."""
    chosen = np.where(counts, value, -np.inf)
    most = chosen.max(axis=1, initial=-np.inf, keepdims=True)
    finite = np.where(np.isinf(most), 0.0, most)
    found: Doubles = np.log(np.exp(chosen - finite).sum(axis=1, keepdims=True)) + finite
    return found


@ieee
def circle_forward(
    context: Context,
    x: Array,
    labels: Array,
    references: Array,
    others: Array,
    *,
    gamma: float,
    margin: float,
    apart: bool,
) -> Array:
    """y[i] = log Σ_j e^exponent over the references of the class of sample i, and over the others;
    x (n, k), references (m, k) → y (n, 2).
    """
    value, _, near, far = _pairs(x, labels, references, others, gamma, margin, apart)
    return np.concatenate([_log_sum(value, near), _log_sum(value, far)], axis=1).astype(x.dtype)


@ieee
def circle_backward(
    context: Context,
    dy: Array,
    y: Array,
    x: Array,
    labels: Array,
    references: Array,
    others: Array,
    *,
    gamma: float,
    margin: float,
    apart: bool,
    turned: bool,
) -> Array:
    """dx[i] = Σ_j c_ij · references_j, or if ``turned`` dx[j] = Σ_i c_ij · x_i, with
    c_ij = dy[i] · e^(exponent − y[i]) · slope.
    """
    value, slope, near, far = _pairs(x, labels, references, others, gamma, margin, apart)
    c: Any = np.zeros_like(value)
    for place, counts in ((0, near), (1, far)):
        share = np.exp(value - y[:, place : place + 1].astype(np.float64))
        c = np.where(counts, dy[:, place : place + 1] * share * slope, c)
    c, pairs, vectors = c.astype(x.dtype), near | far, references
    if turned:
        c, pairs, vectors = c.T, pairs.T, x
    found: Array = np.stack(
        [row[counts] @ vectors[counts] for row, counts in zip(c, pairs, strict=True)]
    )
    return found
