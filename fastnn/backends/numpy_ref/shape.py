"""Ops that only place numbers: one-hot rows and plain copies. Reshapes are no ops (a tensor's rows
and columns are metadata of the program). Twin: ``kernels/shape.c``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn.backends.numpy_ref.context import Array, Context


def one_hot(
    context: Context, labels: NDArray[np.int32], *, classes: int, dtype: DTypeLike
) -> Array:
    """y_j = 1 where j equals the label, else 0; labels (…, 1) → y (…, classes).

    A label outside [0, classes) gives a row of zeros.
    """
    y: Array = labels == np.arange(classes, dtype=np.int32)
    return y.astype(dtype)


def copy(context: Context, x: Array) -> Array:
    """y = x, in memory of its own, rows first and dense."""
    return np.array(x, order="C")
