"""Picking elements by indices, and the indices of the largest. Twin: ``kernels/pick.c``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import (
    INDEX_OUT_OF_RANGE,
    Array,
    Context,
    StepStopped,
    ieee,
)

Index = NDArray[np.int32]


def take(
    context: Context, x: Array, index: Index, *, inner: int, table: bool, binding: int
) -> Array:
    """y[i, j] = x[i, index[i, j]], pieces of ``inner`` elements; a table is (k, inner)."""
    pieces = x.reshape(1 if table else len(x), -1, inner)
    checked = _checked(context, index, pieces.shape[1], binding)
    rows = max(len(pieces), len(checked))
    pieces = np.broadcast_to(pieces, (rows, *pieces.shape[1:]))
    checked = np.broadcast_to(checked, (rows, checked.shape[1]))
    return np.take_along_axis(pieces, checked[..., None], axis=1).reshape(rows, -1)


@ieee
def take_backward(
    context: Context,
    dy: Array,
    index: Index,
    *,
    inner: int,
    table: bool,
    binding: int,
    like: Any,
) -> Array:
    """dx[i, index[i, j]] += dy[i, j] for ascending j, from 0; dx (rows, k · inner)."""
    dx = np.zeros((len(dy), like[-1] // inner, inner), dtype=dy.dtype)
    checked = _checked(context, index, dx.shape[1], binding)
    checked = np.broadcast_to(checked, (len(dy), checked.shape[1]))
    rows = np.arange(len(dy))[:, None]
    np.add.at(dx, (rows, checked), dy.reshape(len(dy), -1, inner))
    return dx.reshape(len(dy), -1)


@ieee
def take_dw(
    context: Context,
    dy: Array,
    index: Index,
    *,
    inner: int,
    table: bool,
    binding: int,
    like: Any,
) -> Array:
    """dw[index[i, j]] += dy[i, j] for ascending i and j, from 0; dw (k, inner)."""
    dw = np.zeros((like[0], inner), dtype=dy.dtype)
    checked = _checked(context, index, len(dw), binding)
    checked = np.broadcast_to(checked, (len(dy), checked.shape[1]))
    np.add.at(dw, checked, dy.reshape(len(dy), -1, inner))
    return dw


def _checked(context: Context, index: Index, k: int, binding: int) -> NDArray[np.int64]:
    """The indices counted from the start; stops the step at one outside of [-k, k)."""
    bad = (index < -k) | (index >= k)
    if bad.any():
        i, j = np.unravel_index(int(np.argmax(bad)), bad.shape)
        position = context.offset + int(i) * context.n // len(index)
        source = position if binding < 0 else context.bindings[binding].source_row(position)
        raise StepStopped(INDEX_OUT_OF_RANGE, source, binding, float(index[i, j]))
    found: NDArray[np.int64] = np.where(index < 0, index + k, index).astype(np.int64)
    return found


def top_k_i32(context: Context, x: Array, *, k: int) -> Index:
    """Columns of the k largest, int32 (…, k); the first of equals first, NaN is the largest."""
    order: Array = np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1][..., :k]
    found: Index = (x.shape[-1] - 1 - order).astype(np.int32)
    return found
