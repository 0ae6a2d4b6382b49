"""What the normalising layers share: a factor gamma and an offset beta, and which axes they are
for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastnn import arguments, constraints, initializers, regularizers
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.layer import Layer
from fastnn.ops.strided import transpose
from fastnn.program.tensor import Tensor
from fastnn.program.variable import Variable


class Normalizing(Layer):
    """Base class of layers that normalise and then compute · gamma + beta; see its subclasses.

    Parameters
    ----------
    epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer,
    gamma_regularizer, beta_constraint, gamma_constraint : as the subclasses say.
    """

    _hands_masks_on = True

    def __init__(
        self,
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
        owner = type(self).__name__
        super().__init__(**kwargs)
        self.epsilon: float = arguments.number(owner, "epsilon", epsilon, "[0, inf)")
        self.center: bool = arguments.flag(owner, "center", center)
        self.scale: bool = arguments.flag(owner, "scale", scale)
        self.beta_initializer: Callable[..., Any] = initializers.get(beta_initializer)
        self.gamma_initializer: Callable[..., Any] = initializers.get(gamma_initializer)
        self.beta_regularizer: Callable[..., Any] | None = regularizers.get(beta_regularizer)
        self.gamma_regularizer: Callable[..., Any] | None = regularizers.get(gamma_regularizer)
        self.beta_constraint: Callable[..., Any] | None = constraints.get(beta_constraint)
        self.gamma_constraint: Callable[..., Any] | None = constraints.get(gamma_constraint)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None

    def add_factors(self, shape: Sequence[int], scale: bool, center: bool) -> None:
        """Make gamma and beta of this shape, those that there are."""
        if scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def factors(self) -> tuple[Tensor | None, Tensor | None]:
        """Gamma and beta as tensors, None where there is none."""
        gamma = None if self.gamma is None else self.gamma.tensor()
        return gamma, None if self.beta is None else self.beta.tensor()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


def arranged(x: Tensor, order: Sequence[int]) -> Tensor:
    """The axes of x in another order; the batch axis stays first."""
    if tuple(order) == tuple(range(x.ndim)):
        return x
    return transpose(x, [axis - 1 for axis in order[1:]])


def given_axes(owner: str, axis: Any) -> int | list[int]:
    """The argument ``axis``: an integer, or a list of integers."""
    if isinstance(axis, int) and not isinstance(axis, bool):
        return axis
    if isinstance(axis, (list, tuple)) and axis and all(type(one) is int for one in axis):
        return list(axis)
    raise ArgumentError(
        f"{owner}: received axis={axis!r}, expected an integer or a list of integers. Pass axis=-1 "
        "for the last axis."
    )


def positions(layer: Layer, axis: int | Sequence[int], shape: Sequence[Any]) -> tuple[int, ...]:
    """Axes of inputs of this shape (batch first), counted from 0 and sorted; never the batch's."""
    rank = len(shape)
    axes = arguments.integers(f"{type(layer).__name__} {layer.name!r}", "axis", axis)
    found = sorted({one + rank if one < 0 else one for one in axes})
    if len(found) != len(axes) or not all(0 < one < rank for one in found):
        raise ShapeError(
            f"{type(layer).__name__} {layer.name!r}: axis={axis} does not fit inputs of {rank} "
            f"axes, the batch among them. Expected different axes from 1 to {rank - 1}, or "
            f"from {1 - rank} to -1; for samples of one number, reshape x of shape (n,) to (n, 1)."
        )
    return tuple(found)
