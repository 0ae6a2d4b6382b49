"""Activations and their gradients: linear, relu, sigmoid and tanh element by element, softmax and
log-softmax along the last axis. Every gradient is written in terms of the output y, so z need not
be kept. Twin: ``kernels/activation.c``.
"""

from __future__ import annotations

import math

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee
from fastnn.backends.numpy_ref.select import keep


@ieee
def activation_forward(
    context: Context, z: Array, *, function: str, out: Array | None = None
) -> Array:
    """y = f(z), any shape. NaN stays NaN, in relu too."""
    return _FORWARD[function](z, np.empty_like(z) if out is None else out)


@ieee
def activation_backward(
    context: Context, dy: Array, y: Array, *, function: str, out: Array | None = None
) -> Array:
    """dz = dy · f'(z), with f' expressed in y = f(z)."""
    return _BACKWARD[function](dy, y, np.empty_like(y) if out is None else out)


def _linear(z: Array, out: Array) -> Array:
    """y = z."""
    return np.positive(z, out=out)


def _linear_backward(dy: Array, y: Array, out: Array) -> Array:
    """dz = dy."""
    return np.positive(dy, out=out)


def _relu(z: Array, out: Array) -> Array:
    """y = 0 where z < 0, else z. (z > 0 would turn NaN into 0.)"""
    return keep(~(z < 0), z, out)


def _relu_backward(dy: Array, y: Array, out: Array) -> Array:
    """dz = 0 where y ≤ 0, else dy; NaN where y is NaN."""
    dz = keep(y > 0, dy, out)
    if math.isnan(y.max(initial=0)):
        dz[np.isnan(y)] = np.nan
    return dz


def _sigmoid(z: Array, out: Array) -> Array:
    """y = 1/(1 + e⁻ᶻ) = e^min(z, 0) / (1 + e^(−|z|)), which cannot overflow."""
    e = np.exp(-np.abs(z))
    e += 1
    y = np.minimum(z, 0, out=out)
    np.exp(y, out=y)
    y /= e
    return y


def _sigmoid_backward(dy: Array, y: Array, out: Array) -> Array:
    """dz = dy · y · (1 − y)."""
    slope = 1 - y
    dz = np.multiply(dy, y, out=out)
    dz *= slope
    return dz


def _tanh(z: Array, out: Array) -> Array:
    """y = tanh z."""
    y: Array = np.tanh(z, out=out)
    return y


def _tanh_backward(dy: Array, y: Array, out: Array) -> Array:
    """dz = dy · (1 − y²)."""
    slope = y * y
    np.subtract(1, slope, out=slope)
    dz: Array = np.multiply(dy, slope, out=out)
    return dz


_FORWARD = {"linear": _linear, "relu": _relu, "sigmoid": _sigmoid, "tanh": _tanh}
_BACKWARD = {
    "linear": _linear_backward,
    "relu": _relu_backward,
    "sigmoid": _sigmoid_backward,
    "tanh": _tanh_backward,
}


@ieee
def softmax_forward(context: Context, z: Array, *, out: Array | None = None) -> Array:
    """y_j = e^(z_j − m) / Σ_k e^(z_k − m), m = max z, along the last axis."""
    y: Array = np.subtract(z, z.max(axis=-1, keepdims=True), out=out)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)
    return y


@ieee
def softmax_backward(context: Context, dy: Array, y: Array, *, out: Array | None = None) -> Array:
    """dz = y · (dy − Σ_k dy_k y_k)."""
    dz: Array = np.subtract(dy, (dy * y).sum(axis=-1, keepdims=True), out=out)
    dz *= y
    return dz


@ieee
def log_softmax_forward(context: Context, z: Array) -> Array:
    """y_j = z_j − m − log Σ_k e^(z_k − m), m = max z, along the last axis."""
    shifted = z - z.max(axis=-1, keepdims=True)
    y: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return y


@ieee
def log_softmax_backward(context: Context, dy: Array, y: Array) -> Array:
    """dz = dy − e^y · Σ_k dy_k."""
    dz: Array = dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)
    return dz


@ieee
def sparsemax_forward(context: Context, z: Array) -> Array:
    """y = max(z − τ, 0) with Σ y = 1 along the last axis, τ from the sorted elements."""
    shifted = z - z.max(axis=-1, keepdims=True)
    ordered = -np.sort(-shifted, axis=-1)
    sums = np.cumsum(ordered, axis=-1, dtype=z.dtype) - 1
    numbers = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    support = np.count_nonzero(ordered * numbers > sums, axis=-1, keepdims=True)
    tau = np.take_along_axis(sums, np.maximum(support - 1, 0), axis=-1) / support.astype(z.dtype)
    # maximum, for NaN; a row whose largest element is not finite is NaN
    y: Array = np.maximum(shifted - tau, 0)
    y[~np.isfinite(z.max(axis=-1))] = np.nan
    return y


@ieee
def sparsemax_backward(context: Context, dy: Array, y: Array) -> Array:
    """dz = dy − (mean of dy where y > 0) there, 0 elsewhere; NaN where y is."""
    inside = y > 0
    number = np.count_nonzero(inside, axis=-1, keepdims=True).astype(dy.dtype)
    mean = np.where(inside, dy, dy.dtype.type(0)).sum(axis=-1, keepdims=True) / number
    return np.where(np.isnan(y), y, np.where(inside, dy - mean, dy.dtype.type(0)))
