"""The regularizers. Each is a formula in ``fastnn.ops``; for weights, L1 and L2 take the ops of
``fastnn/ops/penalty.py``, which are one pass over the weights and one over their gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments, config, ops
from fastnn.errors import ArgumentError, ShapeError
from fastnn.ops import strided
from fastnn.ops.dispatch import float_array, symbol
from fastnn.ops.elementwise import binary, clip, unary, vector
from fastnn.ops.matrices import matmul
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import reshape
from fastnn.program.penalties import total
from fastnn.program.tensor import Shape, Size, Tensor


class Regularizer(arguments.NamesItsArguments):
    """Base class of regularizers: what is added to the loss for a weight, or for a layer's output.

    A subclass defines ``__call__(x)``, which returns one number computed from x with
    ``fastnn.ops``, and ``get_config()``, so that models can be saved. A plain function of x does as
    well.

    Examples
    --------
    >>> import fastnn
    >>> class Largest(fastnn.regularizers.Regularizer):
    ...     def __init__(self, factor):
    ...         self.factor = factor
    ...
    ...     def __call__(self, x):
    ...         return self.factor * fastnn.ops.sum(fastnn.ops.square(x))
    ...
    ...     def get_config(self):
    ...         return {"factor": self.factor}
    >>> layer = fastnn.layers.Dense(2, kernel_regularizer=Largest(0.1))
    >>> layer([[1.0, 2.0]]).shape, len(layer.losses)
    ((1, 2), 1)
    """

    def __call__(self, x: Any) -> Any:
        """The penalty of a tensor, a variable or an array."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer, as plain data."""
        raise ArgumentError(
            f"regularizer {type(self).__name__!r} does not define get_config(), so it cannot be "
            "written to a file. Define it; it returns the constructor's arguments."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """A new regularizer from what ``get_config`` returned."""
        return cls(**config)


def _sum(x: Any) -> Any:
    """The sum of all elements of a tensor or an array."""
    return total(x) if isinstance(x, Tensor) else ops.sum(x)


class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σ x².

    Parameters
    ----------
    l1, l2 : factors ≥ 0; 0, the default, and None leave that term out.

    Raises
    ------
    ArgumentError : if a factor is not such a number.

    Examples
    --------
    >>> float(L1L2(l1=0.5, l2=0.1)([[1.0, -2.0]]))
    2.0
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        owner = type(self).__name__
        self.l1: float = arguments.number(owner, "l1", 0.0 if l1 is None else l1, "[0, inf)")
        self.l2: float = arguments.number(owner, "l2", 0.0 if l2 is None else l2, "[0, inf)")

    def penalty_factors(self) -> tuple[float, float]:
        """(l1, l2): a regularizer that has this method is those two sums."""
        return self.l1, self.l2

    def __call__(self, x: Any) -> Any:
        """The penalty of a tensor, a variable or an array."""
        x = symbol(x)
        l1, l2 = self.penalty_factors()
        if not l1:
            return l2 * _sum(ops.square(x))
        first = l1 * _sum(ops.absolute(x))
        return first + l2 * _sum(ops.square(x)) if l2 else first

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer, as plain data."""
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """l1 · Σ|x|: many weights become 0.

    Parameters
    ----------
    l1 : factor ≥ 0, 0.01 by default.

    Raises
    ------
    ArgumentError : if it is not such a number.

    Examples
    --------
    >>> float(L1(0.5)([[1.0, -2.0]]))
    1.5

    Notes
    -----
    At 0 the gradient is 0, as in Keras on TensorFlow and PyTorch (on JAX it is ``l1``).
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer, as plain data."""
        return {"l1": self.l1}


class L2(L1L2):
    """l2 · Σ x²: weights stay small. Its gradient is 2 · l2 · x.

    Parameters
    ----------
    l2 : factor ≥ 0, 0.01 by default.

    Raises
    ------
    ArgumentError : if it is not such a number.

    Examples
    --------
    >>> float(L2(0.5)([[1.0, -2.0]]))
    2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer, as plain data."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """factor · mean |cos(a, b)| over all pairs of different rows (or columns) a, b of a matrix.

    Parameters
    ----------
    factor : ≥ 0, 0.01 by default.
    mode : ``"rows"``, the default, or ``"columns"``: what is to become orthogonal.

    Raises
    ------
    ArgumentError : if an argument is none of these.
    ShapeError : when called on anything but a matrix.

    Examples
    --------
    >>> float(OrthogonalRegularizer(0.5)([[1.0, 0.0], [2.0, 0.0]]))
    0.5
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        owner = "OrthogonalRegularizer"
        self.factor: float = arguments.number(owner, "factor", factor, "[0, inf)")
        self.mode: str = arguments.one_of(owner, "mode", mode, ("rows", "columns"))

    def __call__(self, x: Any) -> Any:
        """The penalty of a tensor, a variable or an array."""
        x = symbol(x)
        shape: tuple[Any, ...] = x.shape if isinstance(x, Tensor) else np.shape(x)
        if len(shape) != 2 or not isinstance(shape[0], int):
            raise ShapeError(
                f"OrthogonalRegularizer: expected a matrix, received shape {shape}. Use it for the "
                "kernel of a Dense layer."
            )
        rows, columns = int(shape[0]), int(shape[1])
        if (rows if self.mode == "rows" else columns) < 2:
            raise ShapeError(
                f"OrthogonalRegularizer: {self.mode} of a matrix of shape {shape} have no pairs. "
                "Use it for weights of at least two of them."
            )
        if isinstance(x, Tensor):
            return reshape(self._of_matrix(x, rows, columns), ())
        from fastnn.program import eager

        array = float_array(x, "OrthogonalRegularizer", "x").reshape(1, rows * columns)
        key = ("orthogonal", self.factor, self.mode, rows)
        found = eager.run(lambda t: self._of_matrix(t, rows, columns), [array], key=key)
        return found.reshape(())[()]

    def _of_matrix(self, x: Tensor, rows: int, columns: int) -> Tensor:
        """The penalty of a matrix, or of the matrix that is a sample; one number, (1, 1)."""
        lead: Shape = (x.shape[0],) if isinstance(x.shape[0], Size) else ()
        matrix = reshape(x, (*lead, rows, columns))
        if self.mode == "columns":
            matrix = strided.transpose(matrix, (1, 0))
            rows, columns = columns, rows
        squares = reduce_columns(unary(matrix, "square"), "sum")
        norms = unary(clip(squares, config.epsilon() ** 2, np.inf), "sqrt")
        unit = binary(matrix, norms, function="divide")
        flat: Shape = (*(lead or (1,)), rows * columns)
        turned = reshape(strided.transpose(unit, (1, 0)), flat)
        cosines = unary(matmul(reshape(unit, flat), turned, rows, columns, rows), "absolute")
        pairs = 1.0 - np.eye(rows)
        share = vector(pairs * (self.factor / pairs.sum()), x.dtype)
        return reduce_columns(binary(cosines, share, function="multiply"), "sum")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer, as plain data."""
        return {"factor": self.factor, "mode": self.mode}
