"""Optimizer steps, by increasing complexity. All work in place on the weights and slots; gradients
are only read. Learning rate and per-step scalars come from the context, schedules and bias
corrections are computed by ``fastnn/optimizers``.
Twin: ``kernels/optimizer.c``.

All arithmetic is in the dtype of w: every scalar is computed in float64 and converted once.
"""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee

PIECE = 1 << 17  # parameters that Adam updates at a time: few calls, six arrays stay in a common L3


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
def lion_step(
    context: Context,
    w: Array,
    g: Array,
    m: Array,
    *,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
) -> None:
    """w ← w − lr · sign(beta_1 · m + (1 − beta_1) · g);  m ← beta_2 · m + (1 − beta_2) · g."""
    _decay(context, w, weight_decay)
    T = w.dtype.type
    w -= T(context.learning_rate) * np.sign(T(beta_1) * m + T(1.0 - beta_1) * g)
    m *= T(beta_2)
    m += T(1.0 - beta_2) * g


@ieee
def adagrad_step(
    context: Context, w: Array, g: Array, v: Array, *, weight_decay: float, epsilon: float
) -> None:
    """v ← v + g²;  w ← w − lr · g / √(v + epsilon)."""
    _decay(context, w, weight_decay)
    T = w.dtype.type
    v += g * g
    w -= T(context.learning_rate) * g / np.sqrt(v + T(epsilon))


@ieee
def adadelta_step(
    context: Context,
    w: Array,
    g: Array,
    v: Array,
    u: Array,
    *,
    weight_decay: float,
    rho: float,
    epsilon: float,
) -> None:
    """v ← rho · v + (1 − rho) · g²;  d = √(u + epsilon) · g / √(v + epsilon);
    u ← rho · u + (1 − rho) · d²;  w ← w − lr · d.
    """
    _decay(context, w, weight_decay)
    T = w.dtype.type
    v *= T(rho)
    v += T(1.0 - rho) * (g * g)
    d = np.sqrt(u + T(epsilon)) * g / np.sqrt(v + T(epsilon))
    u *= T(rho)
    u += T(1.0 - rho) * (d * d)
    w -= T(context.learning_rate) * d


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


@ieee
def amsgrad_step(
    context: Context,
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    v_hat: Array,
    *,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's m and v;  v_hat ← max(v_hat, v);  w ← w − s1 · m / (√v_hat + epsilon)."""
    _decay(context, w, weight_decay)
    T = w.dtype.type
    _moments(g, m, v, beta_1, beta_2)
    np.maximum(v_hat, v, out=v_hat)
    w -= T(context.scalars[0]) * m / (np.sqrt(v_hat) + T(epsilon))


@ieee
def adamax_step(
    context: Context,
    w: Array,
    g: Array,
    m: Array,
    u: Array,
    *,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """m ← m + (g − m)(1 − beta_1);  u ← max(beta_2 · u, |g|);  w ← w − s1 · m / (u + epsilon).

    s1 = lr / (1 − beta_1ᵗ).
    """
    _decay(context, w, weight_decay)
    T = w.dtype.type
    m += (g - m) * T(1.0 - beta_1)
    u *= T(beta_2)
    np.maximum(u, np.abs(g), out=u)
    w -= T(context.scalars[0]) * m / (u + T(epsilon))


@ieee
def nadam_step(
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
    """Adam's m and v;  w ← w − (s1 · m + s2 · g) / (√(s3 · v) + epsilon).

    s1 and s2 hold the schedule of momentum and the learning rate, s3 = 1 / (1 − beta_2ᵗ).
    """
    _decay(context, w, weight_decay)
    T = w.dtype.type
    _moments(g, m, v, beta_1, beta_2)
    s1, s2, s3 = (T(s) for s in context.scalars[:3])
    w -= (s1 * m + s2 * g) / (np.sqrt(s3 * v) + T(epsilon))


def _moments(g: Array, m: Array, v: Array, beta_1: float, beta_2: float) -> None:
    """m ← m + (g − m)(1 − beta_1);  v ← v + (g² − v)(1 − beta_2)."""
    T = m.dtype.type
    m += (g - m) * T(1.0 - beta_1)
    v += (g * g - v) * T(1.0 - beta_2)


@ieee
def ftrl_step(
    context: Context,
    w: Array,
    g: Array,
    n: Array,
    z: Array,
    *,
    weight_decay: float,
    power: float,
    l1: float,
    l2: float,
    shrinkage: float,
    beta: float,
) -> None:
    """n' = n + g²;  z ← z + g + 2 · shrinkage · w − (n'^p − n^p) / lr · w;
    w ← (clip(z, −l1, l1) − z) / ((n'^p + beta) / lr + 2 · l2);  n ← n'.

    p is ``power``. Nothing changes where lr = 0.
    """
    if context.learning_rate == 0:
        return
    _decay(context, w, weight_decay)
    T = w.dtype.type
    lr = T(context.learning_rate)
    old = _power(n, power)
    n += g * g
    new = _power(n, power)
    z += g + T(2.0 * shrinkage) * w - (new - old) / lr * w
    clipped = np.minimum(np.maximum(z, T(-l1)), T(l1))
    w[...] = (clipped - z) / ((new + T(beta)) / lr + T(2.0 * l2))


def _power(x: Array, exponent: float) -> Array:
    """x to a power; the root is rounded as a root."""
    power: Array = np.sqrt(x) if exponent == 0.5 else x ** x.dtype.type(exponent)
    return power
