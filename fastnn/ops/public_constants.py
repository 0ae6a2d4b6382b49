"""The functions of ``fastnn.ops`` that make constants, change dtypes and stop gradients, under
Keras's names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError
from fastnn.ops import elementwise, strided
from fastnn.ops.dispatch import Array, anyaxis, is_symbolic, symbol
from fastnn.ops.shape import stop_gradient as stop_gradient_op
from fastnn.program.tensor import Tensor

DTYPES = ("float32", "float64", "int32", "bool")


def _dtype(owner: str, dtype: Any, default: str) -> str:
    """The name of a dtype that tensors have; truths are numbers."""
    if dtype is None:
        return default
    name = getattr(dtype, "__name__", None) or str(dtype)
    if name not in DTYPES:
        raise ArgumentError(
            f"{owner}: received dtype={dtype!r}, expected one of {', '.join(DTYPES)}."
        )
    return config.floatx() if name == "bool" else name


def zeros(shape: int | Sequence[int], dtype: Any = None) -> Array:
    """An array of zeros.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.zeros(2).tolist()
    [0.0, 0.0]
    """
    return full(shape, 0.0, dtype)


def ones(shape: int | Sequence[int], dtype: Any = None) -> Array:
    """An array of ones.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.ones(2).tolist()
    [1.0, 1.0]
    """
    return full(shape, 1.0, dtype)


def full(shape: int | Sequence[int], fill_value: Any, dtype: Any = None) -> Array:
    """An array of one value.

    Parameters
    ----------
    shape : its sizes.
    fill_value : the value.
    dtype : ``"float32"``, ``"float64"`` or ``"int32"``; ``floatx()`` by default.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.full((1, 2), 3.0).tolist()
    [[3.0, 3.0]]
    """
    sizes = arguments.integers("full", "shape", shape)
    return np.full(sizes, fill_value, _dtype("full", dtype, config.floatx()))


def arange(
    start: float, stop: float | None = None, step: float | None = None, dtype: Any = None
) -> Array:
    """Numbers from ``start`` to before ``stop``; from 0 to before ``start`` without ``stop``.

    Parameters
    ----------
    start, stop, step : as in NumPy.
    dtype : ``"float32"``, ``"float64"`` or ``"int32"``; by default int32 if all are whole numbers,
        else ``floatx()``.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arange(3).tolist()
    [0, 1, 2]
    """
    given = [value for value in (start, stop, step) if value is not None]
    for value in given:
        arguments.bound("arange", "start, stop or step", value)
    whole = all(isinstance(value, (int, np.integer)) for value in given)
    name = _dtype("arange", dtype, "int32" if whole else config.floatx())
    begin, end = (0, start) if stop is None else (start, stop)
    return np.arange(begin, end, 1 if step is None else step).astype(name)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """A matrix of zeros with ones on a diagonal.

    Parameters
    ----------
    N, M : rows and columns; M is N by default.
    k : which diagonal: 0 the main one, above it positive.
    dtype : ``floatx()`` by default.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    rows = arguments.integer("eye", "N", N, 0)
    columns = rows if M is None else arguments.integer("eye", "M", M, 0)
    return np.eye(rows, columns, k, dtype=_dtype("eye", dtype, config.floatx()))


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of ``x``.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.zeros_like([1.0, 2.0]).tolist()
    [0.0, 0.0]
    """
    return full_like(x, 0.0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of ``x``.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.ones_like([1.0, 2.0]).tolist()
    [1.0, 1.0]
    """
    return full_like(x, 1.0, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in the shape of ``x``.

    Parameters
    ----------
    x : tensor or array.
    fill_value : the value.
    dtype : that of x by default.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.full_like([1.0, 2.0], 3.0).tolist()
    [3.0, 3.0]
    """
    if not is_symbolic(x):
        known = getattr(x, "dtype", None)
        kept = str(known) if str(known) in DTYPES[:3] else config.floatx()
        return np.full(np.shape(x), fill_value, _dtype("full_like", dtype, kept))
    tensor = symbol(x)
    name = _dtype("full_like", dtype, tensor.dtype)
    rows = tensor.shape[0] if tensor.has_batch else None
    return strided.full(strided.sample(tensor), float(fill_value), name, rows=rows)


@anyaxis("x")
def cast(x: Any, dtype: Any) -> Tensor:
    """``x`` in another dtype.

    Parameters
    ----------
    x : tensor or array.
    dtype : ``"float32"``, ``"float64"``, ``"int32"`` (without the fraction; the nearest where a
        number is too large, 0 for NaN) or ``"bool"`` (1.0 where x is not 0, else 0.0).

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.cast([1.9, -1.9], "int32").tolist()
    [1, -1]
    """
    name = _dtype("cast", dtype, "")
    if str(getattr(dtype, "__name__", dtype)) == "bool":
        number = elementwise.cast(x, name) if x.dtype == "int32" else x
        return elementwise.binary(number, 0.0, function="not_equal")
    return elementwise.cast(x, name)


@anyaxis("variable")
def stop_gradient(variable: Any) -> Tensor:
    """A tensor as it is, through which no gradient flows back.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.stop_gradient([1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return stop_gradient_op(variable)
