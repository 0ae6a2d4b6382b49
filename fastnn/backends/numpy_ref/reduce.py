"""Reductions: along the columns of each row, over all rows, and argmax. Reduced columns stay as an
axis of size 1. The sums of losses and metrics are in ``loss.py`` and ``metric.py``.
Twin: ``kernels/reduce.c``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import Array, Context, ieee
from fastnn.program.tensor import Size

_REDUCE: dict[str, Callable[..., Any]] = {
    "sum": np.add.reduce,
    "mean": np.add.reduce,  # then divided
    "max": np.maximum.reduce,
    "min": np.minimum.reduce,
    "prod": np.multiply.reduce,
}


@ieee
def reduce_columns(context: Context, x: Array, *, function: str, out: Array | None = None) -> Array:
    """y = sum, mean, max, min or prod of each row; x (…, columns) → y (…, 1). NaN wins."""
    y = np.empty((*x.shape[:-1], 1), x.dtype) if out is None else out
    if function == "prod":
        return np.multiply.reduce(x, axis=-1, keepdims=True, dtype=np.float64, out=y)
    _REDUCE[function](x, axis=-1, keepdims=True, out=y)
    if function == "mean":
        y /= x.shape[-1]
    return y


@ieee
def reduce_rows(context: Context, x: Array, *, function: str) -> Array:
    """y = sum, mean, prod (accumulated in float64), max or min over all rows; x (…, columns) → y
    (columns,).
    """
    rows = x.reshape(-1, x.shape[-1])
    if function in ("max", "min"):
        extreme: Array = _REDUCE[function](rows, axis=0)
        return extreme
    y: Array = _REDUCE[function](rows, axis=0, dtype=np.float64)
    if function == "mean":
        y /= len(rows)
    return y.astype(x.dtype)


@ieee
def spread_mean(context: Context, x: Array, *, rows: Sequence[Any]) -> Array:
    """y[i] = x / number of rows of y; x (columns,) → y (…, columns)."""
    sizes = [size.at(context.n) if isinstance(size, Size) else size for size in rows]
    y: Array = x / x.dtype.type(np.prod(sizes))
    return np.broadcast_to(y, (*sizes, x.shape[-1]))


def argmax_i32(context: Context, x: Array) -> NDArray[np.int32]:
    """Column of each row's largest element, int32 (…, 1); first of equals, first NaN if any."""
    y: Array = np.argmax(x, axis=-1, keepdims=True)
    return y.astype(np.int32)


def argmax_rows_i32(context: Context, x: Array) -> NDArray[np.int32]:
    """Row of each column's largest element, int32 (columns,); first of equals, first NaN if any."""
    y: Array = np.argmax(x.reshape(-1, x.shape[-1]), axis=0)
    return y.astype(np.int32)


@ieee
def cumsum(context: Context, x: Array, *, reverse: bool) -> Array:
    """y_j = Σ_{l ≤ j} x_l, or of l ≥ j, accumulated in float64; x (…, columns) → y the same."""
    turned = x[..., ::-1] if reverse else x
    y: Array = np.cumsum(turned, axis=-1, dtype=np.float64).astype(x.dtype)
    return y[..., ::-1] if reverse else y
