"""The dense layer's four products: z = x·w + b and its gradients. Activations are in
``activation.py``; fused forms are not defined here, they are the composition of both.
Twin: ``kernels/dense.c``.
"""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee


@ieee
def dense_forward(
    context: Context, x: Array, w: Array, b: Array | None = None, *, out: Array | None = None
) -> Array:
    """z = x @ w + b; x (…, n_in), w (n_in, n_out), b (n_out,) or None → z (…, n_out)."""
    z: Array = np.matmul(x, w, out=out)
    if b is not None:
        z += b
    return z


@ieee
def dense_dx(context: Context, dz: Array, w: Array, *, out: Array | None = None) -> Array:
    """dx = dz @ wᵀ; dz (…, n_out) → dx (…, n_in)."""
    dx: Array = np.matmul(dz, w.T, out=out)
    return dx


@ieee
def dense_dw(context: Context, x: Array, dz: Array, *, out: Array | None = None) -> Array:
    """dw = xᵀ @ dz, summed over all rows; x (…, n_in), dz (…, n_out) → dw (n_in, n_out)."""
    rows = x.reshape(-1, x.shape[-1])
    dw: Array = np.matmul(rows.T, dz.reshape(-1, dz.shape[-1]), out=out)
    return dw


@ieee
def dense_db(context: Context, dz: Array, *, out: Array | None = None) -> Array:
    """db = Σ_rows dz, accumulated in float64; dz (…, n_out) → db (n_out,)."""
    db = np.empty(dz.shape[-1:], dz.dtype) if out is None else out
    return np.add.reduce(dz.reshape(-1, dz.shape[-1]), axis=0, dtype=np.float64, out=db)
