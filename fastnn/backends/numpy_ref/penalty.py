"""Penalties: what regularizers add to the loss and to the gradients.
Twin: ``kernels/penalty.c``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import NON_FINITE_LOSS, Array, Context, StepStopped, ieee
from fastnn.ops.penalty import CHUNK


@ieee
def penalty_sums(context: Context, x: Array, *, l1: float, l2: float) -> NDArray[np.float64]:
    """s_t = Σ (l1·|x| + l2·x²) over chunk t, in float64. A sum whose factor is 0 is left out."""
    flat = x.reshape(-1).astype(np.float64)
    sums = np.zeros(-(-flat.size // CHUNK))
    for t in range(len(sums)):
        chunk = flat[t * CHUNK : (t + 1) * CHUNK]
        sums[t] = (l1 * np.abs(chunk).sum() if l1 else 0.0) + (l2 * (chunk @ chunk) if l2 else 0.0)
    return sums


@ieee
def penalty_gradient(
    context: Context, x: Array, g: Array | None = None, *, l1: float, l2: float
) -> Array:
    """y = l1·sign(x) + 2·l2·x, and + g where it is given."""
    T = x.dtype.type
    y: Array = T(2.0 * l2) * x
    if l1:
        y = y + T(l1) * np.sign(x)
    return y if g is None else g + y


@ieee
def add_terms(
    context: Context, first: Array, terms: Array, *, check_finite: bool
) -> NDArray[np.float64]:
    """first + Σ terms in float64, shape (); stops the step if asked to and it is not finite."""
    total = float(first) + float(terms.sum(dtype=np.float64))
    if check_finite and not math.isfinite(total):
        raise StepStopped(NON_FINITE_LOSS, -1, -1, total)
    return np.array(total)


@ieee
def divide_by_rows(context: Context, x: Array) -> Array:
    """x / n."""
    y: Array = x / x.dtype.type(context.n)
    return y
