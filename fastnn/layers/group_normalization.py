"""Group normalisation: groups of features of each sample. Its op is ``layer_norm_forward`` in
``fastnn/ops/normalization.py``.
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.normalizing import Normalizing, arranged, positions
from fastnn.ops.elementwise import binary
from fastnn.ops.normalization import layer_norm
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, product


class GroupNormalization(Normalizing):
    """Gives each group of features of each sample mean 0 and variance 1.

    y = gamma · (x - mean) / √(variance + epsilon) + beta, mean and variance over the features of a
    group and over all other axes but the batch's.

    Parameters
    ----------
    groups : number of groups, a divisor of the number of features; -1: each feature by itself.
    axis : the axis of the features, not the batch axis.
    epsilon : added to the variance, not negative.
    center, scale : whether there is a beta, a gamma.
    beta_initializer, gamma_initializer : names, ``Initializer`` objects or functions of the shape.
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : names, objects or
        functions: what beta and gamma add to the loss, and what they become after each update.
    name, dtype, trainable, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs; gamma and beta (features,).

    Raises
    ------
    ArgumentError : for an argument out of its range.
    ShapeError : if ``axis`` does not fit the inputs, or the features are not whole groups.

    Examples
    --------
    >>> from fastnn.layers import GroupNormalization
    >>> GroupNormalization(2, epsilon=0.0)([[1.0, 3.0, 10.0, 0.0]]).tolist()
    [[-1.0, 1.0, 1.0, -1.0]]

    References
    ----------
    Wu and He, "Group normalization", ECCV 2018.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
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
        if isinstance(groups, bool) or not isinstance(groups, int) or groups < -1 or groups == 0:
            raise ArgumentError(
                f"GroupNormalization: received groups={groups!r}, expected a positive integer, or "
                "-1 for groups of one feature. Pass groups=8, for example."
            )
        self.groups: int = groups
        self.axis: int = arguments.integer("GroupNormalization", "axis", axis, -64)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make gamma and beta."""
        (place,) = positions(self, self.axis, input_shape)
        features = input_shape[place] or 1
        if self.groups == -1:
            self.groups = features
        if features % self.groups:
            raise ShapeError(
                f"GroupNormalization {self.name!r}: {features} features cannot be divided into "
                f"{self.groups} groups. Pass groups= a divisor of {features}."
            )
        self.add_factors((features,), self.scale, self.center)

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs, normalised."""
        (place,) = positions(self, self.axis, inputs.shape)
        features = inputs.shape[place]
        others = [axis for axis in range(1, inputs.ndim) if axis != place]
        # (batch, features, the other axes): then a group is one row
        order = (0, place, *others)
        first = arranged(inputs, order)
        size = product(first.shape[1:])
        assert isinstance(size, int)
        rows = reshape(first, (first.shape[0], self.groups, size // self.groups))
        y = reshape(layer_norm(rows, epsilon=self.epsilon), first.shape)
        y = arranged(y, tuple(order.index(axis) for axis in range(inputs.ndim)))
        shape = tuple(features if axis == place else 1 for axis in range(place, inputs.ndim))
        for factor, function in zip(self.factors(), ("multiply", "add"), strict=True):
            if factor is not None:
                y = binary(y, reshape(factor, shape), function=function)
        return y

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
