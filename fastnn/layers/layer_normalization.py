"""Layer normalisation and root-mean-square normalisation: each sample by itself. Their ops are in
``fastnn/ops/normalization.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastnn import arguments
from fastnn.layers.layer import Layer
from fastnn.layers.normalizing import Normalizing, arranged, given_axes, positions
from fastnn.ops.elementwise import binary, multiply, scale, unary
from fastnn.ops.normalization import layer_norm
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Dimension, Tensor, product
from fastnn.program.variable import Variable

Rows = Callable[[Tensor, "list[Tensor | None]"], Tensor]


def along(
    layer: Layer, axis: int | Sequence[int], x: Tensor, factors: Sequence[Tensor | None], rows: Rows
) -> Tensor:
    """Apply a function of rows and factors (columns,) to the axes of x taken together as columns.

    ``factors`` have the sizes of these axes; None stays None.
    """
    places = positions(layer, axis, x.shape)
    rest = [place for place in range(x.ndim) if place not in places]
    order = (*rest, *places)
    moved = arranged(x, order)
    columns = product([x.shape[place] for place in places])
    leading: list[Dimension] = [x.shape[place] for place in rest]
    flat = [None if factor is None else reshape(factor, (columns,)) for factor in factors]
    y = reshape(rows(reshape(moved, (*leading, columns)), flat), moved.shape)
    return arranged(y, tuple(order.index(place) for place in range(x.ndim)))


class LayerNormalization(Normalizing):
    """Gives each sample mean 0 and variance 1.

    y = gamma · (x - mean) / √(variance + epsilon) + beta, mean and variance over ``axis``

    Parameters
    ----------
    axis : the axis, or list of axes, over which to normalise; not the batch axis.
    epsilon : added to the variance, not negative.
    center, scale : whether there is a beta, a gamma.
    beta_initializer, gamma_initializer : names, ``Initializer`` objects or functions of the shape.
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : names, objects or
        functions: what beta and gamma add to the loss, and what they become after each update.
    rms_scaling : as in Keras, y = gamma · x / √(variance + epsilon), which divides by the standard
        deviation and not by the root mean square: use ``RMSNormalization`` for that.
    name, dtype, trainable, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs; gamma and beta have the sizes of ``axis``.

    Raises
    ------
    ArgumentError : for an argument out of its range.
    ShapeError : if ``axis`` does not fit the inputs.

    Examples
    --------
    >>> from fastnn.layers import LayerNormalization
    >>> LayerNormalization(epsilon=0.0)([[1.0, 3.0], [10.0, 0.0]]).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization", arXiv:1607.06450 (2016).
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.axis: int | list[int] = given_axes("LayerNormalization", axis)
        self.rms_scaling: bool = arguments.flag("LayerNormalization", "rms_scaling", rms_scaling)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make gamma and beta."""
        shape = [input_shape[place] or 1 for place in positions(self, self.axis, input_shape)]
        self.add_factors(
            shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling
        )

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs, normalised."""
        rows = self._by_deviation if self.rms_scaling else self._rows
        return along(self, self.axis, inputs, self.factors(), rows)

    def _rows(self, x: Tensor, factors: list[Tensor | None]) -> Tensor:
        return layer_norm(x, *factors, epsilon=self.epsilon)

    def _by_deviation(self, x: Tensor, factors: list[Tensor | None]) -> Tensor:
        deviation = binary(x, reduce_columns(x, "mean"), function="subtract")
        variance = reduce_columns(unary(deviation, "square"), "mean")
        root = unary(scale(variance, 1.0, self.epsilon), "sqrt")
        return multiply(binary(x, root, function="divide"), factors[0])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis, "rms_scaling": self.rms_scaling}


class RMSNormalization(Layer):
    """Gives each sample the mean square 1.

    y = scale · x / √(mean x² + epsilon), the mean over ``axis``

    Parameters
    ----------
    axis : the axis, or list of axes, over which to normalise; not the batch axis.
    epsilon : added to the mean square, not negative.
    name, dtype, trainable, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs; scale has the sizes of ``axis``.

    Raises
    ------
    ArgumentError : for an argument out of its range.
    ShapeError : if ``axis`` does not fit the inputs.

    Examples
    --------
    >>> from fastnn.layers import RMSNormalization
    >>> RMSNormalization(epsilon=0.0)([[2.0, -2.0]]).tolist()
    [[1.0, -1.0]]

    References
    ----------
    Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """

    _hands_masks_on = True

    def __init__(
        self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis: int | list[int] = given_axes("RMSNormalization", axis)
        self.epsilon: float = arguments.number("RMSNormalization", "epsilon", epsilon, "[0, inf)")
        self.scale: Variable | None = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weight ``scale``."""
        shape = [input_shape[place] or 1 for place in positions(self, self.axis, input_shape)]
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs, normalised."""
        assert self.scale is not None
        return along(self, self.axis, inputs, [self.scale.tensor()], self._rows)

    def _rows(self, x: Tensor, factors: list[Tensor | None]) -> Tensor:
        return layer_norm(x, *factors, epsilon=self.epsilon, centered=False)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
