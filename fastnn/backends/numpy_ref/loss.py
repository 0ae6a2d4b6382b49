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
from fastnn.backends.numpy_ref.select import keep


@ieee
def sparse_softmax_crossentropy_forward(
    context: Context, z: Array, labels: NDArray[np.int32], *, out: Array | None = None
) -> Array:
    """l = log Σ_k e^(z_k) − z_label; z (…, classes), labels (…, 1) → l (…, 1), NaN for no class."""
    shifted = z - z.max(axis=-1, keepdims=True)
    starts = np.arange(0, z.size, z.shape[-1]).reshape(labels.shape)
    chosen = shifted.take(starts + labels, mode="clip")
    sums = np.exp(shifted, out=shifted).sum(axis=-1, keepdims=True)
    losses: Array = np.subtract(np.log(sums, out=sums), chosen, out=out)
    losses[labels.view(np.uint32) >= z.shape[-1]] = np.nan  # negative labels too: as unsigned
    return losses


@ieee
def sparse_softmax_crossentropy_backward(
    context: Context,
    dl: Array,
    z: Array,
    labels: NDArray[np.int32],
    *,
    out: Array | None = None,
) -> Array:
    """dz = dl · (softmax(z) − onehot(label)); dl (…, 1)."""
    dz = softmax_forward(context, z, out=out)
    dz -= labels == np.arange(z.shape[-1], dtype=np.int32)
    dz *= dl
    return dz


@ieee
def softmax_crossentropy_forward(
    context: Context, z: Array, t: Array, *, out: Array | None = None
) -> Array:
    """l = −Σ_j t_j log softmax(z)_j; z, t (…, classes) → l (…, 1).

    A class with t_j = 0 adds nothing, not even where z_j is −inf.
    """
    terms = log_softmax_forward(context, z)
    terms *= t
    losses: Array = keep(t != 0, terms, terms).sum(axis=-1, keepdims=True, out=out)
    return np.negative(losses, out=losses)


@ieee
def softmax_crossentropy_backward(
    context: Context, dl: Array, z: Array, t: Array, *, out: Array | None = None
) -> Array:
    """dz = dl · (softmax(z) · Σ_j t_j − t); dl (…, 1). Rows of t need not sum to 1."""
    dz = softmax_forward(context, z, out=out)
    dz *= t.sum(axis=-1, keepdims=True)
    dz -= t
    dz *= dl
    return dz


@ieee
def sigmoid_crossentropy_forward(
    context: Context, z: Array, t: Array, *, out: Array | None = None
) -> Array:
    """l = max(z, 0) − z·t + log(1 + e^(−|z|)), which is −t log σ(z) − (1 − t) log(1 − σ(z))."""
    losses: Array = np.maximum(z, 0, out=out)
    losses -= z * t
    losses += np.log1p(np.exp(-np.abs(z)))
    return losses


@ieee
def sigmoid_crossentropy_backward(
    context: Context, dl: Array, z: Array, t: Array, *, out: Array | None = None
) -> Array:
    """dz = dl · (σ(z) − t)."""
    dz = activation_forward(context, z, function="sigmoid", out=out)
    dz -= t
    dz *= dl
    return dz


@ieee
def loss_mean(
    context: Context,
    losses: Array,
    w: Array | None = None,
    *,
    reduction: str,
    check_finite: bool,
    out: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """loss = Σ_i Σ_j w_i l_ij / d in float64, shape (); losses l (…, columns), w (rows, 1) or None.

    d is the number of losses for "mean" (weights do not change it, as in Keras), 1 for "sum" and
    Σ_i Σ_j w_i for "weighted_mean". Stops the step if asked to and the loss is not finite.
    """
    terms = losses if w is None else _weighted(losses, w)
    loss = np.empty(()) if out is None else out
    loss[...] = terms.sum(dtype=np.float64) / _divisor(losses, w, reduction)
    if check_finite and not math.isfinite(loss):
        raise StepStopped(NON_FINITE_LOSS, -1, -1, float(loss))
    return loss


@ieee
def loss_mean_backward(
    context: Context,
    losses: Array,
    w: Array | None = None,
    *,
    reduction: str,
    scale: float,
    check_finite: bool = False,
    out: Array | None = None,
) -> Array:
    """dl_ij = scale · w_i / d; of the losses only the shape and dtype are used. Checks nothing."""
    dl = np.empty_like(losses) if out is None else out
    if w is None:
        dl.fill(scale / _divisor(losses, w, reduction))
    else:
        weights = w.reshape(-1, 1).astype(np.float64)
        dl.reshape(len(weights), -1)[...] = weights * scale / _divisor(losses, w, reduction)
    return dl


def _weighted(losses: Array, w: Array) -> NDArray[np.float64]:
    """w_i l_ij in float64."""
    rows: NDArray[np.float64] = losses.reshape(-1, losses.shape[-1]).astype(np.float64)
    rows *= w.reshape(-1, 1)
    return rows


def _divisor(losses: Array, w: Array | None, reduction: str) -> float:
    """The d of ``loss_mean``; infinity where weights sum to 0: loss and gradient 0, as in Keras."""
    if reduction == "sum":
        return 1.0
    if reduction == "weighted_mean" and w is not None:
        return float(w.sum(dtype=np.float64) * losses.shape[-1]) or math.inf
    return float(losses.size)
