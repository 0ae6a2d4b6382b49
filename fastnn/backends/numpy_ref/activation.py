"""Activations and their gradients: linear, relu, sigmoid and tanh element by element, softmax and
log-softmax along the last axis. Every gradient is written in terms of the output y, so z need not
be kept. Twin: ``kernels/activation.c``.
"""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee


@ieee
def activation_forward(context: Context, z: Array, *, function: str) -> Array:
    """y = f(z), any shape. NaN stays NaN, in relu too."""
    return _FORWARD[function](z)


@ieee
def activation_backward(context: Context, dy: Array, y: Array, *, function: str) -> Array:
    """dz = dy · f'(z), with f' expressed in y = f(z)."""
    return _BACKWARD[function](dy, y)


def _linear(z: Array) -> Array:
    """y = z."""
    y: Array = z.copy()
    return y


def _linear_backward(dy: Array, y: Array) -> Array:
    """dz = dy."""
    dz: Array = dy.copy()
    return dz


def _relu(z: Array) -> Array:
    """y = 0 where z < 0, else z. (z > 0 would turn NaN into 0.)"""
    return np.where(z < 0, z.dtype.type(0), z)


def _relu_backward(dy: Array, y: Array) -> Array:
    """dz = 0 where y ≤ 0, else dy; NaN where y is NaN."""
    return np.where(y <= 0, dy.dtype.type(0), np.where(np.isnan(y), y, dy))


def _sigmoid(z: Array) -> Array:
    """y = 1/(1 + e⁻ᶻ), with the exponential of −|z| only, which cannot overflow."""
    e = np.exp(-np.abs(z))
    y: Array = np.where(z < 0, e, z.dtype.type(1)) / (1 + e)
    return y


def _sigmoid_backward(dy: Array, y: Array) -> Array:
    """dz = dy · y · (1 − y)."""
    dz: Array = dy * y * (1 - y)
    return dz


def _tanh(z: Array) -> Array:
    """y = tanh z."""
    y: Array = np.tanh(z)
    return y


def _tanh_backward(dy: Array, y: Array) -> Array:
    """dz = dy · (1 − y²)."""
    dz: Array = dy * (1 - y * y)
    return dz


_FORWARD = {"linear": _linear, "relu": _relu, "sigmoid": _sigmoid, "tanh": _tanh}
_BACKWARD = {
    "linear": _linear_backward,
    "relu": _relu_backward,
    "sigmoid": _sigmoid_backward,
    "tanh": _tanh_backward,
}


@ieee
def softmax_forward(context: Context, z: Array) -> Array:
    """y_j = e^(z_j − m) / Σ_k e^(z_k − m), m = max z, along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    y: Array = e / e.sum(axis=-1, keepdims=True)
    return y


@ieee
def softmax_backward(context: Context, dy: Array, y: Array) -> Array:
    """dz = y · (dy − Σ_k dy_k y_k)."""
    dz: Array = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
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
