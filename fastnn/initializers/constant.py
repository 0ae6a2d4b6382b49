"""Initializers without random numbers: zeros, ones, and a given constant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn import config
from fastnn.errors import ArgumentError, ShapeError
from fastnn.initializers.initializer import Array, Initializer, check_shape


class Zeros(Initializer):
    """Zeros: w = 0. The default of biases.

    Names: ``"zeros"``, ``"zero"``, ``"Zeros"``.

    Examples
    --------
    >>> from fastnn.initializers import Zeros
    >>> Zeros()((2, 3))
    array([[0., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """Zeros of that shape."""
        return np.zeros(check_shape(shape), config.standardize_dtype(dtype))


class Ones(Initializer):
    """Ones: w = 1.

    Names: ``"ones"``, ``"one"``, ``"Ones"``.

    Examples
    --------
    >>> from fastnn.initializers import Ones
    >>> Ones()((3,), dtype="float64")
    array([1., 1., 1.])
    """

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """Ones of that shape."""
        return np.ones(check_shape(shape), config.standardize_dtype(dtype))


class Constant(Initializer):
    """A given number everywhere, or a given array: w = value.

    Names: ``"constant"``, ``"Constant"`` (value 0).

    Parameters
    ----------
    value : a number, or an array of exactly the shape that the weight will have; default 0.

    Raises
    ------
    ArgumentError : if the value is not numeric.
    ShapeError : when called, if an array's shape is not the weight's.

    Examples
    --------
    >>> from fastnn.initializers import Constant
    >>> Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    >>> Constant([1, 2])((2,))
    array([1., 2.], dtype=float32)

    Notes
    -----
    Differs from Keras: an array of another shape is an error, where Keras broadcasts it.
    """

    def __init__(self, value: ArrayLike = 0.0) -> None:
        try:
            self._array = np.array(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise ArgumentError(
                f"initializer Constant: received a value of type {type(value).__name__}, "
                "expected a number or an array of numbers. Pass one."
            ) from None

    @property
    def value(self) -> Any:
        """The constant as a Python float, or nested lists of floats."""
        return self._array.tolist()

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """The constant in that shape."""
        sizes = check_shape(shape)
        if self._array.ndim and self._array.shape != sizes:
            raise ShapeError(
                f"initializer Constant: its value has shape {self._array.shape}, the weight has "
                f"shape {sizes}. Pass a number, or an array of the weight's shape."
            )
        return np.full(sizes, self._array, config.standardize_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """The value."""
        return {"value": self.value}
