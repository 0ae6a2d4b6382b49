"""The functions of ``fastnn.ops`` that work along the last axis or change shapes, under Keras's
names, for symbolic tensors and for arrays. For arrays ``axis=None`` means all elements, as in
Keras.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.ops import strided
from fastnn.ops.axes import axis_number, ordered_axes
from fastnn.ops.dispatch import is_symbolic, run, symbol
from fastnn.ops.shape import one_hot as one_hot_op
from fastnn.ops.shape import reshape as reshape_op
from fastnn.program.tensor import Dimension, Size, Tensor, product


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False
) -> Any:
    """y[…, j] = 1 if x[…] = j, else 0.

    Parameters
    ----------
    x : integer tensor or array (…).
    num_classes : size of the new axis.
    axis : where the classes stand among the axes of the result; the last by default.
    dtype : ``"float32"`` or ``"float64"``; ``floatx()`` by default.
    sparse : not supported; False.

    Returns
    -------
    Of shape (…, num_classes), or with the classes at ``axis``. A label outside of
    [0, num_classes) gives zeros, as in Keras.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    arguments.unsupported("one_hot", {"sparse": (sparse, False)})
    classes = arguments.integer("one_hot", "num_classes", num_classes, 1)
    name = config.standardize_dtype(dtype)

    def formula(labels: Tensor) -> Tensor:
        place = axis_number("one_hot", axis, labels.ndim + 1)
        if labels.dtype != "int32":
            raise ArgumentError(
                f"one_hot: received a tensor of dtype {labels.dtype}, expected int32 labels. Set "
                "the attribute sparse = True of your loss or metric to get labels as integers."
            )
        hot = one_hot_op(reshape_op(labels, (*labels.shape, 1)), classes, name)
        if place == labels.ndim:
            return hot
        order = [*range(place), labels.ndim, *range(place, labels.ndim)]
        return strided.transpose(hot, ordered_axes("one_hot", order, hot))

    if is_symbolic(x):
        return formula(symbol(x))
    labels = np.asarray(x)
    place = axis_number("one_hot", axis, labels.ndim + 1)
    shape = (*labels.shape[:place], classes, *labels.shape[place:])
    if labels.size == 0:
        return np.zeros(shape, name)
    # all labels before the new axis are samples: the batch stays first
    samples = labels.reshape(math.prod(labels.shape[:place]), -1)
    axis = -1 if place == labels.ndim else 1
    samples = samples.reshape(1, -1) if axis == -1 else samples
    key = ("one_hot", classes, name, axis)
    return run(formula, [samples], key, integer_inputs=(0,)).reshape(shape)


def reshape(x: Any, newshape: Sequence[Any]) -> Any:
    """The same elements under another shape.

    Parameters
    ----------
    x : tensor or array.
    newshape : its sizes, batch first; one of them may be -1 and is found. The batch of a symbolic
        tensor is -1 or None.

    Raises
    ------
    ShapeError : if the number of elements would change, or the batch axis would not stay first.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.reshape([[1.0, 2.0, 3.0, 4.0]], (-1, 2)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    sizes = tuple(newshape) if isinstance(newshape, (list, tuple, np.ndarray)) else (newshape,)
    if not is_symbolic(x):
        array = np.asarray(x)
        try:
            return array.reshape(sizes)
        except (TypeError, ValueError):
            raise ShapeError(
                f"reshape: received newshape={sizes} for an array of shape {array.shape}, "
                f"expected sizes whose product is {array.size}. Pass such sizes; one of them may "
                "be -1."
            ) from None
    tensor = symbol(x)
    if not all(size is None or isinstance(size, (int, np.integer, Size)) for size in sizes):
        raise ArgumentError(
            f"reshape: received newshape={newshape!r}, expected sizes. Pass integers; one of them "
            "may be -1, and the batch is None."
        )
    return reshape_op(tensor, _symbolic_sizes(tensor, sizes))


def _symbolic_sizes(x: Tensor, sizes: tuple[Any, ...]) -> tuple[Dimension, ...]:
    """The new shape of a tensor, with None as its batch and -1 as what is left."""
    found: list[Any] = [x.shape[0] if size is None else size for size in sizes]
    open_places = [place for place, size in enumerate(found) if size == -1]
    if len(open_places) > 1:
        raise UnsupportedError(
            f"reshape: received newshape={sizes}, expected at most one -1. Write the other sizes "
            "as numbers."
        )
    if open_places:
        total = product(x.shape)
        rest = product([size for size in found if size != -1])
        left = _quotient(total, rest)
        if left is None:
            raise ShapeError(
                f"reshape: received newshape={sizes} for a tensor of shape {x.shape}, whose "
                "elements cannot be divided that way. Pass sizes whose product is the number of "
                "elements."
            )
        found[open_places[0]] = left
    return tuple(found)


def _quotient(total: Dimension, rest: Dimension) -> Dimension | None:
    """total / rest if it is whole: sizes are numbers or multiples of the batch."""
    if isinstance(total, Size) and isinstance(rest, Size):
        whole = rest.b > 0 and total.a == rest.a == 0 and total.b % rest.b == 0
        return total.b // rest.b if whole else None
    if isinstance(rest, Size) or rest == 0:
        return None
    if isinstance(total, Size):
        whole = total.a % rest == 0 and total.b % rest == 0
        return Size(total.a // rest, total.b // rest) if whole else None
    return total // rest if total % rest == 0 else None
