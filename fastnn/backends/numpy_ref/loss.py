"""Cross-entropies from logits with their gradients, and the mean over the batch that ends every
loss. Other losses (squared error and the like) are compositions of elementwise ops and need nothing
here. Twin: ``kernels/loss.c``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.activation import (
    activation_forward,
    log_softmax_forward,
    softmax_forward,
)
from fastnn.backends.numpy_ref.context import (
    NON_FINITE_LOSS,
    Array,
    Context,
    StepStopped,
    ieee,
)
from fastnn.backends.numpy_ref.shape import one_hot


@ieee
def sparse_softmax_crossentropy_forward(
    context: Context, z: Array, labels: NDArray[np.int32]
) -> Array:
    """l = log Σ_k e^(z_k) − z_label; z (…, classes), labels (…, 1) → l (…, 1), NaN for no class."""
    inside = (labels >= 0) & (labels < z.shape[-1])
    chosen = np.where(inside, labels, 0)
    losses: Array = -np.take_along_axis(log_softmax_forward(context, z), chosen, axis=-1)
    return np.where(inside, losses, z.dtype.type(np.nan))


@ieee
def sparse_softmax_crossentropy_backward(
    context: Context, dl: Array, z: Array, labels: NDArray[np.int32]
) -> Array:
    """dz = dl · (softmax(z) − onehot(label)); dl (…, 1)."""
    hot = one_hot(context, labels, classes=z.shape[-1], dtype=z.dtype)
    dz: Array = dl * (softmax_forward(context, z) - hot)
    return dz


@ieee
def softmax_crossentropy_forward(context: Context, z: Array, t: Array) -> Array:
    """l = −Σ_j t_j log softmax(z)_j; z, t (…, classes) → l (…, 1).

    A class with t_j = 0 adds nothing, not even where z_j is −inf.
    """
    terms = np.where(t == 0, z.dtype.type(0), t * log_softmax_forward(context, z))
    losses: Array = -terms.sum(axis=-1, keepdims=True)
    return losses


@ieee
def softmax_crossentropy_backward(context: Context, dl: Array, z: Array, t: Array) -> Array:
    """dz = dl · (softmax(z) · Σ_j t_j − t); dl (…, 1). Rows of t need not sum to 1."""
    dz: Array = dl * (softmax_forward(context, z) * t.sum(axis=-1, keepdims=True) - t)
    return dz


@ieee
def sigmoid_crossentropy_forward(context: Context, z: Array, t: Array) -> Array:
    """l = max(z, 0) − z·t + log(1 + e^(−|z|)), which is −t log σ(z) − (1 − t) log(1 − σ(z))."""
    losses: Array = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))
    return losses


@ieee
def sigmoid_crossentropy_backward(context: Context, dl: Array, z: Array, t: Array) -> Array:
    """dz = dl · (σ(z) − t)."""
    dz: Array = dl * (activation_forward(context, z, function="sigmoid") - t)
    return dz


@ieee
def loss_mean(
    context: Context,
    losses: Array,
    w: Array | None = None,
    *,
    reduction: str,
    check_finite: bool,
) -> NDArray[np.float64]:
    """loss = Σ_i Σ_j w_i l_ij / d in float64, shape (); losses l (…, columns), w (rows, 1) or None.

    d is the number of losses for "mean" (weights do not change it, as in Keras), 1 for "sum" and
    Σ_i Σ_j w_i for "weighted_mean". Stops the step if asked to and the loss is not finite.
    """
    rows = losses.reshape(-1, losses.shape[-1]).astype(np.float64)
    if w is not None:
        rows = rows * w.reshape(-1, 1)
    loss = float(np.divide(rows.sum(), _divisor(losses, w, reduction)))
    if check_finite and not math.isfinite(loss):
        raise StepStopped(NON_FINITE_LOSS, -1, -1, loss)
    return np.array(loss)


@ieee
def loss_mean_backward(
    context: Context,
    losses: Array,
    w: Array | None = None,
    *,
    reduction: str,
    scale: float,
    check_finite: bool = False,
) -> Array:
    """dl_ij = scale · w_i / d; of the losses only the shape and dtype are used. Checks nothing."""
    weights = np.ones((1, 1)) if w is None else w.reshape(-1, 1).astype(np.float64)
    rows, columns = losses.size // losses.shape[-1], losses.shape[-1]
    dl = np.broadcast_to(weights * scale / _divisor(losses, w, reduction), (rows, columns))
    return dl.reshape(losses.shape).astype(losses.dtype)


def _divisor(losses: Array, w: Array | None, reduction: str) -> float:
    """The d of ``loss_mean``; infinity where weights sum to 0: loss and gradient 0, as in Keras."""
    if reduction == "sum":
        return 1.0
    if reduction == "weighted_mean" and w is not None:
        return float(w.sum(dtype=np.float64) * losses.shape[-1]) or math.inf
    return float(losses.size)
