"""Conversions between what users have and what ops take, under Keras's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.errors import UnsupportedError
from fastnn.ops.dispatch import is_symbolic, symbol
from fastnn.ops.public_constants import cast


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None) -> Any:
    """What the other ops take: a symbolic tensor as it is, all else as a NumPy array.

    Parameters
    ----------
    x : tensor, variable, array, number or nested list.
    dtype : the type of the result; that of x by default, and ``float32`` for Python's floats.
    sparse : Keras's argument; True is not supported.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.convert_to_tensor([1.0, 2.0]).dtype.name
    'float32'
    """
    if sparse:
        raise UnsupportedError(
            "convert_to_tensor: received sparse=True, but tensors are dense in fastnn. Leave out "
            "the argument."
        )
    if is_symbolic(x):
        return symbol(x) if dtype is None else cast(x, np.dtype(dtype).name)
    array = np.asarray(x, dtype=None if dtype is None else np.dtype(dtype))
    if dtype is None and not hasattr(x, "dtype") and array.dtype.kind in "fi":
        array = array.astype("float32" if array.dtype.kind == "f" else "int32")
    return array


def convert_to_numpy(x: Any) -> Any:
    """A NumPy array of x; a symbolic tensor has no values.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.convert_to_numpy([1.0, 2.0])
    array([1., 2.])
    """
    return np.asarray(x)


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes of x; of a symbolic tensor the first is that of the batch, a ``Size``.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.shape([[1.0, 2.0], [3.0, 4.0]])
    (2, 2)
    """
    return tuple(symbol(x).shape) if is_symbolic(x) else np.shape(x)
