"""Class numbers as vectors: what CategoryEncoding and Discretization share."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import ops
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.input_spec import shown
from fastnn.ops.elementwise import cast_i32
from fastnn.ops.shape import one_hot as one_hot_op
from fastnn.ops.shape import reshape as reshape_op
from fastnn.program.tensor import Tensor, constant

MODES = ("one_hot", "multi_hot", "count")


def one_hot(ids: Tensor, classes: int, dtype: str) -> Tensor:
    """Rows (…, classes) with a one where the id is; zeros for an id outside of [0, classes)."""
    column = reshape_op(ids, (*ids.shape, 1))
    if ids.dtype == "int32":
        return one_hot_op(column, classes, dtype)
    made: Tensor = ops.equal(column, constant(np.arange(classes), dtype))
    return made


def encode(
    ids: Tensor, mode: str, classes: int, dtype: str, owner: str, weights: Any = None
) -> Tensor:
    """Ids (batch, m) as vectors, in Keras's shapes.

    ``"one_hot"`` gives (batch, m, classes), or (batch, classes) for m = 1; ``"multi_hot"`` has a
    one for each id that occurs in a sample, ``"count"`` its number, both (batch, classes).
    """
    if mode == "one_hot":
        if ids.ndim > 1 and ids.shape[-1] == 1:
            ids = reshape_op(ids, ids.shape[:-1])
        return one_hot(ids, classes, dtype)
    if ids.ndim < 2:
        raise ShapeError(
            f"{owner}: received inputs of shape {shown(ids.shape)} with output_mode={mode!r}, "
            "which counts the ids of a sample: expected (batch, ids). Reshape x to (n, 1)."
        )
    numbers = cast_i32(ids, dtype) if ids.dtype == "int32" else ids
    hot = ops.equal(_last(numbers), constant(np.arange(classes)[:, None], dtype))
    if weights is not None:
        hot = ops.multiply(hot, _last(weights))
    total = ops.sum(hot, axis=-1)
    made: Tensor = ops.minimum(total, 1.0) if mode == "multi_hot" else total
    return made


def _last(x: Tensor) -> Tensor:
    """(batch, m, …) as (batch, …, 1, m): the ids that are counted together come last."""
    moved = x if x.ndim == 2 else ops.moveaxis(x, 1, -1)
    return reshape_op(moved, (*moved.shape[:-1], 1, moved.shape[-1]))


def checked_mode(owner: str, mode: Any, modes: tuple[str, ...] = MODES) -> str:
    """The output mode; ``"binary"`` is Keras's old name of ``"multi_hot"``."""
    mode = "multi_hot" if mode == "binary" else mode
    if mode not in modes:
        listed = ", ".join(map(repr, modes))
        raise ArgumentError(
            f"{owner}: received output_mode={mode!r}, expected one of {listed}. Pass one of these."
        )
    return str(mode)
