"""What ``tensor[key]`` means: integers, slices, Ellipsis and None, as in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.ops import strided
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Dimension, Tensor


def getitem(x: Tensor, key: Any) -> Tensor:
    """``x[key]``; the batch axis takes ``:`` only."""
    items = _expanded(x, key if isinstance(key, tuple) else (key,))
    starts: list[int] = []
    steps: list[int] = []
    sizes: list[int] = []
    shape: list[Dimension] = []
    axis = 0
    for item in items:
        if item is None:
            shape.append(1)
            continue
        size = x.shape[axis]
        if axis == 0 and x.has_batch:
            if not (isinstance(item, slice) and item in (slice(None), slice(None, None, 1))):
                raise UnsupportedError(
                    f"indexing: received {item!r} for the first axis of a tensor of shape "
                    f"{x.shape}, which is the batch, but fastnn works within each sample here. "
                    "Write ':' for the batch."
                )
            shape.append(size)
        elif isinstance(item, slice):
            start, stop, step = item.indices(int(size))  # type: ignore[arg-type]
            starts.append(start)
            steps.append(step)
            sizes.append(len(range(start, stop, step)))
            shape.append(sizes[-1])
        else:
            starts.append(_index(item, int(size), axis, x))  # type: ignore[arg-type]
            steps.append(1)
            sizes.append(1)
        axis += 1
    if x.has_batch and shape[0] != x.shape[0]:
        raise ShapeError(
            f"indexing: received {key!r} for a tensor of shape {x.shape}, which puts an axis "
            "before the batch. Write ':' first."
        )
    return reshape(strided.window(x, starts, steps, sizes), tuple(shape))


def _expanded(x: Tensor, items: tuple[Any, ...]) -> list[Any]:
    """One item for each axis, and None where a new axis stands."""
    for item in items:
        known = item is None or item is Ellipsis or isinstance(item, (slice, int, np.integer))
        if not known or isinstance(item, (bool, np.bool_)):
            raise ArgumentError(
                f"indexing: received a key of type {type(item).__name__}, expected integers, "
                "slices, Ellipsis and None. Use fastnn.ops.take for several indices, "
                "fastnn.ops.where to choose by a condition."
            )
    used = sum(item is not None and item is not Ellipsis for item in items)
    ellipses = sum(item is Ellipsis for item in items)
    if used > x.ndim or ellipses > 1:
        raise ArgumentError(
            f"indexing: received {len(items)} keys for a tensor of shape {x.shape}, expected at "
            f"most {x.ndim} and one Ellipsis."
        )
    rest = [slice(None)] * (x.ndim - used)
    if not ellipses:
        return [*items, *rest]
    place = next(i for i, item in enumerate(items) if item is Ellipsis)
    return [*items[:place], *rest, *items[place + 1 :]]


def _index(item: Any, size: int, axis: int, x: Tensor) -> int:
    """A place on an axis, counted from its start."""
    if not -size <= item < size:
        raise ArgumentError(
            f"indexing: received index {item} for axis {axis} of a tensor of shape {x.shape}, "
            f"expected {-size} to {size - 1}."
        )
    return int(item) % size
