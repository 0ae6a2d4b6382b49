"""Optimizer steps, by increasing complexity: gradient descent, momentum, RMSprop, Adam. All work in
place on the weights and slots; gradients are only read. Learning rate and per-step scalars come
from the context, schedules and bias corrections are computed by ``fastnn/optimizers``.
Twin: ``kernels/optimizer.c``.

All arithmetic is in the dtype of w: every scalar is computed in float64 and converted once.
"""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee

PIECE = 1 << 14  # parameters that Adam updates at a time: six arrays stay in a common L2


def _decay(context: Context, w: Array, weight_decay: float) -> None:
    """w ← w − learning_rate · weight_decay · w (decoupled from the gradient, as AdamW)."""
    if weight_decay:
        w -= w.dtype.type(context.learning_rate * weight_decay) * w


@ieee
def sgd_step(context: Context, w: Array, g: Array, *, weight_decay: float) -> None:
    """w ← w − lr · g."""
    _decay(context, w, weight_decay)
    w -= w.dtype.type(context.learning_rate) * g


@ieee
def momentum_step(
    context: Context,
    w: Array,
    g: Array,
    m: Array,
    *,
    weight_decay: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """m ← momentum · m − lr · g;  w ← w + m, or with Nesterov w + momentum · m − lr · g."""
    _decay(context, w, weight_decay)
    T = w.dtype.type
    step = T(context.learning_rate) * g
    m *= T(momentum)
    m -= step
    w += T(momentum) * m - step if nesterov else m


@ieee
def rmsprop_step(
    context: Context,
    w: Array,
    g: Array,
    v: Array,
    avg: Array | None = None,
    mom: Array | None = None,
    *,
    weight_decay: float,
    rho: float,
    epsilon: float,
    momentum: float,
    centered: bool,
) -> None:
    """v ← rho · v + (1 − rho) · g²;  w ← w − lr · g / √(v + epsilon).

    Centered: avg ← rho · avg + (1 − rho) · g, the root is of v − avg² + epsilon. With momentum > 0:
    mom ← momentum · mom + lr · g / √(…) and w ← w − mom. A slot that is not used is left out, so
    mom may stand in avg's place.
    """
    if not centered and mom is None:
        avg, mom = None, avg
    _decay(context, w, weight_decay)
    T = w.dtype.type
    v *= T(rho)
    v += T(1.0 - rho) * (g * g)
    denominator = v
    if centered and avg is not None:
        avg *= T(rho)
        avg += T(1.0 - rho) * g
        denominator = v - avg * avg
    increment = T(context.learning_rate) * g / np.sqrt(denominator + T(epsilon))
    if momentum > 0.0 and mom is not None:
        mom *= T(momentum)
        mom += increment
        increment = mom
    w -= increment


@ieee
def adam_step(
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
    """m ← m + (g − m)(1 − beta_1);  v ← v + (g² − v)(1 − beta_2);  w ← w − s1 · m / (√v + epsilon).

    s1 = lr · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) is ``context.scalars[0]``: epsilon is the paper's
    "epsilon hat", as in Keras.
    """
    _decay(context, w, weight_decay)
    T = w.dtype.type
    scratch = np.empty((2, min(w.size, PIECE)), w.dtype)
    for first in range(0, w.size, PIECE):
        W, G, M, V = (array.reshape(-1)[first : first + PIECE] for array in (w, g, m, v))
        a, b = scratch[:, : W.size]
        np.subtract(G, M, out=a)
        a *= T(1.0 - beta_1)
        M += a
        np.multiply(G, G, out=a)
        a -= V
        a *= T(1.0 - beta_2)
        V += a
        np.sqrt(V, out=b)
        b += T(epsilon)
        np.multiply(M, T(context.scalars[0]), out=a)
        a /= b
        W -= a
