"""The functions of ``fastnn.ops`` that work along the last axis or change shapes, under Keras's
names, for symbolic tensors and for arrays. For arrays ``axis=None`` means all elements, as in
Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.ops import shape as shape_ops
from fastnn.ops.activation import log_softmax_forward, softmax_forward
from fastnn.ops.dispatch import check_last_axis, float_array, is_symbolic, rowwise, run, symbol
from fastnn.ops.reduce import argmax as argmax_i32
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Dimension, Size, Tensor, product


@rowwise("x")
def softmax(x: Any, axis: int = -1) -> Tensor:
    """y_j = e^(x_j) / Σ_k e^(x_k) along the last axis.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.softmax([[0.0, 0.0]]).tolist()
    [[0.5, 0.5]]
    """
    check_last_axis("softmax", axis, x.shape)
    return softmax_forward(x)


@rowwise("x")
def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """y_j = x_j - log Σ_k e^(x_k) along the last axis.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.log_softmax([[1e4, 0.0]]).tolist()
    [[0.0, -10000.0]]
    """
    check_last_axis("log_softmax", axis, x.shape)
    return log_softmax_forward(x)


def sum(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Σ_j x_j along the last axis.

    Parameters
    ----------
    x : tensor or array.
    axis : the last axis; None, all elements, for arrays, and for variables and tensors without the
        batch axis.
    keepdims : whether the axis stays, with size 1.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=-1).tolist()
    [3.0, 7.0]
    """
    return _reduce("sum", lambda t: reduce_columns(t, "sum"), x, axis, keepdims)


def mean(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Mean along the last axis.

    Parameters
    ----------
    x : tensor or array.
    axis : the last axis; None, all elements, for arrays, and for variables and tensors without the
        batch axis.
    keepdims : whether the axis stays, with size 1.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.mean([[1.0, 2.0], [3.0, 5.0]], axis=-1).tolist()
    [1.5, 4.0]
    """
    return _reduce("mean", lambda t: reduce_columns(t, "mean"), x, axis, keepdims)


def max(x: Any, axis: int | None = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest element along the last axis; equal ones share the gradient.

    Parameters
    ----------
    x : tensor or array.
    axis : the last axis; None, all elements, for arrays, and for variables and tensors without the
        batch axis.
    keepdims : whether the axis stays, with size 1.
    initial : not supported; None.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.max([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [2.0, 4.0]
    """
    arguments.unsupported("max", {"initial": (initial, None)})
    return _reduce("max", lambda t: reduce_columns(t, "max"), x, axis, keepdims)


def min(x: Any, axis: int | None = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest element along the last axis; equal ones share the gradient.

    Parameters
    ----------
    x : tensor or array.
    axis : the last axis; None, all elements, for arrays, and for variables and tensors without the
        batch axis.
    keepdims : whether the axis stays, with size 1.
    initial : not supported; None.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.min([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [1.0, 3.0]
    """
    arguments.unsupported("min", {"initial": (initial, None)})
    return _reduce("min", lambda t: reduce_columns(t, "min"), x, axis, keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index of the largest element along the last axis, int32; the first of equal ones.

    Parameters
    ----------
    x : tensor or array.
    axis : the last axis; None, all elements, for arrays, and for variables and tensors without the
        batch axis.
    keepdims : whether the axis stays, with size 1.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.argmax([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [1, 0]
    """
    return _reduce("argmax", argmax_i32, x, axis, keepdims)


def _reduce(
    name: str, formula: Callable[[Tensor], Tensor], x: Any, axis: int | None, keepdims: bool
) -> Any:
    """A reduction (…, k) → (…, 1) of a tensor or array, with the last axis dropped if asked."""
    if is_symbolic(x):
        x = symbol(x)
        if axis is None:
            return _reduce_all(name, formula, x, keepdims)
        check_last_axis(name, axis, x.shape)
        y = formula(x)
        return y if keepdims else shape_ops.reshape(y, y.shape[:-1])
    array = float_array(x, name, "x")
    if array.size == 0 and (axis is None or 0 in array.shape[-1:]):
        raise ShapeError(
            f"{name}: received an array of shape {array.shape}, expected at least one element to "
            "reduce. Pass an array that is not empty."
        )
    if axis is None:
        result = run(formula, [array.reshape(1, -1)], (name,))
        return result.reshape((1,) * array.ndim) if keepdims else result[0, 0]
    check_last_axis(name, axis, array.shape)
    result = run(formula, [array], (name,))
    return result if keepdims else result[..., 0]


def _reduce_all(
    name: str, formula: Callable[[Tensor], Tensor], x: Tensor, keepdims: bool
) -> Tensor:
    """A reduction of all elements of a tensor that does not depend on the batch."""
    if x.has_batch:
        raise UnsupportedError(
            f"{name}: received axis=None for a tensor of shape {x.shape}, but fastnn works within "
            "each sample (n is the batch). Pass axis=-1; a loss or metric gives one number per "
            "sample, and their mean over the batch is taken for you."
        )
    total = product(x.shape)
    y = formula(shape_ops.reshape(x, (1, total)))
    return shape_ops.reshape(y, (1,) * len(x.shape) if keepdims else ())


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False
) -> Any:
    """y[…, j] = 1 if x[…] = j, else 0.

    Parameters
    ----------
    x : integer tensor or array (…).
    num_classes : size of the new last axis.
    axis : the last axis; others are not supported.
    dtype : ``"float32"`` or ``"float64"``; ``floatx()`` by default.
    sparse : not supported; False.

    Returns
    -------
    Of shape (…, num_classes). A label outside of [0, num_classes) gives zeros, as in Keras.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    arguments.unsupported("one_hot", {"axis": (axis, -1), "sparse": (sparse, False)})
    classes = arguments.integer("one_hot", "num_classes", num_classes, 1)
    name = config.standardize_dtype(dtype)

    def formula(labels: Tensor) -> Tensor:
        if labels.dtype != "int32":
            raise ArgumentError(
                f"one_hot: received a tensor of dtype {labels.dtype}, expected int32 labels. Set "
                "the attribute sparse = True of your loss or metric to get labels as integers."
            )
        return shape_ops.one_hot(shape_ops.reshape(labels, (*labels.shape, 1)), classes, name)

    if is_symbolic(x):
        return formula(symbol(x))
    labels = np.asarray(x)
    if labels.size == 0:
        return np.zeros((*labels.shape, classes), name)
    hot = run(formula, [labels.reshape(1, -1)], ("one_hot", classes, name), integer_inputs=(0,))
    return hot.reshape(*labels.shape, classes)


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
    sizes = (newshape,) if isinstance(newshape, int) else tuple(newshape)
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
    return shape_ops.reshape(tensor, _symbolic_sizes(tensor, sizes))


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
