"""The reductions of ``fastnn.ops``, under Keras's names, for symbolic tensors and for arrays: along
any axis or axes.

Axis 0 of a symbolic tensor is the batch of the current step: a reduction over it is one number for
all samples, added up in the order of the rows whatever the number of threads. Results are of a
float type, also of integers, and truths are 1.0 and 0.0 (Keras: booleans).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.ops import elementwise, reduce, strided
from fastnn.ops.axes import axis_number
from fastnn.ops.dispatch import anyaxis
from fastnn.ops.shape import reshape, stop_gradient
from fastnn.program.tensor import Dimension, Tensor

Axis = int | Sequence[int] | None


def reduced_axes(owner: str, axis: Axis, x: Tensor) -> list[int]:
    """The axes to reduce, counted from the first; None: all."""
    if axis is None:
        return list(range(x.ndim))
    given = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    found = [axis_number(owner, a, x.ndim) for a in given]
    if len(set(found)) != len(found):
        raise ArgumentError(
            f"{owner}: received axis={axis}, which names an axis twice. Name each axis once."
        )
    return found


def within_samples(x: Tensor, gone: Sequence[int], formula: Callable[[Tensor], Tensor]) -> Tensor:
    """A formula (…, k) → (…, 1) over axes of a sample, which are joined to the last for it."""
    sizes = strided.sample(x)
    kept = [axis for axis in range(len(sizes)) if axis not in gone]
    lead = x.shape[:1] if x.has_batch else ()
    left = tuple(sizes[axis] for axis in kept)
    turned = strided.transpose(x, [*kept, *gone])
    terms = math.prod(sizes[axis] for axis in gone)
    y = formula(reshape(turned, (*lead, *left, terms)))
    return reshape(y, (*lead, *left))


def reduced(owner: str, x: Tensor, axis: Axis, keepdims: bool, function: str) -> Tensor:
    """A reduction of the kernels over any axes."""
    axes = reduced_axes(owner, axis, x)
    first = int(x.has_batch)
    inner = [a - first for a in sorted(axes) if a >= first]
    y = within_samples(x, inner, lambda t: reduce.reduce_columns(t, function)) if inner else x
    if x.has_batch and 0 in axes:
        left = strided.sample(y)
        rows = reshape(y, (y.shape[0], math.prod(left)))
        y = reshape(reduce.reduce_rows(rows, function), left)
    if not arguments.flag(owner, "keepdims", keepdims):
        return y
    shape: list[Dimension] = [1 if a in axes else size for a, size in enumerate(x.shape)]
    return reshape(y, tuple(shape))


@anyaxis("x", integers=False)
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Σ x.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [4.0, 6.0]
    """
    return reduced("sum", x, axis, keepdims, "sum")


@anyaxis("x", integers=False)
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.mean([[1.0, 2.0], [3.0, 5.0]], axis=-1).tolist()
    [1.5, 4.0]
    """
    return reduced("mean", x, axis, keepdims, "mean")


@anyaxis("x", integers=False)
def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The largest element; equal ones share the gradient.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.
    initial : not supported; None.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.max([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [2.0, 4.0]
    """
    arguments.unsupported("max", {"initial": (initial, None)})
    return reduced("max", x, axis, keepdims, "max")


@anyaxis("x", integers=False)
def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The smallest element; equal ones share the gradient.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.
    initial : not supported; None.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.min([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [1.0, 3.0]
    """
    arguments.unsupported("min", {"initial": (initial, None)})
    return reduced("min", x, axis, keepdims, "min")


@anyaxis("x", integers=False)
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """The product of the elements.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.
    dtype : not supported; None.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.prod([[1.0, 2.0], [4.0, 3.0]], axis=-1).tolist()
    [2.0, 12.0]
    """
    arguments.unsupported("prod", {"dtype": (dtype, None)})
    return reduced("prod", x, axis, keepdims, "prod")


@anyaxis("x", integers=False)
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """1 where an element is not 0, else 0; no gradient.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.any([[0.0, 2.0], [0.0, 0.0]], axis=-1).tolist()
    [1.0, 0.0]
    """
    return reduced("any", elementwise.binary(x, 0.0, function="not_equal"), axis, keepdims, "max")


@anyaxis("x", integers=False)
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """1 where no element is 0, else 0; no gradient.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.all([[1.0, 2.0], [0.0, 1.0]], axis=-1).tolist()
    [1.0, 0.0]
    """
    return reduced("all", elementwise.binary(x, 0.0, function="not_equal"), axis, keepdims, "min")


@anyaxis("x", integers=False)
def count_nonzero(x: Any, axis: Axis = None) -> Tensor:
    """How many elements are not 0, as int32; no gradient.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.count_nonzero([[0.0, 2.0], [1.0, 3.0]], axis=-1).tolist()
    [1, 2]
    """
    counted = elementwise.binary(x, 0.0, function="not_equal")
    return elementwise.cast(reduced("count_nonzero", counted, axis, False, "sum"), "int32")


@anyaxis("x", integers=False)
def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean square of what is left when the mean is taken off.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.var([[1.0, 3.0], [2.0, 2.0]], axis=-1).tolist()
    [1.0, 0.0]
    """
    return _variance("var", x, axis, keepdims)


def _variance(owner: str, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    left = elementwise.binary(x, reduced(owner, x, axis, True, "mean"), function="subtract")
    return reduced(owner, elementwise.unary(left, "square"), axis, keepdims, "mean")


@anyaxis("x", integers=False)
def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The square root of the variance.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.std([[1.0, 3.0], [2.0, 2.0]], axis=-1).tolist()
    [1.0, 0.0]
    """
    return elementwise.unary(_variance("std", x, axis, keepdims), "sqrt")


@anyaxis("x", integers=False)
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log Σ e^x, of numbers of any size: the largest is taken off first.

    Parameters
    ----------
    x : tensor or array.
    axis : one axis or several; None: all.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> round(float(ops.logsumexp([1000.0, 1000.0])), 3)
    1000.693
    """
    largest = stop_gradient(reduced("logsumexp", x, axis, True, "max"))
    # infinity less infinity would be NaN
    finite = elementwise.binary(
        elementwise.binary(largest, largest, function="subtract"), 0.0, function="equal"
    )
    largest = elementwise.where(finite, largest, 0.0)
    powers = elementwise.unary(elementwise.binary(x, largest, function="subtract"), "exp")
    total = elementwise.unary(reduced("logsumexp", powers, axis, True, "sum"), "log")
    y = elementwise.binary(total, largest, function="add")
    if arguments.flag("logsumexp", "keepdims", keepdims):
        return y
    gone = reduced_axes("logsumexp", axis, x)
    return reshape(y, tuple(s for a, s in enumerate(y.shape) if a not in gone))


@anyaxis("x", integers=False)
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The norm of vectors: (Σ|x|^ord)^(1/ord).

    Parameters
    ----------
    x : tensor or array.
    ord : 2 by default; a number, infinity or minus infinity (the largest or smallest |x|), 0 (how
        many are not 0), ``"fro"`` (the root of the sum of squares of a matrix). Other norms of
        matrices are not supported.
    axis : of the vectors, or two axes of matrices; None: all elements.
    keepdims : whether the axes stay, with size 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.norm([[3.0, 4.0], [0.0, 2.0]], axis=-1).tolist()
    [5.0, 2.0]
    """
    axes = reduced_axes("norm", axis, x)
    if ord not in (None, "fro") and len(axes) != 1:
        raise UnsupportedError(
            f"norm: received ord={ord!r} for {len(axes)} axes, but fastnn has the Frobenius norm "
            "of matrices only. Name one axis, or leave ord out."
        )
    if isinstance(ord, str) and ord != "fro":
        raise ArgumentError(f"norm: received ord={ord!r}, expected a number, 'fro' or None.")
    order = 2.0 if ord in (None, "fro") else float(ord)
    if order == 2.0:
        total = reduced("norm", elementwise.unary(x, "square"), axis, keepdims, "sum")
        return elementwise.unary(total, "sqrt")
    sizes = elementwise.unary(x, "absolute")
    if math.isinf(order):
        return reduced("norm", sizes, axis, keepdims, "max" if order > 0 else "min")
    if order == 0.0:
        sizes = elementwise.binary(x, 0.0, function="not_equal")
        return reduced("norm", sizes, axis, keepdims, "sum")
    powers = sizes if order == 1.0 else elementwise.binary(sizes, order, function="power")
    total = reduced("norm", powers, axis, keepdims, "sum")
    return total if order == 1.0 else elementwise.binary(total, 1.0 / order, function="power")
