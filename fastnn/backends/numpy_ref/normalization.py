"""Normalisation of each row (layer, RMS and group normalisation) and of each column over the batch,
with gradients. The moving statistics of batch normalisation are composed of other ops.
Twin: ``kernels/normalization.c``.
"""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee


def _row_statistics(x: Array, epsilon: float, centered: bool) -> tuple[Array, Array]:
    """Mean (0 if not centered) and 1/√(mean (x - mean)² + ε) of each row, (…, 1) both."""
    mean = x.mean(axis=-1, keepdims=True) if centered else np.zeros_like(x[..., :1])
    variance = np.square(x - mean).mean(axis=-1, keepdims=True)
    return mean, 1 / np.sqrt(variance + x.dtype.type(epsilon))


@ieee
def row_moments(context: Context, x: Array, *, epsilon: float, centered: bool) -> Array:
    """y = (mean, 1/√(variance + ε)) of each row; x (…, columns) → y (…, 2)."""
    return np.concatenate(_row_statistics(x, epsilon, centered), axis=-1)


@ieee
def layer_norm_forward(
    context: Context, x: Array, *factors: Array, epsilon: float, centered: bool, scale: bool
) -> Array:
    """y = (x - mean)/√(variance + ε)·gamma + beta by rows; ``factors`` are gamma if ``scale``, and
    beta if there is one more.
    """
    mean, inverse = _row_statistics(x, epsilon, centered)
    y: Array = (x - mean) * inverse
    left = list(factors)
    y = y * left.pop(0) if scale else y
    return y + left.pop() if left else y


@ieee
def layer_norm_backward(
    context: Context,
    dy: Array,
    x: Array,
    moments: Array,
    gamma: Array | None = None,
    *,
    centered: bool,
) -> Array:
    """dx = (g - mean g - h·mean(g·h))·inverse, g = dy·gamma, h = (x - mean)·inverse."""
    inverse = moments[..., 1:]
    g = dy if gamma is None else dy * gamma
    h = (x - moments[..., :1]) * inverse
    inner = g - h * (g * h).mean(axis=-1, keepdims=True)
    if centered:
        inner = inner - g.mean(axis=-1, keepdims=True)
    dx: Array = inner * inverse
    return dx


@ieee
def layer_norm_dgamma(context: Context, dy: Array, x: Array, moments: Array) -> Array:
    """dgamma = Σ dy·(x - mean)·inverse over all rows, accumulated in float64; (columns,)."""
    terms = dy * ((x - moments[..., :1]) * moments[..., 1:])
    dgamma: Array = terms.reshape(-1, x.shape[-1]).sum(axis=0, dtype=np.float64)
    return dgamma.astype(x.dtype)


@ieee
def batch_variance(context: Context, x: Array) -> Array:
    """y = mean over all rows of (x - mean)², accumulated in float64; (columns,)."""
    y: Array = np.var(x.reshape(-1, x.shape[-1]), axis=0, dtype=np.float64)
    return y.astype(x.dtype)


def _factor(variance: Array, gamma: Array | None, epsilon: float) -> Array:
    """gamma/√(variance + ε), gamma 1 where there is none."""
    one = variance.dtype.type(1) if gamma is None else gamma
    factor: Array = one / np.sqrt(variance + variance.dtype.type(epsilon))
    return factor


@ieee
def batch_norm_forward(
    context: Context,
    x: Array,
    mean: Array,
    variance: Array,
    *factors: Array,
    epsilon: float,
    scale: bool,
    batch: bool,
) -> Array:
    """y = (x - mean)·gamma/√(variance + ε) + beta by columns; ``factors`` as in layer_norm_forward.

    Whether the statistics are the batch's own is for the gradient.
    """
    left = list(factors)
    y: Array = (x - mean) * _factor(variance, left.pop(0) if scale else None, epsilon)
    return y + left.pop() if left else y


@ieee
def batch_norm_backward(
    context: Context,
    dy: Array,
    x: Array,
    mean: Array,
    variance: Array,
    dgamma: Array,
    dbeta: Array,
    gamma: Array | None = None,
    *,
    epsilon: float,
) -> Array:
    """dx = gamma·(dy - (dbeta + h·dgamma)/n)/√(variance + ε), h = (x - mean)/√(variance + ε)."""
    share = x.dtype.type(x.shape[-1] / x.size)
    both = (x - mean) * _factor(variance, dgamma, epsilon) + dbeta
    dx: Array = (dy - both * share) * _factor(variance, gamma, epsilon)
    return dx


@ieee
def batch_norm_dgamma(
    context: Context, dy: Array, x: Array, mean: Array, variance: Array, *, epsilon: float
) -> Array:
    """dgamma = Σ dy·(x - mean) / √(variance + ε), summed over all rows in float64; (columns,)."""
    terms = (dy * (x - mean)).reshape(-1, x.shape[-1]).sum(axis=0, dtype=np.float64)
    dgamma: Array = terms / np.sqrt(variance.astype(np.float64) + epsilon)
    return dgamma.astype(x.dtype)
