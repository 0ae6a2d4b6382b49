"""The constraints. Each is a formula in ``fastnn.ops`` that training runs natively after the
optimizer's update, in the same step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.ops.dispatch import is_symbolic, symbol
from fastnn.ops.elementwise import binary, clip, scale, unary
from fastnn.ops.reduce import reduce_columns, reduce_rows
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, product

Axis = int | Sequence[int]


class Constraint(arguments.NamesItsArguments):
    """Base class of constraints: what a weight becomes after each update of the optimizer.

    A subclass defines ``__call__(w)``, which computes the new value from the weight with
    ``fastnn.ops``, and ``get_config()``, so that models can be saved. A plain function of w does as
    well.

    Examples
    --------
    >>> import fastnn
    >>> class AtMost(fastnn.constraints.Constraint):
    ...     def __init__(self, limit):
    ...         self.limit = limit
    ...
    ...     def __call__(self, w):
    ...         return fastnn.ops.minimum(w, self.limit)
    ...
    ...     def get_config(self):
    ...         return {"limit": self.limit}
    >>> layer = fastnn.layers.Dense(2, kernel_constraint=AtMost(0.5))
    >>> layer.kernel_constraint.get_config()
    {'limit': 0.5}
    """

    def __call__(self, w: Any) -> Any:
        """The new value of a tensor, a variable or an array."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint, as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """A new constraint from what ``get_config`` returned."""
        return cls(**config)


class NonNeg(Constraint):
    """w ← max(w, 0).

    Examples
    --------
    >>> NonNeg()([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        """The new value of a tensor, a variable or an array."""
        return _applied(lambda t, axes: binary(t, 0.0, function="maximum"), w, 0, "NonNeg")


class _NormConstraint(Constraint):
    """w ← w · desired(‖w‖) / (ε + ‖w‖), norms along ``axis``; ε is ``fastnn.config.epsilon()``."""

    axis: Axis

    def desired(self, norms: Tensor) -> Tensor:
        """The norms that the weights get."""
        raise NotImplementedError(type(self).__name__)

    def __call__(self, w: Any) -> Any:
        """The new value of a tensor, a variable or an array."""

        def formula(t: Tensor, axes: frozenset[int]) -> Tensor:
            norms = _norms(t, axes)
            share = binary(
                self.desired(norms), scale(norms, 1.0, config.epsilon()), function="divide"
            )
            return binary(t, share, function="multiply")

        return _applied(formula, w, self.axis, self.get_config())


class MaxNorm(_NormConstraint):
    """w ← w · min(‖w‖, m) / (ε + ‖w‖): the weights into each unit have at most norm m.

    Parameters
    ----------
    max_value : m ≥ 0, 2 by default.
    axis : the axes that norms run along; 0, the default, is right for ``Dense``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> MaxNorm(1.0)([[3.0, 0.3], [4.0, 0.4]]).round(3).tolist()
    [[0.6, 0.3], [0.8, 0.4]]

    Notes
    -----
    As in Keras, ε also shrinks weights that need no change, by 1e-7 of their norm.
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = max_value
        arguments.number("MaxNorm", "max_value", max_value, "[0, inf)")
        self.axis: Axis = _checked_axis("MaxNorm", axis)

    def desired(self, norms: Tensor) -> Tensor:
        """min(norm, m)."""
        return clip(norms, 0.0, float(self.max_value))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint, as plain data."""
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(_NormConstraint):
    """w ← w / (ε + ‖w‖): the weights into each unit have norm 1.

    Parameters
    ----------
    axis : the axes that norms run along; 0, the default, is right for ``Dense``.

    Examples
    --------
    >>> UnitNorm()([[3.0], [4.0]]).round(3).tolist()
    [[0.6], [0.8]]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis: Axis = _checked_axis("UnitNorm", axis)

    def desired(self, norms: Tensor) -> Tensor:
        """1."""
        return scale(norms, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint, as plain data."""
        return {"axis": self.axis}


class MinMaxNorm(_NormConstraint):
    """w ← w · (r · min(max(‖w‖, a), b) + (1 - r) · ‖w‖) / (ε + ‖w‖).

    Parameters
    ----------
    min_value, max_value : a and b ≥ 0; 0 and 1 by default.
    rate : r in [0, 1]: how much of the way to the wanted norm is gone in one step; 1 by default.
    axis : the axes that norms run along; 0, the default, is right for ``Dense``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> MinMaxNorm(min_value=1.0, max_value=2.0)([[3.0, 0.3], [4.0, 0.4]]).round(3).tolist()
    [[1.2, 0.6], [1.6, 0.8]]
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ) -> None:
        owner = "MinMaxNorm"
        self.min_value: float = arguments.number(owner, "min_value", min_value, "[0, inf)")
        self.max_value: float = arguments.number(owner, "max_value", max_value, "[0, inf)")
        if self.min_value > self.max_value:
            raise ArgumentError(
                f"{owner}: received min_value={min_value!r} and max_value={max_value!r}, expected "
                "min_value to be the smaller one. Exchange them."
            )
        self.rate: float = arguments.number(owner, "rate", rate, "[0, 1]")
        self.axis: Axis = _checked_axis(owner, axis)

    def desired(self, norms: Tensor) -> Tensor:
        """r · clipped + (1 - r) · norm."""
        clipped = scale(clip(norms, self.min_value, self.max_value), self.rate)
        if self.rate == 1.0:
            return clipped
        return binary(clipped, scale(norms, 1.0 - self.rate), function="add")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint, as plain data."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def _checked_axis(owner: str, axis: Any) -> Axis:
    """An axis or a list of them, as given."""
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if axes and all(isinstance(a, int) and not isinstance(a, bool) for a in axes):
        return list(axis) if isinstance(axis, (list, tuple)) else int(axis)
    raise ArgumentError(
        f"{owner}: received axis={axis!r}, expected an integer or a list of them. Pass axis=0 for "
        "the weights of a Dense layer."
    )


def _applied(
    formula: Callable[[Tensor, frozenset[int]], Tensor], w: Any, axis: Axis, key: Any
) -> Any:
    """A formula of a matrix and the axes (0, 1) to sum over, on a tensor, variable or array of any
    rank.
    """
    symbolic = is_symbolic(w)
    value = symbol(w) if symbolic else np.asarray(w)
    shape = tuple(value.shape)
    rank = max(len(shape), 1)
    if any(not -rank <= a < rank for a in ([axis] if isinstance(axis, int) else axis)):
        raise ArgumentError(
            f"a constraint received axis={axis!r} for a weight of shape {shape}, expected axes "
            f"from {-rank} to {rank - 1}. Pass axis=0 for the weights of a Dense layer."
        )
    axes = frozenset(a % rank for a in ([axis] if isinstance(axis, int) else axis))
    leading = frozenset(range(rank - 1))
    if rank == 1 or axes == frozenset(range(rank)):
        over = frozenset((0, 1))
    elif axes == leading or axes == {rank - 1}:
        over = frozenset((0,)) if axes == leading else frozenset((1,))
    else:
        raise UnsupportedError(
            f"a constraint received axis={axis!r} for a weight of shape {shape}; fastnn has norms "
            "over all axes but the last, over the last, and over all. Pass one of these."
        )
    matrix = (product(shape[:-1]) if rank > 1 else 1, shape[-1] if shape else 1)
    if symbolic:
        return reshape(formula(reshape(symbol(w), matrix), over), shape)
    from fastnn.program import eager

    if rank == 1:  # an array of one axis counts as one row
        over = frozenset((1,))
    array = value if value.dtype in (np.float32, np.float64) else value.astype(config.floatx())
    found = eager.run(
        lambda t: formula(t, over),
        [array.reshape(matrix)],
        key=("constraint", repr(key), over, config.epsilon()),
    )
    return np.asarray(found).reshape(shape)


def _norms(w: Tensor, axes: frozenset[int]) -> Tensor:
    """The root of the sum of squares of a matrix over some axes, in a shape that spreads back."""
    squares = unary(w, "square")
    if 1 in axes:
        squares = reduce_columns(squares, "sum")
    if 0 in axes:
        squares = reduce_rows(squares, "sum")
    return unary(squares, "sqrt")
