"""Normalisation to length 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn.layers.layer import Layer
from fastnn.layers.layer_normalization import along
from fastnn.layers.normalizing import given_axes
from fastnn.ops.elementwise import binary, multiply, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Tensor


class UnitNormalization(Layer):
    """Gives each sample the Euclidean length 1.

    y = x / max(√(Σ x²), 10⁻¹²), the sum over ``axis``

    Parameters
    ----------
    axis : the axis, or list of axes, over which to normalise; not the batch axis.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if ``axis`` is neither an integer nor a list of integers.
    ShapeError : if ``axis`` does not fit the inputs.

    Examples
    --------
    >>> from fastnn.layers import UnitNormalization
    >>> UnitNormalization()([[3.0, 4.0], [0.0, 0.0]]).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]

    Notes
    -----
    Differs from Keras: the gradient at a sample of zeros is finite there, not NaN.
    """

    _hands_masks_on = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis: int | list[int] = given_axes("UnitNormalization", axis)

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs, normalised."""
        return along(self, self.axis, inputs, [], self._rows)

    def _rows(self, x: Tensor, factors: list[Tensor | None]) -> Tensor:
        squares = reduce_columns(unary(x, "square"), "sum")
        length = unary(binary(squares, 1e-24, function="maximum"), "sqrt")
        return multiply(x, unary(length, "reciprocal"))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}
