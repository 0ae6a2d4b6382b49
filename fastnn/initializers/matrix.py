"""Initializers that are matrices of a kind: orthogonal ones, and the identity."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from fastnn import config
from fastnn.errors import ShapeError
from fastnn.initializers.initializer import (
    Array,
    Initializer,
    RandomInitializer,
    check_number,
    check_shape,
)


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer.

    w = gain · Q with Q Qᵀ = 1 or Qᵀ Q = 1, uniformly distributed among such matrices. A weight of
    more than two axes is a matrix of its last axis against all others.

    Names: ``"orthogonal"``, ``"Orthogonal"``, ``"OrthogonalInitializer"``.

    Parameters
    ----------
    gain : factor, 1 by default.
    seed : see ``RandomInitializer``.

    Raises
    ------
    ArgumentError : if gain is not a finite number.
    ShapeError : when called for a weight of fewer than two axes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.initializers import Orthogonal
    >>> w = Orthogonal(seed=1)((2, 3), "float64")
    >>> np.allclose(w @ w.T, np.eye(2))
    True

    References
    ----------
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", ICLR 2014. Mezzadri, "How to generate random matrices from the
    classical compact groups", Notices of the AMS 54, 2007, for the signs.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain: float = check_number(self, "gain", gain)

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """An orthogonal matrix of that shape, times gain."""
        sizes = check_shape(shape)
        if len(sizes) < 2:
            raise ShapeError(
                f"initializer Orthogonal: the weight has shape {sizes}, expected at least two "
                f"axes. Use RandomNormal for a vector, say."
            )
        rows, cols = math.prod(sizes[:-1]), sizes[-1]
        source, shape = self.choose_generator(generator), (max(rows, cols), min(rows, cols))
        q, r = np.linalg.qr(source.standard_normal(shape))
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes Q uniform and QR unique
        matrix = q if rows >= cols else q.T
        return (self.gain * matrix).reshape(sizes).astype(config.standardize_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """Gain and seed."""
        return {**super().get_config(), "gain": self.gain}


class Identity(Initializer):
    """The identity matrix times a number; ones on the diagonal of a matrix that is not square.

    w[i, j] = gain where i = j, else 0.

    Names: ``"identity"``, ``"Identity"``, ``"IdentityInitializer"``.

    Parameters
    ----------
    gain : factor, 1 by default.

    Raises
    ------
    ArgumentError : if gain is not a finite number.
    ShapeError : when called for a weight that has not two axes.

    Examples
    --------
    >>> from fastnn.initializers import Identity
    >>> Identity(2.0)((2, 3)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain: float = check_number(self, "gain", gain)

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """The identity of that shape, times gain."""
        sizes = check_shape(shape)
        if len(sizes) != 2:
            raise ShapeError(
                f"initializer Identity: the weight has shape {sizes}, expected two axes. Use it "
                f"for the kernels of Dense layers."
            )
        return (self.gain * np.eye(*sizes)).astype(config.standardize_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """The gain."""
        return {"gain": self.gain}
