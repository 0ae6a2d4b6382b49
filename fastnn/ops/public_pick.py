"""The functions of ``fastnn.ops`` that pick elements and find places, under Keras's names, for
symbolic tensors and for arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.ops import elementwise, pick, reduce, strided
from fastnn.ops.axes import axis_number, sample_axis
from fastnn.ops.broadcast import common_shape
from fastnn.ops.dispatch import anyaxis
from fastnn.ops.public_reduce import within_samples
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Dimension, Tensor


@anyaxis("x", "indices")
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Elements of ``x`` along an axis, by their indices.

    Parameters
    ----------
    x : tensor, variable or array.
    indices : int32 tensor, or integers. Negative ones count from the end.
    axis : along which; None: of all elements in their order. Indices of a batch pick from an x
        without the batch axis, along its axis 0, such as the rows of a table.

    Returns
    -------
    x with the axes of the indices in place of the axis. The gradient of a row is the sum of the
    gradients where it was picked, in the order of the batch.

    Raises
    ------
    ArgumentError, DataError : for an index out of range (Keras: NaN).

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.take([[1.0, 2.0], [3.0, 4.0]], [1, 0, 1], axis=0).tolist()
    [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    """
    _check_integers("take", indices)
    if axis is None:
        if x.has_batch:
            raise UnsupportedError(
                f"take: received axis=None for a tensor of shape {x.shape}, whose first axis is "
                "the batch. Name an axis of the samples."
            )
        x, axis = reshape(x, (strided.elements(x),)), 0
    place = sample_axis("take", axis, x)
    sizes = strided.sample(x)
    others = [a for a in range(len(sizes)) if a != place]
    left = [sizes[a] for a in others]
    inner = int(np.prod(left))
    _check_range("take", indices, sizes[place])
    if indices.has_batch and (x.has_batch or place != 0):
        raise UnsupportedError(
            f"take: received indices of shape {indices.shape} for a tensor of shape {x.shape} and "
            f"axis={axis}, but indices of a batch pick along axis 0 of a tensor without the batch "
            "axis. Use take_along_axis for an index of each sample into its own row."
        )
    turned = strided.transpose(x, [place, *others])
    shape = strided.sample(indices)
    index = pick.flat(indices, strided.elements(indices))
    if x.has_batch:
        rows = reshape(turned, (x.shape[0], strided.elements(x)))
    else:
        rows = reshape(turned, (sizes[place], inner))
    y = pick.take(rows, index, inner, table=not x.has_batch)
    lead = y.shape[:1] if y.has_batch else ()
    y = reshape(y, (*lead, *shape, *left))
    order = list(range(len(shape), len(shape) + len(left)))
    order[place:place] = range(len(shape))
    return strided.transpose(y, order)


@anyaxis("x", "indices")
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """y[…, j, …] = x[…, indices[…, j, …], …]: each line along an axis by indices of its own.

    Parameters
    ----------
    x : tensor or array.
    indices : int32 tensor or integers of as many axes, of the same sizes or 1 but for that axis.
    axis : which; None: of all elements in their order.

    Raises
    ------
    ArgumentError, DataError : for an index out of range (Keras: NaN).

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1).tolist()
    [[2.0], [3.0]]
    """
    _check_integers("take_along_axis", indices)
    if axis is None:
        if x.has_batch or indices.has_batch:
            raise UnsupportedError(
                "take_along_axis: received axis=None for a tensor with the batch axis. Name an "
                "axis of the samples."
            )
        x, indices = (reshape(t, (strided.elements(t),)) for t in (x, indices))
        axis = 0
    place = sample_axis("take_along_axis", axis, x)
    if x.ndim != indices.ndim or (x.has_batch and not indices.has_batch and indices.shape[0] != 1):
        raise ShapeError(
            f"take_along_axis: received indices of shape {indices.shape} for a tensor of shape "
            f"{x.shape}, expected as many axes, and the batch in both or in none."
        )
    _check_range("take_along_axis", indices, strided.sample(x)[place])
    at = place + int(x.has_batch)
    common = list(common_shape([_without(x, at), _without(indices, at)]))
    x = strided.broadcast_to(x, _with(common, at, x.shape[at]))
    indices = strided.broadcast_to(indices, _with(common, at, indices.shape[at]))
    return _along_last(x, indices, place)


def _along_last(x: Tensor, indices: Tensor, place: int) -> Tensor:
    """``take_along_axis`` of tensors whose other sizes agree, along an axis of a sample."""
    sizes = strided.sample(indices)
    last = [a for a in range(len(sizes)) if a != place] + [place]
    lines, chosen = strided.transpose(x, last), strided.transpose(indices, last)
    k, m = strided.sample(lines)[-1], sizes[place]
    y = pick.take(pick.flat(lines, k), pick.flat(chosen, m), 1, table=False)
    return strided.transpose(reshape(y, chosen.shape), list(np.argsort(last)))


def _without(x: Tensor, place: int) -> tuple[Dimension, ...]:
    return (*x.shape[:place], *x.shape[place + 1 :])


def _with(sizes: list[Dimension], place: int, size: Dimension) -> list[Dimension]:
    return [*sizes[:place], size, *sizes[place:]]


def _check_integers(owner: str, indices: Tensor) -> None:
    """Indices are whole numbers."""
    if indices.dtype != "int32":
        raise ArgumentError(
            f"{owner}: received indices of dtype {indices.dtype}, expected int32. Cast them with "
            "fastnn.ops.cast(indices, 'int32')."
        )


def _check_range(owner: str, indices: Tensor, size: int) -> None:
    """Constant indices are checked while the model is traced."""
    if indices.constant is not None:
        bad = (indices.constant < -size) | (indices.constant >= size)
        if bad.any():
            raise ArgumentError(
                f"{owner}: received index {int(indices.constant[bad][0])} for an axis of size "
                f"{size}, expected {-size} to {size - 1}."
            )


@anyaxis("x", integers=False)
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the largest element along an axis, int32; the first of equal ones, NaN if any.

    Parameters
    ----------
    x : tensor or array.
    axis : along which; None: of all elements in their order.
    keepdims : whether the axis stays, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.argmax([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [1, 0]
    """
    return _place_of("argmax", x, axis, keepdims)


@anyaxis("x", integers=False)
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the smallest element along an axis, int32; the first of equal ones, NaN if any.

    Parameters
    ----------
    x : tensor or array.
    axis : along which; None: of all elements in their order.
    keepdims : whether the axis stays, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.argmin([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [0, 1]
    """
    return _place_of("argmin", elementwise.unary(x, "negative"), axis, keepdims)


def _place_of(owner: str, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    """``argmax`` along an axis, or over all elements in their order."""
    place = None if axis is None else axis_number(owner, axis, x.ndim)
    first = int(x.has_batch)
    if x.has_batch and place is None:
        lines = pick.flat(x, 1)  # one column of all elements
        y = reshape(reduce.argmax_rows(lines), ())
    elif x.has_batch and place == 0:
        size = strided.elements(x)
        y = reshape(reduce.argmax_rows(reshape(x, (x.shape[0], size))), x.shape[1:])
    else:
        gone = list(range(x.ndim)) if place is None else [place - first]
        y = within_samples(x, gone, reduce.argmax)
    if not arguments.flag(owner, "keepdims", keepdims):
        return y
    return reshape(y, tuple(1 if place in (None, a) else s for a, s in enumerate(x.shape)))


@anyaxis("x", integers=False)
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sums along an axis.

    Parameters
    ----------
    x : tensor or array.
    axis : along which; None: of the elements of a sample in their order, in one axis.
    dtype : not supported; None.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.cumsum([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    arguments.unsupported("cumsum", {"dtype": (dtype, None)})
    if axis is None:
        size = strided.elements(x)
        return reduce.cumsum(reshape(x, (x.shape[0], size) if x.has_batch else (size,)))
    place = sample_axis("cumsum", axis, x)
    count = len(strided.sample(x))
    last = [a for a in range(count) if a != place] + [place]
    return strided.transpose(reduce.cumsum(strided.transpose(x, last)), list(np.argsort(last)))


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The k largest elements along the last axis, largest first, and their indices.

    Parameters
    ----------
    x : tensor or array (…, n).
    k : how many, at most n.
    sorted : they are sorted in any case.

    Returns
    -------
    Values and int32 indices, both (…, k). The first of equal elements comes first, NaN is largest.

    Examples
    --------
    >>> from fastnn import ops
    >>> values, indices = ops.top_k([1.0, 3.0, 2.0], 2)
    >>> values.tolist(), indices.tolist()
    ([3.0, 2.0], [1, 2])
    """
    indices = _top_k(x, k)
    return take_along_axis(x, indices, axis=-1), indices


@anyaxis("x", integers=False)
def _top_k(x: Any, k: int) -> Tensor:
    """The indices of ``top_k``."""
    place = sample_axis("top_k", -1, x)
    size = strided.sample(x)[place]
    if arguments.integer("top_k", "k", k, 1) > size:
        raise ArgumentError(
            f"top_k: received k={k} for an axis of size {size}, expected at most {size}."
        )
    return pick.top_k(x, k)


@anyaxis("targets", "predictions")
def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """1 where the target's prediction is among the k largest of its row, else 0; no gradient.

    Parameters
    ----------
    targets : classes (…), int32.
    predictions : scores (…, classes). Classes of equal scores share the better place.
    k : how many count.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.in_top_k([1, 0], [[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]], 2).tolist()
    [1.0, 0.0]
    """
    _check_integers("in_top_k", targets)
    arguments.integer("in_top_k", "k", k, 1)
    if targets.shape != predictions.shape[:-1]:
        raise ShapeError(
            f"in_top_k: received targets of shape {targets.shape} and predictions of shape "
            f"{predictions.shape}, expected one target for each row of predictions."
        )
    _check_range("in_top_k", targets, int(predictions.shape[-1]))
    index = reshape(targets, (*targets.shape, 1))
    own = _along_last(predictions, index, len(strided.sample(predictions)) - 1)
    missing = elementwise.binary(own, own, function="not_equal")
    own = elementwise.where(missing, -np.inf, own)
    better = elementwise.binary(predictions, own, function="greater")
    rank = reduce.reduce_columns(better, "sum")
    return reshape(elementwise.binary(rank, float(k), function="less"), targets.shape)
