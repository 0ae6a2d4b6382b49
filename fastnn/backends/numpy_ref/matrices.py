"""Products of matrices that belong to one sample. Twin: ``kernels/matrices.c``."""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee


@ieee
def matmul(
    context: Context, a: Array, b: Array, *, p: int, q: int, r: int, transposed: bool
) -> Array:
    """y = a @ b for each row; a (n or 1, p·q), transposed (n or 1, q·p), b (n or 1, q·r)."""
    left = a.reshape(-1, q, p).swapaxes(1, 2) if transposed else a.reshape(-1, p, q)
    y: Array = np.matmul(left, b.reshape(-1, q, r))
    return y.reshape(-1, p * r)
