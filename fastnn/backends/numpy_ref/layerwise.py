"""Optimizer steps that look at a whole variable: Lamb, Adafactor, Muon. In place, as in
``optimizer.py``; norms and means are summed in double. Twin: ``kernels/layerwise.c``.
"""

from __future__ import annotations

import math

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee


def _decay(context: Context, w: Array, weight_decay: float) -> None:
    """w ← w − learning_rate · weight_decay · w."""
    if weight_decay:
        w -= w.dtype.type(context.learning_rate * weight_decay) * w


def _norm(x: Array) -> float:
    """The root of the sum of squares, in double."""
    return math.sqrt(float(np.square(x.astype(np.float64)).sum()))


@ieee
def lamb_step(
    context: Context,
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's m and v;  u = s1 · m / (√(s2 · v) + epsilon);  w ← w − lr · |w| / |u| · u.

    s1 = 1 / (1 − beta_1ᵗ), s2 = 1 / (1 − beta_2ᵗ); the quotient is 1 where a norm is not above 0.
    """
    _decay(context, w, weight_decay)
    T = w.dtype.type
    m += (g - m) * T(1.0 - beta_1)
    v += (g * g - v) * T(1.0 - beta_2)
    u = T(context.scalars[0]) * m / (np.sqrt(T(context.scalars[1]) * v) + T(epsilon))
    size, length = _norm(w), _norm(u)
    ratio = float(np.float64(size) / length) if size > 0 and length > 0 else 1.0
    w -= T(ratio * context.learning_rate) * u


@ieee
def adafactor_step(
    context: Context,
    w: Array,
    g: Array,
    r: Array,
    c: Array | None = None,
    *,
    weight_decay: float,
    epsilon_1: float,
    epsilon_2: float,
    clip: float,
    rows: int,
) -> None:
    """α = max(epsilon_2, rms(w)) · s1;  u = g / √v;  w ← w − α · u / max(1, rms(u) / clip).

    ``rows`` > 0: for each matrix of so many rows, r ← s2 · r + (1 − s2) · mean_j(g² + epsilon_1), c
    the same over i, v = r cᵀ / mean(r); r and c are the first elements of arrays as large as w.
    Else r is v, which is v ← s2 · v + (1 − s2) · (g² + epsilon_1).
    """
    _decay(context, w, weight_decay)
    T, root = w.dtype.type, math.sqrt(max(1, w.size))
    rate = float(np.maximum(np.float64(_norm(w) / root), epsilon_2)) * context.scalars[0]
    beta = context.scalars[1]
    square = g * g + T(epsilon_1)
    if rows and c is not None:
        shape = (-1, rows, w.shape[-1])
        square = square.reshape(shape).astype(np.float64)
        row = r.reshape(-1)[: square.shape[0] * rows].reshape(-1, rows, 1)
        col = c.reshape(-1)[: square.shape[0] * w.shape[-1]].reshape(-1, 1, w.shape[-1])
        row[...] = beta * row + (1.0 - beta) * square.mean(axis=2, keepdims=True)
        col[...] = beta * col + (1.0 - beta) * square.mean(axis=1, keepdims=True)
        mean = row.mean(axis=1, keepdims=True, dtype=np.float64)
        v = ((row / mean).astype(w.dtype) * col).reshape(w.shape)
    else:
        r[...] = T(beta) * r + T(1.0 - beta) * square
        v = r
    u = g / np.sqrt(v)
    rate /= float(np.maximum(1.0, np.float64(_norm(u) / root) / clip))
    w -= T(rate) * u


@ieee
def muon_step(
    context: Context,
    w: Array,
    g: Array,
    m: Array,
    x: Array,
    y: Array,
    first: Array,
    second: Array,
    *,
    weight_decay: float,
    momentum: float,
    a: float,
    b: float,
    c: float,
    scale: float,
    nesterov: bool,
    rounds: int,
) -> None:
    """m ← momentum · m + g;  x = g + momentum · m, or m;  x ← x / (|x| + 1e-7);  ``rounds`` times
    x ← a · x + B x with A = x xᵀ, B = b · A + c · A² (xᵀ x and x B where x is taller than wide);
    w ← w − lr · scale · x. The last four arrays are scratch as large as w.
    """
    T, k = w.dtype.type, min(w.shape)
    m *= T(momentum)
    m += g
    x[...] = g + T(momentum) * m if nesterov else m
    x *= T(1.0 / (np.float64(_norm(x)) + 1e-7))
    gram = first.reshape(-1)[: k * k].reshape(k, k)
    mixed = second.reshape(-1)[: k * k].reshape(k, k)
    tall = w.shape[0] > w.shape[1]
    for _ in range(rounds):
        gram[...] = x.T @ x if tall else x @ x.T
        mixed[...] = T(b) * gram + T(c) * (gram @ gram)
        y[...] = x @ mixed if tall else mixed @ x
        x[...] = T(a) * x + y
    _decay(context, w, weight_decay)
    w -= T(context.learning_rate * scale) * x
